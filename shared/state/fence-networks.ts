import type { Calls } from '#shared/domain/fence-networks.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** One item for each network: at most a few dozen calls are under way in one. */
interface Item {
  readonly calls: Calls;
}

const keyOf = (network: string): ItemKey => ({ partition: `fence-network#${network}`, sort: 'state' });

export async function loadCalls(state: StateReader, network: string): Promise<Loaded<Calls>> {
  const item = await load<Item>(state, keyOf(network));
  return item === undefined ? { value: {}, version: 'absent' } : { value: item.value.calls, version: item.version };
}

export const callsWrite = (network: string, before: Loaded<Calls>, calls: Calls): StateWrite =>
  put(keyOf(network), before.version, { calls });
