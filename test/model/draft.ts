import type { QueueMessage } from '#events/catalog.ts';
import { queueOf } from '#events/catalog.ts';
import type { ItemKey, OutgoingMessage, StateWrite, StoredItem } from '#shared/ports.ts';
import { incidentIn, settled, stored } from './normal.ts';
import type { Result } from './replay.ts';
import type { Runs } from './runs.ts';
import {
  type Breach,
  type Cloud,
  type Fault,
  type Item,
  type Message,
  type State,
  type Tables,
  withIn,
  without,
} from './state.ts';
import { T0 } from './values.ts';

/** A state that is being changed; `seal` gives the next one. */
export class Draft {
  readonly breaches: Breach[] = [];
  cloud: Cloud;
  private items: number[] | readonly number[];
  private queue: readonly number[];
  private runs: readonly number[];
  private budget: number;
  private active: number;
  private readonly tables: Tables;
  private readonly runTable: Runs;

  constructor(state: State, tables: Tables, runTable: Runs) {
    this.tables = tables;
    this.runTable = runTable;
    this.items = state.items;
    this.queue = state.queue;
    this.runs = state.runs;
    this.cloud = tables.clouds.get(state.cloud);
    this.budget = state.budget;
    this.active = state.active;
  }

  breach(invariant: string, text: string): void {
    this.breaches.push({ invariant, text });
  }

  spend(fault: Fault): this {
    this.budget = this.tables.spent(this.budget, fault);
    return this;
  }

  item(key: ItemKey): Item | undefined {
    const id = this.items[this.tables.placeOf(key)] ?? 0;
    return id === 0 ? undefined : this.tables.items.get(id);
  }

  read(key: ItemKey): StoredItem | undefined {
    const place = this.tables.placeOf(key);
    const id = this.items[place] ?? 0;
    return id === 0 ? undefined : this.whole(place, id);
  }

  *all(): Generator<StoredItem> {
    for (const [place, id] of this.items.entries()) if (id) yield this.whole(place, id);
  }

  /** The item with its key; the same object each time. */
  private whole(place: number, id: number): StoredItem {
    const { wholes } = this.tables;
    const known = wholes.get(place * 2 ** 26 + id);
    if (known !== undefined) return known;
    const whole = { ...this.tables.keys.get(place), ...this.tables.items.get(id) };
    wholes.set(place * 2 ** 26 + id, whole);
    return whole;
  }

  private set(key: ItemKey, item: Item | undefined): void {
    const place = this.tables.placeOf(key);
    const items = [...this.items];
    while (items.length <= place) items.push(0);
    items[place] = item === undefined ? 0 : this.tables.items.idOf(item);
    this.items = items;
  }

  transact(writes: readonly StateWrite[]): Result {
    for (const write of writes)
      if (write.kind !== 'append' && (this.item(write)?.version ?? 'absent') !== write.expect)
        return { error: 'conflict' };
    for (const write of writes) {
      if (write.kind === 'delete') this.set(write, undefined);
      if (write.kind !== 'put') continue;
      this.set(write, itemOf(write));
    }
    return { value: null };
  }

  send(messages: readonly OutgoingMessage[]): void {
    for (const { message, delaySeconds } of messages) this.put(message, delaySeconds * 1000);
  }

  put(body: QueueMessage, delayMs: number): number {
    const queue = queueOf(body);
    return this.enqueue({
      queue,
      body,
      atMs: T0 + delayMs,
      sentAtMs: queue === 'host-events' || queue === 'operator-commands' ? T0 : 0,
      receives: 1,
    });
  }

  /** @returns the message's number. */
  enqueue(message: Message): number {
    const id = this.tables.messages.idOf(message);
    this.queue = withIn(this.queue, id);
    return id;
  }

  receive(id: number): void {
    this.queue = without(this.queue, id);
  }

  /** The function goes on; to leave it for another one costs a switch, where these are counted. */
  begin(run: number): void {
    this.runs = withIn(this.runs, run);
    this.active = this.tables.budgets.get(this.budget).switch === undefined ? 0 : run;
  }

  end(run: number): void {
    this.runs = without(this.runs, run);
    this.active = 0;
  }

  /** Everything that is written down anywhere becomes so much older. */
  pass(ms: number): void {
    const { items, messages, clouds } = this.tables;
    this.items = this.items.map((id) => items.older(id, ms));
    this.queue = this.queue.map((id) => messages.older(id, ms)).sort((a, b) => a - b);
    this.runs = this.runs.map((id) => this.runTable.older(id, ms)).sort((a, b) => a - b);
    if (this.active !== 0) this.active = this.runTable.older(this.active, ms);
    this.cloud = clouds.get(clouds.older(clouds.idOf(this.cloud), ms));
  }

  /** @param whole the transition ends here: what only functions under way could still tell is forgotten */
  seal(whole: boolean): State {
    if (whole && this.runs.length === 0) this.settle();
    const { clouds } = this.tables;
    return {
      items: this.items,
      queue: this.queue,
      runs: this.runs,
      cloud: clouds.idOf(this.cloud),
      budget: this.budget,
      active: this.active,
    };
  }

  private settle(): void {
    const ticks = new Map<string, number>();
    for (const id of this.items) {
      const incident = id ? incidentIn(this.tables.items.get(id)) : null;
      if (incident !== null) ticks.set(incident.id, incident.tick);
    }
    this.items = this.items.map((id) => (id ? this.settledItem(id) : 0));
    this.queue = this.queue.map((id) => this.settledMessage(id, ticks)).sort((a, b) => a - b);
  }

  private settledItem(id: number): number {
    const known = settledItems.get(this.tables)?.get(id);
    if (known !== undefined) return known;
    const result = this.tables.items.idOf(settled(this.tables.items.get(id)));
    if (!settledItems.has(this.tables)) settledItems.set(this.tables, new Map());
    settledItems.get(this.tables)?.set(id, result);
    return result;
  }

  /** 1 is the tick of the step that is due; an older one will never be due again. */
  private settledMessage(id: number, ticks: ReadonlyMap<string, number>): number {
    const message = this.tables.messages.get(id);
    if (!('tick' in message.body && 'incidentId' in message.body)) return id;
    const tick = ticks.get(message.body.incidentId) === message.body.tick ? 1 : 0;
    return tick === message.body.tick ? id : this.tables.messages.idOf({ ...message, body: { ...message.body, tick } });
  }
}

/** A write is met as often as its function is: it is brought into its form once. */
const forms = new WeakMap<StateWrite, Item>();

function itemOf(write: StateWrite & { readonly kind: 'put' }): Item {
  const known = forms.get(write);
  if (known !== undefined) return known;
  const version = write.expect === 'absent' ? 1 : write.expect + 1;
  const due = write.dueAtMs === undefined ? {} : { dueAtMs: write.dueAtMs };
  const item: Item = { version, body: stored(write.body), ...due };
  forms.set(write, item);
  return item;
}

const settledItems = new WeakMap<Tables, Map<number, number>>();
