import { inParts, type MirroredServer, unfolded } from '#shared/domain/forecast/mirrored.ts';
import type { HostInstances } from '#shared/domain/forecast/view.ts';
import type { Aggregate, Hypervisor, ServerGroup, StateReader, StateWrite, StoredItem } from '#shared/ports.ts';
import { all, decode, put } from './items.ts';
import { LIMITS } from './limits.ts';

/**
 * What forecasts are made of, as it was minutes ago: each host's instances, and what the whole cloud has beside them.
 * Never a reason to act. Written only where it has changed, in parts that an item can hold.
 */
interface Region {
  readonly name: string;
  readonly region: string;
}

/** Half of what an item holds: keys and names are not counted here. */
const PART_BYTES = LIMITS.bytesPerItem / 2;

const hostsPartition = ({ name, region }: Region): string => `forecast#${name}/${region}`;
const cloudPartition = ({ name, region }: Region): string => `forecast-cloud#${name}/${region}`;

interface HostPart {
  readonly host: string;
  readonly servers: readonly MirroredServer[];
  /** What could not be read of them, in words; absent where all was. */
  readonly unread?: readonly string[];
}

/** Beside the instances. */
export interface CloudParts {
  readonly hypervisors: readonly Hypervisor[];
  readonly aggregates: readonly Aggregate[];
  readonly groups: readonly ServerGroup[];
}
type CloudKind = keyof CloudParts;
const KINDS: readonly CloudKind[] = ['hypervisors', 'aggregates', 'groups'];

interface CloudPart {
  readonly all: readonly unknown[];
}

/** The instances of one host, as they are stored now. A name with a blank behind it is that of no other host. */
export async function loadHostParts(state: StateReader, region: Region, host: string): Promise<readonly StoredItem[]> {
  return Array.fromAsync(all(state, hostsPartition(region), `${host} `));
}

/** What makes the stored parts of a host equal to these instances. */
export const hostPartWrites = (
  region: Region,
  host: string,
  before: readonly StoredItem[],
  { servers, unread = [] }: Omit<HostPart, 'host'>,
): readonly StateWrite[] =>
  partWrites(
    before,
    inParts(servers, PART_BYTES).map((part, index) => ({
      key: { partition: hostsPartition(region), sort: `${host} ${index}` },
      value: { host, servers: part, ...(unread.length === 0 ? {} : { unread }) } satisfies HostPart,
    })),
  );

/** What is left of a host that no segment holds any more. */
export const forgetWrites = async (state: StateReader, region: Region, host: string): Promise<readonly StateWrite[]> =>
  partWrites(await loadHostParts(state, region, host), []);

/** Of every host that was ever listed, with the names of those that are gone from Nova too. */
export async function loadForecastHosts(
  state: StateReader,
  region: Region,
): Promise<ReadonlyMap<string, Omit<HostPart, 'host'>>> {
  const hosts = new Map<string, Omit<HostPart, 'host'>>();
  for await (const item of all(state, hostsPartition(region))) {
    const { host, ...part } = decode<HostPart>(item);
    const known = hosts.get(host);
    hosts.set(host, known === undefined ? part : { ...part, servers: [...known.servers, ...part.servers] });
  }
  return hosts;
}

/** As a forecast looks at them. */
export function asInstances(
  hosts: ReadonlyMap<string, Omit<HostPart, 'host'>>,
  aggregates: readonly Aggregate[],
): ReadonlyMap<string, HostInstances> {
  return new Map(
    [...hosts].map(([host, { servers, unread }]) => {
      const own = aggregates.filter((each) => each.hosts.includes(host));
      return [host, unfolded(host, servers, own, unread)];
    }),
  );
}

export const loadCloudParts = (state: StateReader, region: Region): Promise<readonly StoredItem[]> =>
  Array.fromAsync(all(state, cloudPartition(region)));

export function cloudPartWrites(region: Region, before: readonly StoredItem[], now: CloudParts): readonly StateWrite[] {
  const parts = KINDS.flatMap((kind) =>
    inParts<unknown>(now[kind], PART_BYTES).map((part, index) => ({
      key: { partition: cloudPartition(region), sort: `${kind} ${index}` },
      value: { all: part } satisfies CloudPart,
    })),
  );
  return partWrites(before, parts);
}

export function cloudPartsOf(items: readonly StoredItem[]): CloudParts {
  const of = (kind: CloudKind): readonly unknown[] =>
    items.filter(({ sort }) => sort.startsWith(`${kind} `)).flatMap((item) => decode<CloudPart>(item).all);
  return {
    hypervisors: of('hypervisors') as readonly Hypervisor[],
    aggregates: of('aggregates') as readonly Aggregate[],
    groups: of('groups') as readonly ServerGroup[],
  };
}

interface Part {
  readonly key: { readonly partition: string; readonly sort: string };
  readonly value: object;
}

function partWrites(before: readonly StoredItem[], now: readonly Part[]): readonly StateWrite[] {
  const old = new Map(before.map((item) => [item.sort, item]));
  const writes: StateWrite[] = [];
  for (const { key, value } of now) {
    const known = old.get(key.sort);
    old.delete(key.sort);
    if (known !== undefined && JSON.stringify(decode<object>(known)) === JSON.stringify(value)) continue;
    writes.push(put(key, known?.version ?? 'absent', value));
  }
  for (const { partition, sort, version } of old.values())
    writes.push({ kind: 'delete', partition, sort, expect: version });
  return writes;
}
