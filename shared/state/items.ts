import { PermanentError } from '#shared/errors.ts';
import type { Expectation, ItemKey, JsonObject, StateReader, StateWrite, StoredItem } from '#shared/ports.ts';

/** The form in which bodies are written now. A newer one is refused, an older one is for a migration to raise. */
const SCHEMA_VERSION = 1;

/** A value with the version it was read at: what a write must find unchanged. */
export interface Loaded<T> {
  readonly value: T;
  readonly version: Expectation;
}

/** The version that an item has once what was loaded is written again. */
export const versionAfter = (item: Pick<Loaded<unknown>, 'version'>): number => versionOf(item) + 1;

/** The version that an item had when it was loaded; 0 when there was none. */
export const versionOf = ({ version }: Pick<Loaded<unknown>, 'version'>): number =>
  version === 'absent' ? 0 : version;

export interface ItemOptions {
  readonly dueAtMs?: number;
  readonly expiresAtMs?: number;
}

export function decode<T>(item: StoredItem): T {
  const { schemaVersion, ...body } = item.body;
  if (schemaVersion !== SCHEMA_VERSION)
    throw new PermanentError(
      `item ${item.partition} ${item.sort} has schema version ${JSON.stringify(schemaVersion)}, this salvor reads ${SCHEMA_VERSION}`,
    );
  return body as T;
}

/** @param raise brings what an older salvor wrote to the form of now */
export async function load<T>(
  state: StateReader,
  key: ItemKey,
  raise: (written: T) => T = (written) => written,
): Promise<Loaded<T> | undefined> {
  const item = await state.get(key);
  return item && { value: raise(decode<T>(item)), version: item.version };
}

export interface Unreadable {
  /** Its partition. */
  readonly item: string;
  readonly sort: string;
  readonly because: string;
}

/** What can be read of these items: one that can't keeps nobody from the others. */
export function readEach<T>(
  items: readonly StoredItem[],
  read: (item: StoredItem) => T,
): { readonly values: readonly T[]; readonly unreadable: readonly Unreadable[] } {
  const values: T[] = [];
  const unreadable: Unreadable[] = [];
  for (const item of items)
    try {
      values.push(read(item));
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      unreadable.push({ item: item.partition, sort: item.sort, because });
    }
  return { values, unreadable };
}

/** The write that replaces what was loaded. `T` holds JSON values only. */
export function put<T extends object>(
  key: ItemKey,
  expect: Expectation,
  value: T,
  options: ItemOptions = {},
): StateWrite {
  const body = { ...value, schemaVersion: SCHEMA_VERSION } as unknown as JsonObject;
  return { kind: 'put', ...key, expect, body, ...options };
}

/**
 * Every item of a partition, page by page.
 * @param behind only those whose sort key comes after it
 */
export async function* all(
  state: StateReader,
  partition: string,
  prefix?: string,
  behind?: string,
): AsyncGenerator<StoredItem> {
  let after = behind;
  do {
    const page = await state.query(partition, {
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** Behind which UUIDs of version 7 begin that were made at this time or later (RFC 9562, section 5.7). */
export function idBehind(sinceMs: number): string | undefined {
  const time = Math.max(0, Math.round(sinceMs)).toString(16).padStart(12, '0');
  return sinceMs > 0 ? `${time.slice(0, 8)}-${time.slice(8)}` : undefined;
}
