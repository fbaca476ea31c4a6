import type * as z from 'zod';
import type { HostEvent, HostEventType } from '#events/host-event.ts';
import { FIRST } from '#shared/domain/audit.ts';
import {
  type FenceProof,
  type HostState,
  hostKeyOf,
  type Incident,
  type IncidentStatus,
  newHost,
} from '#shared/domain/host.ts';
import { type Policy, policySchema, type Segment } from '#shared/domain/policy.ts';
import type { Attempt, TaskProgress, TaskState } from '#shared/domain/task.ts';
import type { Aggregate, ComputeService, Hypervisor, Migration, Server } from '#shared/ports.ts';

/** The moment at which a test's story happens, in Unix ms; everything else is told relative to it. */
export const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
export const seconds = (count: number): number => count * 1000;
export const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** A UUID that tells things of one kind apart. */
export const uuid = (kind: number, number: number): string =>
  `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

export const INCIDENT_ID = uuid(1, 1);
export const SERVICE_ID = uuid(2, 1);
export const INSTANCE_ID = uuid(3, 1);
export const HOST_KEY = hostKeyOf('default', 'RegionOne', SERVICE_ID);

export type PolicyInput = z.input<typeof policySchema>;
export type SegmentInput = PolicyInput['segments'][number];

const DEVICE = { driver: 'redfish', url: 'https://bmc.test/redfish/v1/Systems/{host}', credentials: 'bmc' } as const;

/** One segment `az1` of the availability zone `nova`, with a fence device for each host, no pause after a start, and no looks. */
export function aPolicy(overrides: Partial<PolicyInput> = {}, segment: Partial<SegmentInput> = {}): Policy {
  return policySchema.parse({
    version: 1,
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: 0 },
    survey: { everySeconds: 0 },
    forecast: { everySeconds: 0 },
    segments: [{ name: 'az1', hosts: { availabilityZone: 'nova' }, minHealthyHosts: 1, ...segment }],
    fenceDevices: { '*': DEVICE },
    ...overrides,
  });
}

export function aSegment(overrides: Partial<SegmentInput> = {}): Segment {
  const [segment] = aPolicy({}, overrides).segments;
  if (segment === undefined) throw new Error('a policy has a segment');
  return segment;
}

export const aProof = (overrides: Partial<FenceProof> = {}): FenceProof => ({
  kind: 'power-off-read-back',
  systemUuid: uuid(4, 1),
  readAtMs: NOW_MS - seconds(5),
  offSinceMs: overrides.readAtMs ?? NOW_MS - seconds(5),
  detail: 'PowerState Off',
  ...overrides,
});

const BASE = {
  id: INCIDENT_ID,
  segment: 'az1',
  openedAtMs: NOW_MS - seconds(300),
  tick: 3,
  dueAtMs: NOW_MS,
  audit: FIRST,
  release: null,
  pausedBy: null,
};
const CONFIRMED = { confirmedAtMs: NOW_MS - seconds(20), powerOffs: 0, evacuatingSinceMs: null };
const NO_FAILURE = { failures: 0, lastFailure: null };

const INCIDENTS: { readonly [S in IncidentStatus]: Extract<Incident, { status: S }> } = {
  suspected: { ...BASE, status: 'suspected', graceEndsAtMs: NOW_MS },
  held: { ...BASE, status: 'held', sinceMs: NOW_MS - seconds(10), failedGates: [], powerOffs: 0 },
  fencing: { ...BASE, ...CONFIRMED, ...NO_FAILURE, status: 'fencing', proofVoidedBy: null, earlierProof: null },
  'forcing-down': { ...BASE, ...CONFIRMED, ...NO_FAILURE, status: 'forcing-down', powerOffs: 1, proof: aProof() },
  planning: { ...BASE, ...CONFIRMED, status: 'planning', powerOffs: 1, proof: aProof() },
  evacuating: {
    ...BASE,
    ...CONFIRMED,
    status: 'evacuating',
    powerOffs: 1,
    proof: aProof(),
    evacuatingSinceMs: NOW_MS - seconds(4),
  },
  'handing-over': { ...BASE, status: 'handing-over', reason: 'no end after 21600 s', dismissed: false },
  stopped: {
    ...BASE,
    status: 'stopped',
    reason: 'the device contradicts the host',
    powerOffs: 0,
    proof: null,
    evacuatingSinceMs: null,
  },
};

/** An incident of this status that was opened five minutes ago and whose next step is due now. */
export const anIncident = <S extends IncidentStatus>(
  status: S,
  overrides: Partial<Extract<Incident, { status: S }>> = {},
): Extract<Incident, { status: S }> => ({ ...INCIDENTS[status], ...overrides }) as Extract<Incident, { status: S }>;

/** `compute-1`, of which nobody has said anything yet. */
export const aHost = (overrides: Partial<HostState> = {}): HostState => ({
  ...newHost({ key: HOST_KEY, cloud: 'default', region: 'RegionOne', name: 'compute-1', serviceId: SERVICE_ID }),
  ...overrides,
});

/** A host that its monitor says is down since ten minutes, with an incident of this status. */
export const aHostIn = <S extends IncidentStatus>(
  status: S,
  overrides: Partial<Extract<Incident, { status: S }>> = {},
): HostState & { readonly incident: Extract<Incident, { status: S }> } => ({
  ...aHost({ claims: { '/monitor/a': aClaim('down') } }),
  incident: anIncident(status, overrides),
});

export const aClaim = (says: 'down' | 'up', atMs: number = NOW_MS - seconds(300)): HostState['claims'][string] => ({
  says,
  occurredAtMs: atMs,
  receivedAtMs: atMs,
});

let events = 0;
export interface EventInput {
  readonly type?: Exclude<HostEventType, 'instance.down' | 'process.down' | 'process.up'>;
  readonly id?: string;
  readonly source?: string;
  readonly atMs?: number;
  readonly data?: Partial<HostEvent['data']>;
}

/** `host.down` of `compute-1` by `/monitor/a`, seen now; each has an id of its own. */
export function anEvent({ type = 'host.down', source = '/monitor/a', atMs = NOW_MS, id, data }: EventInput = {}) {
  events += 1;
  return {
    specversion: '1.0',
    id: id ?? `event-${events}`,
    source,
    type,
    time: iso(atMs),
    data: { schemaVersion: 1, host: 'compute-1', ...data },
  } as const satisfies HostEvent;
}

export const aService = (overrides: Partial<ComputeService> = {}): ComputeService => ({
  id: overrides.host === undefined ? SERVICE_ID : uuid(2, Number(overrides.host.replace(/\D/g, ''))),
  host: 'compute-1',
  zone: 'nova',
  status: 'enabled',
  disabledReason: null,
  state: 'up',
  forcedDown: false,
  lastReportAtMs: NOW_MS,
  ...overrides,
});

/** `compute-1` down, and so many healthy hosts beside it, `compute-2` the first. */
export const servicesOf = (healthy: number): readonly ComputeService[] => [
  aService({ state: 'down' }),
  ...Array.from({ length: healthy }, (_, index) => aService({ host: `compute-${index + 2}` })),
];

export const aHypervisor = (serviceHost: string, freeMemoryMb = 64_000): Hypervisor => ({
  serviceHost,
  memoryMb: freeMemoryMb + 1000,
  memoryUsedMb: 1000,
  vcpus: 64,
  vcpusUsed: 0,
});

export const anAggregate = (name: string, ...hosts: readonly string[]): Aggregate => ({
  id: 7,
  name,
  availabilityZone: null,
  hosts,
  metadata: {},
});

/** A running instance on `compute-1` whose disks are all on volumes. */
export const aServer = (overrides: Partial<Server> = {}): Server => ({
  id: INSTANCE_ID,
  name: 'web-1',
  projectId: uuid(5, 1),
  host: 'compute-1',
  status: 'ACTIVE',
  vmState: 'active',
  taskState: null,
  powerState: 1,
  locked: false,
  metadata: {},
  fault: null,
  memoryMb: 2048,
  vcpus: 1,
  flavorName: 'small',
  extraSpecs: {},
  addresses: [],
  imageId: null,
  localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false },
  ...overrides,
});

export const anAttempt = (overrides: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  destination: 'compute-2',
  way: 'as-it-was',
  grantedAtMs: NOW_MS - seconds(2),
  lastMigrationId: 0,
  ...overrides,
});

const PROGRESS: { readonly [S in TaskProgress['status']]: Extract<TaskProgress, { status: S }> } = {
  waiting: { status: 'waiting', notBeforeMs: NOW_MS, because: 'it ran' },
  granted: { status: 'granted', attempt: anAttempt() },
  requested: { status: 'requested', attempt: anAttempt(), requestedAtMs: NOW_MS - seconds(1) },
  accepted: { status: 'accepted', attempt: anAttempt(), sinceMs: NOW_MS - seconds(1) },
  unknown: { status: 'unknown', attempt: anAttempt(), sinceMs: NOW_MS - seconds(1), error: 'no answer' },
  restoring: {
    status: 'restoring',
    destination: 'compute-2',
    snapshot: { id: 'snapshot-1', kind: 'snapshot', createdAtMs: NOW_MS - seconds(7200), ageSeconds: 7200 },
    step: 'rebuild',
    number: 1,
    asked: null,
    failures: 0,
    notBeforeMs: NOW_MS,
    because: 'its evacuation is done',
  },
  ended: { status: 'ended', outcome: 'recovered', because: 'done', destination: 'compute-2', atMs: NOW_MS },
};

/** The task of `web-1`; its attempt, if it has one, is the first. */
export const aTask = <S extends TaskProgress['status']>(
  status: S,
  progress: Partial<Extract<TaskProgress, { status: S }>> = {},
  overrides: Partial<TaskState> = {},
): TaskState => ({
  incidentId: INCIDENT_ID,
  hostKey: HOST_KEY,
  instanceId: INSTANCE_ID,
  name: 'web-1',
  memoryMb: 2048,
  way: 'as-it-was',
  wayAgain: 'as-it-was',
  failedAt: [],
  attempts: status === 'waiting' ? 0 : 1,
  progress: { ...PROGRESS[status], ...progress } as TaskProgress,
  audit: FIRST,
  endedAt: null,
  ...overrides,
});

export const aMigration = (overrides: Partial<Migration> = {}): Migration => ({
  id: 1,
  instanceId: INSTANCE_ID,
  sourceHost: 'compute-1',
  destinationHost: 'compute-2',
  status: 'done',
  createdAt: iso(NOW_MS),
  ...overrides,
});
