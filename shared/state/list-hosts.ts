import type { HostState } from '#shared/domain/host.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadHost } from './hosts.ts';
import { INVENTORY_PARTITION_PREFIX, type InventoryHost } from './inventory.ts';
import { all, decode } from './items.ts';

export interface ListedHost {
  readonly hostKey: string;
  readonly known: InventoryHost;
  /** Undefined: nobody has said anything of it yet, and nothing was done to it. */
  readonly state: HostState | undefined;
}

/** Every host of the inventory's mirror, with what salvor knows of it. Reads the names of whole tables. */
export async function* listHosts(state: StateReader): AsyncGenerator<ListedHost> {
  for await (const partition of state.partitions('items')) {
    if (!partition.startsWith(INVENTORY_PARTITION_PREFIX)) continue;
    const cloud = partition.slice(INVENTORY_PARTITION_PREFIX.length);
    for await (const item of all(state, partition)) {
      const known = decode<InventoryHost>(item);
      const hostKey = `${cloud}/${known.serviceId}`;
      yield { hostKey, known, state: (await loadHost(state, hostKey))?.value };
    }
  }
}
