import { ConflictError, LimitError } from '#shared/errors.ts';
import type { ItemKey, JsonObject, Page, QueryOptions, StateStore, StateWrite, StoredItem } from '#shared/ports.ts';
import { checkLimits } from '#shared/state/limits.ts';

const ITEMS_PER_PAGE = 500;
const BYTES_PER_PAGE = 1024 * 1024;
const KEY_BYTES = { partition: 2048, sort: 1024 } as const;

/** Items of one partition by their sort key, in byte order. */
class Partition {
  readonly items = new Map<string, StoredItem>();
  #sorted: readonly string[] | undefined;

  set(sort: string, item: StoredItem): void {
    if (!this.items.has(sort)) this.#sorted = undefined;
    this.items.set(sort, item);
  }

  delete(sort: string): void {
    this.items.delete(sort);
    this.#sorted = undefined;
  }

  page({ prefix = '', after = '', limit = ITEMS_PER_PAGE }: QueryOptions = {}): Page {
    this.#sorted ??= [...this.items.keys()].sort();
    const items: StoredItem[] = [];
    let bytes = 0;
    for (const sort of this.#sorted) {
      if (sort <= after || !sort.startsWith(prefix)) continue;
      const kept = this.items.get(sort);
      if (kept === undefined) continue;
      bytes += sizeOf(kept);
      const last = items.at(-1);
      if (last !== undefined && (items.length === limit || bytes > BYTES_PER_PAGE)) return { items, next: last.sort };
      items.push(kept);
    }
    return { items };
  }
}

export interface MemoryStoreOptions {
  /** When a change reaches the index of `due`: at once if absent. */
  readonly propagate?: (apply: () => void, key: ItemKey) => void;
  /** Called with each transaction that was applied. */
  readonly onCommit?: (writes: readonly StateWrite[]) => void;
}

/** The state store of the simulation: the semantics of the port, without its waits and faults. */
export class MemoryStore {
  readonly #items = new Map<string, Partition>();
  readonly #audit = new Map<string, Partition>();
  readonly #due = new Map<string, { readonly order: number; readonly item: StoredItem | undefined }>();
  readonly #options: MemoryStoreOptions;
  #order = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  get({ partition, sort }: ItemKey): StoredItem | undefined {
    return this.#items.get(partition)?.items.get(sort);
  }

  query(partition: string, options?: QueryOptions): Page {
    return this.#items.get(partition)?.page(options) ?? { items: [] };
  }

  queryAudit(partition: string, options?: QueryOptions): Page {
    return this.#audit.get(partition)?.page(options) ?? { items: [] };
  }

  due(beforeMs: number, limit: number): readonly StoredItem[] {
    const found: StoredItem[] = [];
    for (const { item } of this.#due.values())
      if (item?.dueAtMs !== undefined && item.dueAtMs <= beforeMs) found.push(item);
    return found.sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0)).slice(0, limit);
  }

  partitions(of: 'items' | 'audit'): readonly string[] {
    const all = of === 'items' ? this.#items : this.#audit;
    return [...all].filter(([, { items }]) => items.size > 0).map(([name]) => name);
  }

  /** @throws ConflictError, LimitError as the port says; nothing was written then. */
  transact(writes: readonly StateWrite[]): void {
    this.prepare(writes)();
  }

  /**
   * A transaction as it stands now, to be applied later: what the caller does with its objects is not written.
   * @throws LimitError at once; what comes back throws ConflictError
   */
  prepare(given: readonly StateWrite[]): () => void {
    checkLimits(given);
    for (const write of given) checkKey(write);
    const writes = given.map((write) => ('body' in write ? { ...write, body: copyOf(write.body) } : write));
    return () => {
      const failed = writes.find((write) => !this.#holds(write));
      if (failed !== undefined)
        throw new ConflictError(`${failed.kind} ${failed.partition} ${failed.sort}: the expectation does not hold`);
      for (const write of writes) this.#apply(write);
      if (writes.length > 0) this.#options.onCommit?.(writes);
    };
  }

  #holds(write: StateWrite): boolean {
    const { partition, sort } = write;
    if (write.kind === 'append') return this.#audit.get(partition)?.items.has(sort) !== true;
    return (this.get(write)?.version ?? 'absent') === write.expect;
  }

  #apply(write: StateWrite): void {
    const { partition, sort } = write;
    switch (write.kind) {
      case 'check':
        return;
      case 'append':
        partitionOf(this.#audit, partition).set(sort, itemOf({ partition, sort, version: 1 }, write.body));
        return;
      case 'delete':
        this.#items.get(partition)?.delete(sort);
        this.#index(write, undefined);
        return;
      case 'put': {
        const { expect, dueAtMs, expiresAtMs } = write;
        const item = itemOf(
          {
            partition,
            sort,
            version: expect === 'absent' ? 1 : expect + 1,
            ...(dueAtMs === undefined ? {} : { dueAtMs }),
            ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
          },
          write.body,
        );
        partitionOf(this.#items, partition).set(sort, item);
        this.#index(write, item);
      }
    }
  }

  /** The index is behind, but never goes back. */
  #index({ partition, sort }: ItemKey, item: StoredItem | undefined): void {
    const key = `${partition}\n${sort}`;
    if (item?.dueAtMs === undefined && !this.#due.has(key)) return;
    this.#order += 1;
    const order = this.#order;
    const apply = (): void => {
      if ((this.#due.get(key)?.order ?? 0) < order) this.#due.set(key, { order, item });
    };
    if (!this.#due.has(key)) this.#due.set(key, { order: 0, item: undefined });
    (this.#options.propagate ?? ((now) => now()))(apply, { partition, sort });
  }
}

const sizes = new WeakMap<StoredItem, number>();

function sizeOf(item: StoredItem): number {
  const known = sizes.get(item);
  if (known !== undefined) return known;
  const size = Buffer.byteLength(JSON.stringify(item.body));
  sizes.set(item, size);
  return size;
}

function partitionOf(map: Map<string, Partition>, name: string): Partition {
  const known = map.get(name);
  if (known !== undefined) return known;
  const fresh = new Partition();
  map.set(name, fresh);
  return fresh;
}

/** By way of JSON: what is read back is what a real store gives back, and nobody else's object. */
const copyOf = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body)) as JsonObject;

/** Nobody changes what was read, so that all readers may share it. */
const itemOf = (item: Omit<StoredItem, 'body'>, body: JsonObject): StoredItem => ({ ...item, body });

function checkKey({ partition, sort }: ItemKey): void {
  for (const [name, value] of [
    ['partition', partition],
    ['sort', sort],
  ] as const)
    if (value === '' || Buffer.byteLength(value) > KEY_BYTES[name])
      throw new LimitError(`the ${name} key of an item has ${Buffer.byteLength(value)} bytes`);
}

/** The port over the store as it is now, past all waits and faults: for checks and people, not for functions. */
export const directly = (store: MemoryStore): StateStore => ({
  get: async (key) => store.get(key),
  query: async (...query) => store.query(...query),
  queryAudit: async (...query) => store.queryAudit(...query),
  due: async (...range) => store.due(...range),
  partitions: async function* (of) {
    yield* store.partitions(of);
  },
  transact: async (writes) => store.transact(writes),
});
