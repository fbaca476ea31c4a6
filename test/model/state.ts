import type { QueueMessage, QueueName } from '#events/catalog.ts';
import type { ItemKey, JsonObject, StoredItem } from '#shared/ports.ts';
import { Interned } from './values.ts';

/** What may go wrong or happen by itself, and how often still. */
export const FAULTS = [
  'crash',
  'duplicate',
  'pause',
  'nova',
  'bmc',
  'failure',
  'lag',
  'down',
  'up',
  'power',
  'return',
  'operator',
  'command',
  'owner',
  'switch',
] as const;
export type Fault = (typeof FAULTS)[number];
export type Budget = Readonly<Partial<Record<Fault, number>>>;

/** An item as the store holds it; its key is told by its place. */
export interface Item {
  readonly version: number;
  readonly body: JsonObject;
  readonly dueAtMs?: number;
}

export interface Message {
  readonly queue: QueueName;
  readonly body: QueueMessage;
  /** When it may be received. */
  readonly atMs: number;
  /** Only where somebody reads it. */
  readonly sentAtMs: number;
  readonly receives: number;
}

/** A host as it is, whatever Nova or anybody else believes. */
export interface RealHost {
  readonly power: 'on' | 'off';
  /** A power-off that the device took and has not carried out yet. */
  readonly offBeforeMs: number | null;
  /** nova-compute reports to Nova. */
  readonly reports: boolean;
  /** Nova has not noticed yet that it does not. */
  readonly novaBelieves: boolean;
  readonly forcedDown: boolean;
  readonly enabled: boolean;
  readonly inSegment: boolean;
  /** When its device last told that it is off; null once salvor has put a reading of on on record. */
  readonly readOffAtMs: number | null;
  /** Somebody else switched it on. */
  readonly switchedOn: boolean;
}

export interface RealInstance {
  /** Nova's host field; null once it is deleted. */
  readonly host: string | null;
  readonly vmState: 'active' | 'error';
  readonly taskState: string | null;
  /** Where a guest of it runs, and writes to its disk. */
  readonly runsOn: readonly string[];
}

export interface RealMigration {
  readonly id: number;
  readonly instanceId: string;
  readonly source: string;
  readonly destination: string;
  readonly status: 'accepted' | 'done' | 'failed';
  /** Its instance was moved, or let go of: nothing more will happen. */
  readonly over: boolean;
  /** It was asked for by salvor, and not by somebody else. */
  readonly ours: boolean;
}

export interface Cloud {
  readonly hosts: Readonly<Record<string, RealHost>>;
  readonly instances: Readonly<Record<string, RealInstance>>;
  readonly migrations: readonly RealMigration[];
  /** Evacuate requests that nobody answered and that Nova carries out a little later. */
  readonly landings: readonly {
    readonly instanceId: string;
    readonly destination: string;
    readonly beforeMs: number;
  }[];
  /** When `sweep` ran, as long as that keeps it from running again. */
  readonly sweptAtMs: number | null;
  /** Intents that were committed, each until its action comes. */
  readonly asked: Readonly<Record<string, number>>;
}

/** Everything, as numbers of interned parts: two states are the same when these are. */
export interface State {
  readonly items: readonly number[];
  /** Messages, in ascending order. */
  readonly queue: readonly number[];
  /** Functions under way, in ascending order. */
  readonly runs: readonly number[];
  readonly cloud: number;
  readonly budget: number;
  /** The function that took the last step and goes on, where it costs to leave it for another one; else 0. */
  readonly active: number;
}

export class Tables {
  readonly keys = new Interned<ItemKey>();
  readonly items = new Interned<Item>();
  readonly messages = new Interned<Message>();
  readonly clouds = new Interned<Cloud>();
  readonly budgets = new Interned<Budget>();
  /** Items with their keys, by both. */
  readonly wholes = new Map<number, StoredItem>();
  private readonly places = new Map<string, number>();
  private readonly less = new Map<string, number>();

  /** The place of a key among the items of a state. */
  placeOf({ partition, sort }: ItemKey): number {
    const key = `${partition}\n${sort}`;
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const place = this.keys.idOf({ partition, sort });
    this.places.set(key, place);
    return place;
  }

  /** The budget when one more fault has happened. */
  spent(budget: number, fault: Fault): number {
    const key = `${budget} ${fault}`;
    const known = this.less.get(key);
    if (known !== undefined) return known;
    const before = this.budgets.get(budget);
    const after = this.budgets.idOf({ ...before, [fault]: (before[fault] ?? 0) - 1 });
    this.less.set(key, after);
    return after;
  }
}

/** What an invariant says was broken, in a person's words. */
export interface Breach {
  readonly invariant: string;
  readonly text: string;
}

export const withIn = (sorted: readonly number[], id: number): readonly number[] =>
  [...sorted, id].sort((a, b) => a - b);
export const without = (sorted: readonly number[], id: number): readonly number[] => {
  const index = sorted.indexOf(id);
  return sorted.filter((_, at) => at !== index);
};
