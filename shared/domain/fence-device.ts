import type { Policy } from './policy.ts';

export const withHost = (url: string, host: string): string => url.replaceAll('{host}', encodeURIComponent(host));

/** The fence device of a host, with its name filled in; undefined when the policy has none. */
export function fenceDeviceOf(policy: Policy, host: string) {
  const config = policy.fenceDevices[Object.hasOwn(policy.fenceDevices, host) ? host : '*'];
  return config && { ...config, url: withHost(config.url, host) };
}
