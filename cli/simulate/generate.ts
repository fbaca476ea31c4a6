import type { Random } from '#sim/random.ts';
import type { VmState } from '#sim/world/types.ts';
import { chanceFor, happens, pickOne, wholeBetween } from './engine/chance.ts';
import { withFencing } from './generate-fencing.ts';
import { policyOf } from './generate-policy.ts';
import { withRecovery } from './generate-recovery.ts';
import { withReturns, withWorkLimits, worksOf } from './generate-returns.ts';
import { withInstanceRecovery } from './guests.ts';
import { howsFor } from './leads.ts';
import { faultsOf } from './plan-faults.ts';
import type { PlannedFailure, PlannedHalt, PlannedHost, PlannedInstance, PolicyInput, Scenario } from './scenario.ts';
import { type Focus, focusOf } from './schedule.ts';

const SEGMENTS = ['rack-a', 'rack-b'] as const;
const INSTANCES_PER_HOST = 13;

/** The scenario of a seed: the same at any time. */
export function scenarioOf(seed: number): Scenario {
  const random = chanceFor(seed, 'scenario');
  const hosts = hostsOf(random);
  const focuses = Array.from({ length: wholeBetween(random, 3, 6) }, (_, failure) => focusOf(seed, failure));
  const policy = policyOf(random, hosts, focuses);
  const first = failuresOf(random, hosts, focuses);
  const failures = seed % RELAPSES_EVERY === 0 ? [...first, ...relapsesOf(random, first)] : first;
  const settleMs = 1000 * (policy.segments[0]?.evacuation?.settleSeconds ?? 120);
  const halts = haltsOf(random, failures);
  const instances = hosts.flatMap((host) => instancesOf(random, host));
  const faults = focuses.flatMap((focus, index) => {
    const failure = failures[index];
    return failure === undefined ? [] : faultsOf(random, failure, focus, { settleMs, policy });
  });
  const endsMs = [
    ...halts.map(({ atMs, forMs }) => atMs + forMs),
    ...faults.map(({ fromMs, forMs }) => fromMs + forMs),
  ];
  const lastMs = Math.max(...failures.map(({ atMs }) => atMs), ...endsMs);
  const proofMaxAgeSeconds = policy.segments[0]?.fencing?.proofMaxAgeSeconds ?? 120;
  // Told from the seed alone: all else is as it would be without.
  const beats =
    seed % BEATS_EVERY === 0 ? { everyMs: 10_000, skewMs: ((seed / BEATS_EVERY) % 5) * 10_000 - 20_000 } : null;
  // What docs/safety.md assumes: a host that is switched on needs longer to start its guests than a proof lasts.
  const hostBootMs = (proofMaxAgeSeconds + 120) * 1000;
  const works = happens(chanceFor(seed, 'whether it is worked'), 1 / WORKS_EVERY)
    ? worksOf(chanceFor(seed, 'works'), hosts, lastMs)
    : [];
  const watched: PolicyInput =
    beats === null ? policy : { ...policy, watch: { nova: false, ...policy.watch, everySeconds: 5 } };
  const returns = happens(chanceFor(seed, 'whether hosts return'), 1 / RETURNS_EVERY);
  const returning = returns ? withReturns(chanceFor(seed, 'returns'), watched, hostBootMs) : watched;
  const guests = seed % GUESTS_FAIL_EVERY === 0 ? { everyMs: 30_000 } : null;
  const policyOfAll = guests === null ? returning : withInstanceRecovery(seed, returning);
  const scenario = withRecovery({
    seed,
    hosts,
    policy: withWorkLimits(chanceFor(seed, 'work limits'), policyOfAll),
    beats,
    guests,
    failures,
    halts,
    works,
    instances,
    flavors: [],
    images: [],
    serverGroups: [],
    aggregateMetadata: {},
    faults,
    noise: { 'message-duplicated': 0.001, 'message-delayed': 0.001, 'killed-before': 0.0001, 'killed-after': 0.0001 },
    skewMs: [0, wholeBetween(random, -2000, 2000), wholeBetween(random, -500, 500)],
    hostBootMs,
    calmAtMs: lastMs + wholeBetween(random, 250_000, 400_000),
  });
  return happens(chanceFor(seed, 'whether it is fenced by more'), 1 / MORE_FENCING_EVERY)
    ? withFencing(chanceFor(seed, 'fencing'), scenario)
    : scenario;
}

/** One seed in so many has hosts with more than a BMC by Redfish. */
const MORE_FENCING_EVERY = 2;
/** One seed in so many has hosts that send heartbeats: they make for many messages. */
const BEATS_EVERY = 8;
/** One seed in so many has guests that end by themselves. */
const GUESTS_FAIL_EVERY = 3;
/** One seed in so many. */
const RELAPSES_EVERY = 5;
/** One seed in so many, whatever else it has, has hosts that come back by themselves, and operators who work on hosts. */
const RETURNS_EVERY = 3;
const WORKS_EVERY = 4;
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

/** In some seeds all of salvor stands still for minutes, in the middle of a recovery. */
function haltsOf(random: Random, failures: readonly PlannedFailure[]): readonly PlannedHalt[] {
  if (!happens(random, 0.12)) return [];
  const { atMs } = pickOne(random, failures);
  return [{ atMs: atMs + wholeBetween(random, 2_000, 90_000), forMs: wholeBetween(random, 100_000, 420_000) }];
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
