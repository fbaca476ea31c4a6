import type { Random } from '#sim/random.ts';
import type { VmState } from '#sim/world/types.ts';
import { chanceFor, happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { FaultKind, StateName } from './faults.ts';
import { howsFor, wantsRenewals } from './leads.ts';
import { faultsOf } from './plan-faults.ts';
import { DEVICE_URL } from './ports/fencing.ts';
import type { PlannedFailure, PlannedHost, PlannedInstance, PolicyInput, Scenario } from './scenario.ts';
import { type Focus, focusOf } from './schedule.ts';

const SEGMENTS = ['rack-a', 'rack-b'] as const;
const INSTANCES_PER_HOST = 12;
/** Metadata key of aggregates that names the failure domain of their hosts. */
export const RACK = 'rack';

/** The scenario of a seed: the same at any time. */
export function scenarioOf(seed: number): Scenario {
  const random = chanceFor(seed, 'scenario');
  const hosts = hostsOf(random);
  const focuses = Array.from({ length: wholeBetween(random, 3, 6) }, (_, failure) => focusOf(seed, failure));
  const policy = policyOf(random, hosts, focuses);
  const first = failuresOf(random, hosts, focuses);
  const failures = seed % RELAPSES_EVERY === 0 ? [...first, ...relapsesOf(random, first)] : first;
  const settleMs = 1000 * (policy.segments[0]?.evacuation?.settleSeconds ?? 120);
  const lastMs = Math.max(...failures.map(({ atMs }) => atMs));
  const proofMaxAgeSeconds = policy.segments[0]?.fencing?.proofMaxAgeSeconds ?? 120;
  return {
    seed,
    hosts,
    policy,
    failures,
    instances: hosts.flatMap((host) => instancesOf(random, host)),
    faults: focuses.flatMap((focus, index) => {
      const failure = failures[index];
      return failure === undefined ? [] : faultsOf(random, failure, focus, { settleMs, policy });
    }),
    noise: { 'message-duplicated': 0.001, 'message-delayed': 0.001, 'killed-before': 0.0001, 'killed-after': 0.0001 },
    skewMs: [0, wholeBetween(random, -2000, 2000), wholeBetween(random, -500, 500)],
    // What docs/safety.md assumes: a host that is switched on needs longer to start its guests than a proof lasts.
    hostBootMs: (proofMaxAgeSeconds + 120) * 1000,
    calmAtMs: lastMs + wholeBetween(random, 250_000, 400_000),
  };
}

/** One seed in so many. */
const RELAPSES_EVERY = 5;
/** A recovery, the repair and the boot take no longer, if nothing goes wrong. */
const GIVEN_BACK_AFTER_MS = 900_000;

const uuid = (kind: number, number: number): string =>
  `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

function hostsOf(random: Random): readonly PlannedHost[] {
  const count = wholeBetween(random, 4, 8);
  const segments = count >= 6 && happens(random, 0.6) ? SEGMENTS : [SEGMENTS[0]];
  const outside = happens(random, 0.15) ? 1 : 0;
  return Array.from({ length: count }, (_, index) => ({
    name: `compute-${index + 1}`,
    systemUuid: uuid(4, index + 1),
    segment: index >= count - outside ? null : (segments[index % segments.length] ?? null),
  }));
}

/** It lets come about, and last, what the failures are for. */
function policyOf(random: Random, hosts: readonly PlannedHost[], focuses: readonly Focus[]): PolicyInput {
  const aims = new Set<StateName | FaultKind>(focuses.flatMap(({ state, kinds }) => [state, ...kinds]));
  const renews = focuses.some(wantsRenewals);
  const windowSeconds = pickOne(random, [300, 600]);
  const segments = [...new Set(hosts.flatMap(({ segment }) => (segment === null ? [] : [segment])))];
  const proofMaxAgeSeconds = pickOne(random, renews ? [30] : [30, 60, 120]);
  const settleSeconds = pickOne(random, [60, 90, 120]);
  const knowsSystems = happens(random, 0.5) || aims.has('bmc-wrong-host');
  const device = { driver: 'redfish' as const, credentials: 'bmc', timeoutSeconds: pickOne(random, [4, 10]) };
  // Guards that hold many hosts, and such that let most of them go on to where the other faults are.
  const strict = happens(random, 0.2);
  return {
    version: 1,
    segments: segments.map((name) => ({
      name,
      hosts: { aggregate: name },
      mode: happens(random, 0.97) ? 'enforce' : 'shadow',
      graceSeconds: pickOne(random, aims.has('suspected') ? [20, 40] : [0, 10, 20, 40]),
      reporters: { required: pickOne(random, [1, 1, 2, 3]), claimTtlSeconds: pickOne(random, [120, 300, 900]) },
      requireNovaDown: happens(random, 0.8),
      storm: stormOf(random, strict ? [1, 2, 3] : [4, 6], windowSeconds, strict),
      minHealthyHosts: pickOne(random, strict ? [1, 2, 3] : [1, 1, 2]),
      instances: {
        protect: happens(random, 0.85) ? 'all' : 'opted-in',
        sharedInstanceStorage: happens(random, 0.75),
        allowRebuildFromImage: happens(random, 0.1),
        lostStates: happens(random, 0.8) ? 'recover-stopped' : 'leave',
        inError: happens(random, 0.8) ? 'recover' : 'leave',
      },
      evacuation: {
        maxInFlight: pickOne(random, renews ? [1, 2] : [1, 3, 50]),
        maxInFlightPerDestination: pickOne(random, [1, 2, 10]),
        maxAttempts: pickOne(random, [2, 3, 5]),
        retryBaseSeconds: pickOne(random, [1, 5, 10]),
        retryMaxSeconds: 40,
        settleSeconds,
        pollSeconds: pickOne(random, [2, 3, 5]),
        deadlineSeconds: pickOne(random, aims.has('handing-over') ? [90, 150] : [300, 600, 900]),
      },
      fencing: { proofMaxAgeSeconds, retryBaseSeconds: pickOne(random, [2, 5]), retryMaxSeconds: 30 },
    })),
    settling: { pauseSeconds: pickOne(random, [0, 60]) },
    fenceDevices: knowsSystems
      ? Object.fromEntries(
          hosts.map(({ name, systemUuid }) => [
            name,
            { ...device, url: DEVICE_URL.replace('{host}', name), systemUuid },
          ]),
        )
      : { '*': { ...device, url: DEVICE_URL } },
    failureDomains: domainsOf(random, hosts, strict, windowSeconds),
    global: {
      storm: stormOf(random, strict ? [2, 3, 5] : [5, 8], windowSeconds, strict),
      maxEvacuationsInFlight: pickOne(random, [2, 10, 100]),
    },
  };
}

const stormOf = (random: Random, maxHosts: readonly number[], windowSeconds: number, strict: boolean) => ({
  maxHosts: pickOne(random, maxHosts),
  maxPercent: pickOne(random, strict ? [34, 50, 75] : [75, 100]),
  windowSeconds,
  maxHostsPerDay: pickOne(random, strict ? [3, 20, 20, 20] : [20]),
  maxHostsPerMinute: pickOne(random, strict ? [1, 3] : [1, 2, 3]),
  coolDownSeconds: pickOne(random, [0, 30, 120]),
});

/** Racks as Nova's aggregates name them, or the policy, or none. */
function domainsOf(random: Random, hosts: readonly PlannedHost[], strict: boolean, windowSeconds: number) {
  const limits = {
    maxHostsPerDomain: pickOne(random, strict ? [1, 2] : [2, 3, 5]),
    maxDomains: pickOne(random, strict ? [1, 2] : [2, 3]),
    windowSeconds,
  };
  const racks = wholeBetween(random, 2, 3);
  const named = hosts.map(({ name }, index) => ({ name, rack: `rack-${index % racks}` }));
  const inRack = Object.groupBy(named, ({ rack }) => rack);
  const byName = Object.entries(inRack).map(([rack, all = []]) => [rack, all.map(({ name }) => name)] as const);
  return pickOne(random, [
    limits,
    { ...limits, aggregateMetadataKey: RACK },
    { ...limits, hosts: Object.fromEntries(byName) },
  ]);
}

/** One for each focus. Most hosts have time to be repaired before they fail again. */
function failuresOf(
  random: Random,
  hosts: readonly PlannedHost[],
  focuses: readonly Focus[],
): readonly PlannedFailure[] {
  const start = wholeBetween(random, 0, hosts.length - 1);
  const protectedOnes = hosts.filter(({ segment }) => segment !== null);
  const failures: PlannedFailure[] = [];
  let atMs = wholeBetween(random, 20_000, 40_000);
  for (const [index, focus] of focuses.entries()) {
    const next = protectedOnes[(start + index) % protectedOnes.length];
    const host = (next === undefined || happens(random, 0.1) ? pickOne(random, hosts) : next).name;
    const how = pickOne(
      random,
      howsFor(focus, (among) => pickOne(random, among)),
    );
    failures.push({ atMs, host, how, forMs: wholeBetween(random, 15_000, 200_000) });
    atMs += happens(random, 0.1) ? wholeBetween(random, 0, 20_000) : wholeBetween(random, 150_000, 400_000);
  }
  return failures;
}

/** A host that was recovered, repaired and given back fails anew: nothing of its earlier incident may count then. */
function relapsesOf(random: Random, failures: readonly PlannedFailure[]): readonly PlannedFailure[] {
  const [first] = failures;
  if (first === undefined) return [];
  const atMs = Math.max(first.atMs + GIVEN_BACK_AFTER_MS, ...failures.map((each) => each.atMs + 150_000));
  return [{ ...first, atMs, how: pickOne(random, ['crash', 'cut-off']) }];
}

const STATES: readonly VmState[] = ['active', 'active', 'active', 'active', 'active', 'stopped', 'stopped', 'paused'];
const ODD_STATES: readonly VmState[] = ['suspended', 'rescued', 'error', 'resized', 'shelved', 'building'];

function instancesOf(random: Random, { name: host }: PlannedHost): readonly PlannedInstance[] {
  return Array.from({ length: wholeBetween(random, 2, 2 * INSTANCES_PER_HOST - 2) }, (_, index) => ({
    name: `${host}-vm-${index + 1}`,
    host,
    state: happens(random, 0.08) ? pickOne(random, ODD_STATES) : pickOne(random, STATES),
    flavor: happens(random, 0.1) ? pickOne(random, ['local-disks', 'vtpm', 'swap', 'diskless']) : 'tiny',
    root: happens(random, 0.5) ? 'image' : 'volume',
    metadata: happens(random, 0.1) ? { HA_Enabled: 'false' } : happens(random, 0.6) ? { HA_Enabled: 'true' } : {},
  }));
}
