import { HOST_EVENT_TYPES } from '#events/host-event.ts';
import { type AuditRecord, streamOfHost, streamOfIncident, streamOfPolicy } from '#shared/domain/audit.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { policyFrom } from '#shared/domain/policy-record.ts';
import { REFUSED_SUBJECT } from '#shared/domain/reporter.ts';
import type { Aside, Reported } from '#shared/domain/reporter-summary.ts';
import type { StateReader } from '#shared/ports.ts';
import { LEASES_PARTITION_PREFIX, loadLeases } from './heartbeats.ts';
import { HOST_PARTITION_PREFIX, loadHost } from './hosts.ts';
import { listParked, type Parked } from './parked.ts';
import { readKept } from './read-audit.ts';

/** Who has reported what. */
export interface Reports extends Reported {
  /** What reporters said and might not say, or said too often. */
  readonly refused: readonly Parked[];
  /** Under what the newest reports of a host were judged, by the host's key. */
  readonly judgedBy: ReadonlyMap<string, Judged>;
}

export interface Judged {
  readonly segment: string | null;
  readonly policy: Policy;
}

/** Reads whole tables: for people, never for work. */
export async function listReports(state: StateReader): Promise<Reports> {
  const hosts: HostState[] = [];
  const leases: Reported['leases'][number][] = [];
  const asides: Aside[] = [];
  const judgedBy = new Map<string, Judged>();
  const policies = new Map<string, Policy | undefined>();
  for await (const partition of state.partitions('items')) {
    if (partition.startsWith(HOST_PARTITION_PREFIX)) {
      const host = (await loadHost(state, partition.slice(HOST_PARTITION_PREFIX.length)))?.value;
      if (host === undefined) continue;
      hosts.push(host);
      const records = await recordsOf(state, host);
      asides.push(...asidesIn(records, host.name));
      const judged = await judgedIn(state, records, policies);
      if (judged !== undefined) judgedBy.set(host.key, judged);
    } else if (partition.startsWith(LEASES_PARTITION_PREFIX)) {
      const [cloud = '', ...region] = partition.slice(LEASES_PARTITION_PREFIX.length).split('/');
      for (const { value } of await loadLeases(state, { cloud, region: region.join('/') })) leases.push(value);
    }
  }
  const parked = await Array.fromAsync(listParked(state));
  const refused = parked.filter(({ subject }) => subject.startsWith(REFUSED_SUBJECT));
  return { hosts, leases, asides, refused, judgedBy };
}

/** Of its own stream, and of the incident in which it may have been said to write a dump. */
async function recordsOf(
  state: StateReader,
  { key, incident, lastIncident }: HostState,
): Promise<readonly AuditRecord[]> {
  const ids = [lastIncident?.id, incident?.id].filter((id) => id !== undefined);
  const streams = [streamOfHost(key), ...ids.map(streamOfIncident)];
  const kept = await Promise.all(streams.map((stream) => readKept(state, stream)));
  return kept.flat().map(({ record }) => record);
}

/** The newest of each reporter and type. */
function asidesIn(records: readonly AuditRecord[], host: string): readonly Aside[] {
  const newest = new Map<string, Aside>();
  for (const { fact, atMs } of records) {
    if (fact.type !== 'recorded' && fact.type !== 'dump-seen') continue;
    const says = HOST_EVENT_TYPES.find((type) => type === fact.eventType);
    if (says === undefined || typeof fact.reporter !== 'string') continue;
    const key = `${says} ${fact.reporter}`;
    const before = newest.get(key);
    if (before === undefined || before.heardAtMs < atMs)
      newest.set(key, { reporter: fact.reporter, host, says, heardAtMs: atMs });
  }
  return [...newest.values()];
}

async function judgedIn(
  state: StateReader,
  records: readonly AuditRecord[],
  policies: Map<string, Policy | undefined>,
): Promise<Judged | undefined> {
  const basis = records.findLast(({ basis: each }) => each?.by === 'reports')?.basis;
  if (basis?.by !== 'reports') return undefined;
  const { policy: id, segment } = basis;
  if (!policies.has(id)) {
    const kept = await readKept(state, streamOfPolicy(id));
    const parts = kept.map(({ record }) => record);
    policies.set(id, policyFrom(id, parts));
  }
  const policy = policies.get(id);
  return policy && { segment, policy };
}
