import type { QueueName } from '#events/catalog.ts';
import { QUEUES, SCHEDULES } from '#events/catalog.ts';
import { type Progress, type Recorded, type Result, replay, type Setting } from './replay.ts';
import type { Message, Tables } from './state.ts';
import { Interned, older, T0 } from './values.ts';

/** A function under way: its message, when it began, and every answer that it has had. */
export interface Run {
  /** Number of the message; 0 for `sweep`, which has none. */
  readonly origin: number;
  readonly startMs: number;
  readonly records: readonly Recorded[];
}

/**
 * Every invocation that was ever met, by number. A function is pure but for its calls, so one that had the same
 * answers stands where the other does: the real code runs once for each, however many states hold it.
 */
export class Runs {
  private readonly all: (Run | undefined)[] = [undefined];
  private readonly progress: (Progress | undefined)[] = [undefined];
  /** By where it came from and what it was answered. */
  private readonly ids = new Map<string, number>();
  private readonly aged = new Map<string, number>();
  private readonly results = new Interned<Result>();
  private readonly setting: Setting;
  private readonly tables: Tables;
  /** How often the real code ran. */
  replays = 0;

  constructor(setting: Setting, tables: Tables) {
    this.setting = setting;
    this.tables = tables;
  }

  private idOf(how: string, make: () => Run): number {
    const known = this.ids.get(how);
    if (known !== undefined) return known;
    this.ids.set(how, this.all.length);
    this.all.push(make());
    return this.all.length - 1;
  }

  get(id: number): Run {
    const run = this.all[id];
    if (run === undefined) throw new Error(`no invocation has the number ${id}`);
    return run;
  }

  start(origin: number, startMs = T0): number {
    return this.idOf(`${origin} from ${startMs}`, () => ({ origin, startMs, records: [] }));
  }

  /** The invocation once its call was answered so. */
  answered(id: number, key: string, result: Result, atMs = T0): number {
    return this.idOf(`${id} ${this.results.idOf(result)} ${atMs} ${key}`, () => {
      const run = this.get(id);
      return { ...run, records: [...run.records, { key, result, atMs }] };
    });
  }

  older(id: number, ms: number): number {
    const known = this.aged.get(`${id} ${ms}`);
    if (known !== undefined) return known;
    const { origin, startMs, records } = this.get(id);
    let next = this.start(this.tables.messages.older(origin, ms), startMs - ms);
    for (const { key, result, atMs } of records)
      next = this.answered(
        next,
        older(key, ms),
        this.results.get(this.results.older(this.results.idOf(result), ms)),
        atMs - ms,
      );
    this.aged.set(`${id} ${ms}`, next);
    return next;
  }

  /** Undefined until `find` was waited for. */
  known(id: number): Progress | undefined {
    return this.progress[id];
  }

  async find(id: number): Promise<Progress> {
    const known = this.progress[id];
    if (known !== undefined) return known;
    const { origin, startMs, records } = this.get(id);
    this.replays += 1;
    const progress = await replay(this.setting, this.messageOf(origin), startMs, records);
    this.progress[id] = progress;
    return progress;
  }

  messageOf(origin: number): Message | undefined {
    return origin === 0 ? undefined : this.tables.messages.get(origin);
  }

  nameOf(id: number): QueueName | 'sweep' {
    return this.messageOf(this.get(id).origin)?.queue ?? 'sweep';
  }

  /** How much longer it may live before its function is killed, in ms. */
  leftMs(id: number): number {
    const name = this.nameOf(id);
    const { functionTimeoutSeconds } = name === 'sweep' ? SCHEDULES.sweep : QUEUES[name];
    return this.get(id).startMs + functionTimeoutSeconds * 1000 - T0;
  }

  get size(): number {
    return this.all.length - 1;
  }
}
