import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/** A compute host as it was in Nova a minute ago at most: tells reports of known hosts from others; never a reason to act. */
export interface InventoryHost {
  readonly host: string;
  readonly serviceId: string;
  readonly zone: string;
  /** The one segment that protects it; null when none does, or more than one. */
  readonly segment: string | null;
  /** Why no segment protects it. */
  readonly because: string;
}

const partitionOf = (cloud: string, region: string): string => `inventory#${cloud}/${region}`;
const keyOf = (cloud: string, region: string, host: string): ItemKey => ({
  partition: partitionOf(cloud, region),
  sort: host,
});

export async function loadInventoryHost(
  state: StateReader,
  cloud: string,
  region: string,
  host: string,
): Promise<InventoryHost | undefined> {
  return (await load<InventoryHost>(state, keyOf(cloud, region, host)))?.value;
}

export async function loadInventory(
  state: StateReader,
  cloud: string,
  region: string,
): Promise<readonly Loaded<InventoryHost>[]> {
  const hosts: Loaded<InventoryHost>[] = [];
  for await (const item of all(state, partitionOf(cloud, region)))
    hosts.push({ value: decode<InventoryHost>(item), version: item.version });
  return hosts;
}

/** The writes that make the mirror equal to Nova: none for what has not changed. */
export function mirrorWrites(
  cloud: string,
  region: string,
  known: readonly Loaded<InventoryHost>[],
  now: readonly InventoryHost[],
): readonly StateWrite[] {
  const before = new Map(known.map((each) => [each.value.host, each]));
  const writes: StateWrite[] = [];
  for (const host of now) {
    const old = before.get(host.host);
    before.delete(host.host);
    if (old !== undefined && JSON.stringify(old.value) === JSON.stringify(host)) continue;
    writes.push(put(keyOf(cloud, region, host.host), old?.version ?? 'absent', host));
  }
  for (const { value, version } of before.values())
    if (version !== 'absent') writes.push({ kind: 'delete', ...keyOf(cloud, region, value.host), expect: version });
  return writes;
}
