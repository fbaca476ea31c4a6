import type { Lease } from '#shared/domain/heartbeats.ts';
import type { HostState } from '#shared/domain/host.ts';
import { REFUSED_SUBJECT } from '#shared/domain/reporter.ts';
import type { StateReader } from '#shared/ports.ts';
import { LEASES_PARTITION_PREFIX, loadLeases } from './heartbeats.ts';
import { HOST_PARTITION_PREFIX, loadHost } from './hosts.ts';
import { listParked, type Parked } from './parked.ts';

/** What is on record of who has reported what. */
export interface Reports {
  /** Every host that was ever reported on. */
  readonly hosts: readonly HostState[];
  /** Of hosts that send heartbeats. */
  readonly leases: readonly Lease[];
  /** What reporters said and might not say, or said too often. */
  readonly refused: readonly Parked[];
}

/** Reads whole tables: for people, never for work. */
export async function listReports(state: StateReader): Promise<Reports> {
  const hosts: HostState[] = [];
  const leases: Lease[] = [];
  for await (const partition of state.partitions('items')) {
    if (partition.startsWith(HOST_PARTITION_PREFIX)) {
      const host = await loadHost(state, partition.slice(HOST_PARTITION_PREFIX.length));
      if (host !== undefined) hosts.push(host.value);
    } else if (partition.startsWith(LEASES_PARTITION_PREFIX)) {
      const [cloud = '', ...region] = partition.slice(LEASES_PARTITION_PREFIX.length).split('/');
      for (const { value } of await loadLeases(state, { cloud, region: region.join('/') })) leases.push(value);
    }
  }
  const parked = await Array.fromAsync(listParked(state));
  return { hosts, leases, refused: parked.filter(({ subject }) => subject.startsWith(REFUSED_SUBJECT)) };
}
