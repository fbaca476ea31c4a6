import type { Hearing, Lease } from '#shared/domain/heartbeats.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/** Whose heartbeats: those of one cloud's region lie together, so that one query reads them. */
export interface Region {
  readonly cloud: string;
  readonly region: string;
}

export const LEASES_PARTITION_PREFIX = 'heartbeats#';
const partitionOf = ({ cloud, region }: Region): string => `${LEASES_PARTITION_PREFIX}${cloud}/${region}`;
const leaseKey = (region: Region, host: string): ItemKey => ({ partition: partitionOf(region), sort: host });
const hearingKey = ({ cloud, region }: Region): ItemKey => ({ partition: `hearing#${cloud}/${region}`, sort: 'state' });

export const loadLease = (state: StateReader, region: Region, host: string): Promise<Loaded<Lease> | undefined> =>
  load<Lease>(state, leaseKey(region, host));

export async function loadLeases(state: StateReader, region: Region): Promise<readonly Loaded<Lease>[]> {
  const leases: Loaded<Lease>[] = [];
  for await (const item of all(state, partitionOf(region)))
    leases.push({ value: decode<Lease>(item), version: item.version });
  return leases;
}

export const leaseWrite = (
  region: Region,
  before: Pick<Loaded<Lease>, 'version'> | undefined,
  lease: Lease,
): StateWrite => put(leaseKey(region, lease.host), before?.version ?? 'absent', lease);

/** Of a lease that was loaded. */
export const leaseRemoval = (region: Region, { value, version }: Loaded<Lease>): StateWrite => ({
  kind: 'delete',
  ...leaseKey(region, value.host),
  expect: version === 'absent' ? 0 : version,
});

export const loadHearing = (state: StateReader, region: Region): Promise<Loaded<Hearing> | undefined> =>
  load<Hearing>(state, hearingKey(region));

export const hearingWrite = (region: Region, before: Loaded<Hearing> | undefined, hearing: Hearing): StateWrite =>
  put(hearingKey(region), before?.version ?? 'absent', hearing);
