import type { Random } from '#sim/random.ts';
import { chanceFor, happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { PlannedFlavor, PlannedHost, PlannedImage, PlannedInstance, Scenario, SegmentInput } from './scenario.ts';

/**
 * What concerns who is brought back, in what order, and where to, added to a scenario: by a chance of its own, so that
 * all else of a seed stays as it was.
 */
export function withRecovery(scenario: Scenario): Scenario {
  const random = chanceFor(scenario.seed, 'recovery');
  const snapshots = chanceFor(scenario.seed, 'snapshots');
  const { policy } = scenario;
  const hosts = hostsFor(random, scenario.hosts);
  const reserved = hosts.filter((host) => host.reserved).map(({ name }) => name);
  const instances = scenario.instances
    .map((instance, index) => protectedBy(random, instance, index))
    .map((instance) => rankedBy(random, instance))
    .map((instance) => withSnapshots(snapshots, instance))
    .filter(({ host }) => !reserved.includes(host));
  return {
    ...scenario,
    hosts,
    flavors: FLAVORS,
    images: IMAGES,
    instances,
    serverGroups: groupsOf(random, instances),
    aggregateMetadata: happens(random, 0.3) ? { evacuable: pickOne(random, ['true', 'false', 'perhaps']) } : {},
    policy: {
      ...policy,
      segments: policy.segments.map((segment) => ({
        ...segment,
        instances: restoredBy(snapshots, whoOf(random, segment.instances)),
        order: orderOf(random),
        destinations: destinationsOf(random, reserved),
      })),
    },
  };
}

/** Backups are made each night; some are older, and some instances have none. */
function withSnapshots(random: Random, instance: PlannedInstance): PlannedInstance {
  const asks = happens(random, 0.7) ? { 'salvor:restart_from_snapshot': 'true' } : {};
  const ages = Array.from({ length: wholeBetween(random, 0, 2) }, () => wholeBetween(random, 600, 100_000));
  if (instance.root === 'volume') return instance;
  return { ...instance, metadata: { ...instance.metadata, ...asks }, snapshotAgesSeconds: ages };
}

/** Where disks are lost at all. */
function restoredBy(random: Random, instances: SegmentInput['instances']): SegmentInput['instances'] {
  const restartFromSnapshot = {
    maxAgeSeconds: pickOne(random, [3600, 86_400]),
    who: pickOne(random, ['opted-in', 'opted-in', 'all'] as const),
  };
  const isUsed = instances?.sharedInstanceStorage !== true && instances?.allowRebuildFromImage !== true;
  return happens(random, 0.6) && isUsed ? { ...instances, restartFromSnapshot } : instances;
}

const plain = { memoryMb: 512, vcpus: 1 };
const FLAVORS: readonly PlannedFlavor[] = [
  { name: 'opted-in', ...plain, extraSpecs: { 'ha:evacuable': 'true' } },
  { name: 'opted-out', ...plain, extraSpecs: { evacuable: 'false' } },
  { name: 'm1.amphora', ...plain, extraSpecs: {} },
];
const IMAGES: readonly PlannedImage[] = [
  { name: 'property-in', tags: [], properties: { evacuable: 'yes' } },
  { name: 'property-out', tags: [], properties: { evacuable: 'no' } },
  { name: 'tagged', tags: ['evacuable'], properties: {} },
  { name: 'octavia', tags: ['amphora'], properties: {} },
];

function protectedBy(random: Random, instance: PlannedInstance, index: number): PlannedInstance {
  const flavor = instance.flavor === 'tiny' && happens(random, 0.2) ? pickOne(random, FLAVORS).name : instance.flavor;
  const image = happens(random, 0.2) ? { image: pickOne(random, IMAGES).name } : {};
  const number = String(index).padStart(12, '0');
  const name = happens(random, 0.02) ? `amphora-00000000-0000-4000-8000-${number}` : instance.name;
  return { ...instance, ...image, name, flavor };
}

/** In some worlds there is little room, and in some the last host of a segment is kept for failures. */
function hostsFor(random: Random, hosts: readonly PlannedHost[]): readonly PlannedHost[] {
  const memoryMb = happens(random, 0.3) ? { memoryMb: LITTLE_MB } : {};
  const keeps = happens(random, 0.35);
  return hosts.map((host, index) => {
    const own = hosts.filter(({ segment }) => segment !== null && segment === host.segment);
    const isKept = keeps && own.length >= 4 && own.at(-1) === hosts[index];
    return { ...host, ...memoryMb, ...(isKept ? { reserved: true as const } : {}) };
  });
}

/** A host's own instances, and those of another half full one. */
const LITTLE_MB = 16_384;

/** A group's members are on any hosts; some are on the same. */
function groupsOf(random: Random, instances: readonly PlannedInstance[]): Scenario['serverGroups'] {
  if (instances.length < 10 || happens(random, 0.4)) return [];
  const names = instances.map(({ name }) => name);
  return (['anti-affinity', 'soft-anti-affinity', 'soft-affinity', 'affinity'] as const)
    .filter(() => happens(random, 0.5))
    .map((policy, index) => {
      const members = Array.from({ length: 4 }, (_, place) => names[(index * 4 + place * 7) % names.length] ?? '');
      // Nova lets nobody into an affinity group who is on another host.
      const first = instances.find(({ name }) => name === members[0])?.host;
      const together = instances.filter(({ host }) => host === first).map(({ name }) => name);
      return { policy, members: [...new Set(policy === 'affinity' ? together.slice(0, 2) : members)] };
    });
}

function destinationsOf(random: Random, reserved: readonly string[]): NonNullable<SegmentInput['destinations']> {
  const methods = ['auto', 'auto_priority', 'auto_priority', 'rh_priority', 'reserved_host'] as const;
  return {
    within: happens(random, 0.8) ? 'zone' : 'segment',
    otherwise: happens(random, 0.7) ? 'scheduler' : 'wait',
    ...(reserved.length === 0 ? {} : { method: pickOne(random, methods), reservedHosts: { names: [...reserved] } }),
  };
}

function rankedBy(random: Random, instance: PlannedInstance): PlannedInstance {
  const metadata = {
    ...instance.metadata,
    ...(happens(random, 0.2) ? { 'salvor:tier': pickOne(random, ['1', '2', '3', 'none']) } : {}),
    ...(happens(random, 0.2) ? { 'instanceha:restart_priority': pickOne(random, ['1', '900', '5000']) } : {}),
    ...(happens(random, 0.1) ? { 'instanceha:restart_group': pickOne(random, ['a', 'b']) } : {}),
  };
  const project = pickOne(random, ['owner', 'other']);
  return happens(random, 0.8)
    ? { ...instance, metadata, project, answersAfterMs: wholeBetween(random, 0, 60_000) }
    : { ...instance, metadata, project };
}

/** Short times, so that tiers that are up too late come about as well. */
function orderOf(random: Random): NonNullable<SegmentInput['order']> {
  const gate = (): NonNullable<NonNullable<SegmentInput['order']>['gate']> => ({
    by: pickOne(random, ['active', 'active', 'time', 'tcp', 'http']),
    seconds: wholeBetween(random, 0, 40),
    port: 22,
    ranges: ['10.0.0.0/16'],
    deadlineSeconds: pickOne(random, [10, 30, 60]),
  });
  return {
    gate: gate(),
    gates: happens(random, 0.5) ? { '2': gate() } : {},
    tiersWithin: pickOne(random, ['project', 'host']),
    ifNotUp: happens(random, 0.8) ? 'go-on' : 'stop',
    byOwners: happens(random, 0.9),
  };
}

function whoOf(random: Random, instances: SegmentInput['instances']): SegmentInput['instances'] {
  const saidIn = pickOne(random, [
    [],
    ['metadata', 'image', 'flavor', 'aggregate'],
    ['metadata', 'aggregate'],
    ['image', 'flavor'],
  ] as const);
  const exclude = happens(random, 0.2) ? [{ imageTag: 'amphora', because: 'simulated: it is an amphora' }] : undefined;
  return {
    ...instances,
    ...(saidIn.length === 0 ? {} : { saidIn: [...saidIn] }),
    ...(exclude === undefined ? {} : { exclude }),
  };
}
