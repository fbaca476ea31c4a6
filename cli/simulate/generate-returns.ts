import type { Random } from '#sim/random.ts';
import { happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { PlannedHost, PlannedWork, PolicyInput } from './scenario.ts';

/** What salvor may do for hosts that have no failure: told from the seed alone, so that all else is as it would be without. */

/** The policy with hosts that come back by themselves, in some way. */
export function withReturns(random: Random, policy: PolicyInput, hostBootMs: number): PolicyInput {
  const segments = policy.segments.map((segment) => ({
    ...segment,
    hostReturn: {
      mode: happens(random, 0.85) ? ('automatic' as const) : ('manual' as const),
      powerOn: happens(random, 0.7) ? ('after-evacuations' as const) : ('never' as const),
      bootSeconds: hostBootMs / 1000 + 60,
      healthyForSeconds: pickOne(random, [0, 30, 60, 120]),
      quarantine: { failures: pickOne(random, [1, 2, 2, 3]), holdSeconds: pickOne(random, [0, 120, 600]) },
      goHome: happens(random, 0.5),
    },
  }));
  return { ...policy, segments };
}

/** How live migrations of planned work are asked for. */
export const withWorkLimits = (random: Random, policy: PolicyInput): PolicyInput => ({
  ...policy,
  maintenance: {
    maxInFlight: pickOne(random, [1, 2, 5]),
    maxAttempts: pickOne(random, [1, 2, 3]),
    retryBaseSeconds: pickOne(random, [1, 10]),
    retryMaxSeconds: 40,
    settleSeconds: 120,
    pollSeconds: pickOne(random, [2, 5]),
    moveTimeoutSeconds: pickOne(random, [60, 600]),
  },
});

/** Operators work on a host or two, among the failures. */
export function worksOf(random: Random, hosts: readonly PlannedHost[], lastMs: number): readonly PlannedWork[] {
  return Array.from({ length: wholeBetween(random, 1, 2) }, () => ({
    atMs: wholeBetween(random, 10_000, Math.max(20_000, lastMs)),
    host: pickOne(random, hosts).name,
    drain: happens(random, 0.7),
    forMs: wholeBetween(random, 30_000, 600_000),
    endsItself: happens(random, 0.3),
    reboots: happens(random, 0.5),
  }));
}
