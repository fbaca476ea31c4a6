import { DEVICE_URL } from '#cli/simulate/ports/devices.ts';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import type { Play } from './play.ts';

type Tree = { readonly [key: string]: unknown };

/** What every play starts from: README.md shows it. */
const SEGMENT: Tree = {
  name: 'az1',
  hosts: { availabilityZone: 'az1' },
  graceSeconds: 30,
  reporters: { required: 2 },
  minHealthyHosts: 1,
  instances: { sharedInstanceStorage: true },
};
const POLICY: Tree = {
  version: 1,
  failureDomains: { aggregateMetadataKey: 'rack' },
  settling: { pauseSeconds: 0 },
  watch: { everySeconds: 0 },
  survey: { everySeconds: 0 },
  forecast: { everySeconds: 0 },
  observer: { devices: 0 },
};
const DEVICE: Tree = { driver: 'redfish', credentials: 'bmc', timeoutSeconds: 10 };

/** @throws z.ZodError for what the product would refuse */
export function policyOf({ policy, hosts }: Play): Policy {
  const { segment = {}, ...rest } = policy as Tree;
  const known = hosts.filter(({ systemUuid }) => systemUuid !== undefined);
  const devices = Object.fromEntries(
    known.flatMap(({ name, systemUuid }) =>
      name.map((host) => [host, { ...DEVICE, url: DEVICE_URL.replace('{host}', host), systemUuid }]),
    ),
  );
  const fenceDevices = { '*': { ...DEVICE, url: DEVICE_URL }, ...devices };
  return policySchema.parse(merged({ ...POLICY, segments: [merged(SEGMENT, segment as Tree)], fenceDevices }, rest));
}

/** Objects are merged, all else is replaced; null takes a key away. */
function merged(base: Tree, over: Tree): Tree {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    if (value === null) delete result[key];
    else result[key] = isTree(before) && isTree(value) ? merged(before, value) : value;
  }
  return result;
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
