import { PermanentError } from '#shared/errors.ts';
import type { ItemKey, StateReader, StoredItem } from '#shared/ports.ts';
import { all, decode, idBehind, readEach } from './items.ts';

/** What a line of each list of incidents says: of hosts, of single instances, of processes. */
interface Line {
  readonly id: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
}

export type ReadLines<T> = ReturnType<typeof readEach<T>>;

/** A list of incidents, oldest first, with what of it can't be read. @param sinceMs only those that were opened at this time or later */
export const readLines = async <T extends Line>(
  state: StateReader,
  list: string,
  sinceMs: number,
): Promise<ReadLines<T>> => readEach(await Array.fromAsync(all(state, list, undefined, idBehind(sinceMs))), whole<T>);

/** One line of a list, or that it can't be read; neither where there is none. */
export async function readLine<T extends Line>(state: StateReader, key: ItemKey): Promise<ReadLines<T>> {
  const item = await state.get(key);
  return readEach(item === undefined ? [] : [item], whole<T>);
}

/** @throws PermanentError when it is not what a line of a list of incidents is */
function whole<T extends Line>(item: StoredItem): T {
  const entry = decode<T>(item);
  const { id, host, hostKey, segment, openedAtMs, closedAtMs } = entry;
  const isWhole =
    id === item.sort &&
    [host, hostKey, segment].every((each) => typeof each === 'string') &&
    typeof openedAtMs === 'number' &&
    (closedAtMs === null || typeof closedAtMs === 'number');
  if (isWhole) return entry;
  throw new PermanentError('it is no incident of the list');
}
