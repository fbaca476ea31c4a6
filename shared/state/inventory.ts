import type { ComputeService, ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put, versionAfter } from './items.ts';

/** A compute host as it was in Nova a minute ago at most: tells reports of known hosts from others; never a reason to act. */
export interface InventoryHost {
  readonly host: string;
  readonly serviceId: string;
  readonly zone: string;
  /** The one segment that protects it; null when none does, or more than one. */
  readonly segment: string | null;
  /** Why no segment protects it. */
  readonly because: string;
  /** Absent in what an older salvor mirrored. */
  readonly service?: MirroredService;
  /** Reports of it that came before it was known are not in the queue again yet. */
  readonly joining?: true;
}

/** Of its compute service what seldom changes. */
export type MirroredService = Pick<ComputeService, 'status' | 'disabledReason' | 'state' | 'forcedDown'>;

export const INVENTORY_PARTITION_PREFIX = 'inventory#';
const partitionOf = (cloud: string, region: string): string => `${INVENTORY_PARTITION_PREFIX}${cloud}/${region}`;
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

export interface Mirroring {
  /** None for what has not changed. */
  readonly writes: readonly StateWrite[];
  /** As they are once the writes are committed. */
  readonly joining: readonly Loaded<InventoryHost>[];
}

/** What makes the mirror equal to Nova. A host joins in two writes, so that one which dies between them is found. */
export function mirrorWrites(
  cloud: string,
  region: string,
  known: readonly Loaded<InventoryHost>[],
  now: readonly InventoryHost[],
): Mirroring {
  const before = new Map(known.map((each) => [each.value.host, each]));
  const writes: StateWrite[] = [];
  const joining: Loaded<InventoryHost>[] = [];
  for (const host of now) {
    const old = before.get(host.host) ?? { value: undefined, version: 'absent' as const };
    before.delete(host.host);
    const joins = old.value === undefined || old.value.joining === true;
    const value: InventoryHost = joins ? { ...host, joining: true } : host;
    const changed = JSON.stringify(old.value) !== JSON.stringify(value);
    if (changed) writes.push(put(keyOf(cloud, region, host.host), old.version, value));
    if (joins) joining.push({ value, version: changed ? versionAfter(old) : old.version });
  }
  for (const { value, version } of before.values())
    if (version !== 'absent') writes.push({ kind: 'delete', ...keyOf(cloud, region, value.host), expect: version });
  return { writes, joining };
}

/** They have joined: nothing that was said of them before is kept aside any more. */
export const joinedWrites = (
  cloud: string,
  region: string,
  joining: readonly Loaded<InventoryHost>[],
): readonly StateWrite[] =>
  joining.map(({ value: { joining: _joining, ...host }, version }) =>
    put(keyOf(cloud, region, host.host), version, host),
  );

/** What puts a host into a segment of the mirror, or out of all, before Nova is mirrored again; none where it is not known yet. */
export async function heldByWrites(
  state: StateReader,
  { name: cloud, region }: { readonly name: string; readonly region: string },
  host: string,
  segment: string | null,
): Promise<readonly StateWrite[]> {
  const key = keyOf(cloud, region, host);
  const loaded = await load<InventoryHost>(state, key);
  if (loaded === undefined || loaded.value.segment === segment) return [];
  const because = segment === null ? 'no segment of the policy holds it' : `it is in segment ${segment}`;
  return [put(key, loaded.version, { ...loaded.value, segment, because })];
}
