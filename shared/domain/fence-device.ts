import type { Policy } from './policy.ts';
import { type FenceDeviceConfig, levelsOf, withHost } from './policy-devices.ts';

/** The fence devices of a host by level, with its name filled in; none when the policy names none. */
export function fenceLevelsOf(policy: Policy, host: string): readonly (readonly FenceDeviceConfig[])[] {
  const entry = policy.fenceDevices[Object.hasOwn(policy.fenceDevices, host) ? host : '*'];
  if (entry === undefined) return [];
  return levelsOf(entry).map((level) => level.map((config) => withHost(config, host)));
}

/** The first of them. */
export const fenceDeviceOf = (policy: Policy, host: string): FenceDeviceConfig | undefined =>
  fenceLevelsOf(policy, host)[0]?.[0];
