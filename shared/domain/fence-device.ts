import type { Policy } from './policy.ts';
import { type FenceDeviceConfig, type FenceEntry, levelsOf, mapDevices, withHost } from './policy-devices.ts';

/** What the policy names for a host, with its name filled in. */
export function fenceEntryOf(policy: Policy, host: string): FenceEntry | undefined {
  const entry = policy.fenceDevices[Object.hasOwn(policy.fenceDevices, host) ? host : '*'];
  return entry && mapDevices(entry, (config) => withHost(config, host));
}

/** The same by level; none when the policy names none. */
export function fenceLevelsOf(policy: Policy, host: string): readonly (readonly FenceDeviceConfig[])[] {
  const entry = fenceEntryOf(policy, host);
  return entry === undefined ? [] : levelsOf(entry);
}

/** The first of them. */
export const fenceDeviceOf = (policy: Policy, host: string): FenceDeviceConfig | undefined =>
  fenceLevelsOf(policy, host)[0]?.[0];
