import type { Policy } from './policy.ts';
import { allDevices } from './policy-devices.ts';

type Names = readonly string[];

/** The fence workers that devices need. */
export function fencingWorkersOf({ fenceDevices }: Pick<Policy, 'fenceDevices'>): Names {
  const devices = allDevices(fenceDevices);
  return named(devices.flatMap((each) => (each.driver === 'agent' ? [each.worker] : [])));
}

/** Those that are asked to start services again, in segments that are made through the Masakari API too. */
export function restartWorkersOf({ segments, masakari }: Pick<Policy, 'segments' | 'masakari'>): Names {
  const recoveries = [...segments, masakari?.segmentDefaults].map((each) => each?.processRecovery);
  return named(
    recoveries.flatMap((each) => (each?.worker !== undefined && each.restart.length > 0 ? [each.worker] : [])),
  );
}

/** All that the policy names. Each reads a queue of its own. */
export const fenceWorkersOf = (policy: Pick<Policy, 'fenceDevices' | 'segments' | 'masakari'>): Names =>
  named([...fencingWorkersOf(policy), ...restartWorkersOf(policy)]);

const named = (workers: Names): Names => [...new Set(workers)].sort();
