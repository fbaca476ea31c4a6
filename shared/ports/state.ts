/** A JSON value as it is stored and sent: no `undefined`, no dates, no functions; -0 comes back as 0. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Where an item lives. Items of one partition can be read in the order of `sort` (byte order, ASCII only). */
export interface ItemKey {
  readonly partition: string;
  readonly sort: string;
}

export interface StoredItem extends ItemKey {
  /** Starts at 1 and grows by 1 with each write. */
  readonly version: number;
  readonly body: JsonObject;
  /** When somebody must look at this item again if nothing else has happened, in whole Unix ms. Read by `due`. */
  readonly dueAtMs?: number;
  /** When the item may be forgotten, in whole Unix ms (DynamoDB TTL: some days late is normal). */
  readonly expiresAtMs?: number;
}

/** `absent`: no such item may exist. A number: the item must exist with just this version. */
export type Expectation = 'absent' | number;

export type StateWrite =
  /** Writes the item with version 1 (`absent`) or `expect + 1`. Without `dueAtMs` the item leaves the due index. */
  | ({ readonly kind: 'put'; readonly expect: Expectation } & Omit<StoredItem, 'version'>)
  | ({ readonly kind: 'delete'; readonly expect: number } & ItemKey)
  /** Writes nothing, but the transaction fails unless the expectation holds. */
  | ({ readonly kind: 'check'; readonly expect: Expectation } & ItemKey)
  /** Adds a record to the audit log. It must be new; nothing in the log is ever changed or deleted. */
  | ({ readonly kind: 'append'; readonly body: JsonObject } & ItemKey);

export interface Page {
  readonly items: readonly StoredItem[];
  /** Pass as `after` to go on; absent on the last page. */
  readonly next?: string;
}

export interface QueryOptions {
  /** Only items whose sort key starts with this. */
  readonly prefix?: string;
  /** Go on behind this sort key. */
  readonly after?: string;
  /** Items per page at most; default 500. A page may be shorter (DynamoDB ends it at 1 MB). */
  readonly limit?: number;
}

/**
 * The durable state of the pipeline. Every read of `get` and `query` is strongly consistent.
 * The limits of DynamoDB hold for every adapter: see `shared/state/limits.ts`.
 */
export interface StateReader {
  get(key: ItemKey): Promise<StoredItem | undefined>;
  query(partition: string, options?: QueryOptions): Promise<Page>;
  /** The same as `query`, over the audit log. */
  queryAudit(partition: string, options?: QueryOptions): Promise<Page>;
  /** Items whose `dueAtMs` is at or before `beforeMs`, earliest first. May lag behind writes by seconds. */
  due(beforeMs: number, limit: number): Promise<readonly StoredItem[]>;
  /**
   * Every partition of the items or of the audit log that holds something, each once, in any order. Reads whole
   * tables: for a check of everything, never for work.
   */
  partitions(of: 'items' | 'audit'): AsyncIterable<string>;
}

export interface StateStore extends StateReader {
  /**
   * All or nothing. At most one write per item; nothing to write is fine.
   * @throws ConflictError when an expectation does not hold; nothing was written.
   * @throws LimitError when the transaction breaks a limit of DynamoDB; nothing was written.
   * @throws RetryableError when the store is throttled or out of reach; it may or may not have been written.
   */
  transact(writes: readonly StateWrite[]): Promise<void>;
}
