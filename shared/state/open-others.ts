import type { ItemKey, StateReader, StoredItem } from '#shared/ports.ts';
import { all } from './items.ts';

/**
 * Where the open incidents of instances and of processes are listed. A partition of their own: in the index of what is due
 * they could crowd out hosts. One for both: `sweep` asks each minute, and mostly there is none.
 */
export const OPEN_OTHERS = 'open-others';

type Kind = 'instance' | 'process';

/** @param of the instance, or the key of the host */
export const openKey = (kind: Kind, of: string): ItemKey => ({ partition: OPEN_OTHERS, sort: `${kind}#${of}` });

/** Those of one kind. */
export const openOf = (state: StateReader, kind: Kind): AsyncGenerator<StoredItem> =>
  all(state, OPEN_OTHERS, `${kind}#`);

/** What an item of the list is about, by its key alone. */
export function openOfKey(sort: string): { readonly kind: Kind; readonly of: string } {
  const kind = sort.startsWith('instance#') ? 'instance' : 'process';
  return { kind, of: sort.slice(kind.length + 1) };
}

/** Both kinds: ids of instances, and keys of hosts. */
export async function openOthers(state: StateReader): Promise<Readonly<Record<Kind, readonly string[]>>> {
  const open = { instance: [] as string[], process: [] as string[] };
  for await (const { sort } of all(state, OPEN_OTHERS)) {
    const { kind, of } = openOfKey(sort);
    open[kind].push(of);
  }
  return open;
}
