import * as z from 'zod';
import { ipmiAddressOf } from './ipmi-address.ts';
import { name, seconds } from './policy-values.ts';

/**
 * The keys of the policy that say how a host is fenced. One driver is one schema here, one adapter in
 * `shared/adapters/fencing/`, and one table in docs/policy.md. `{host}` in an address stands for the host's name.
 */

/** Of one call to a device, however many requests it takes. */
export const LONGEST_CALL_SECONDS = 15;

/** What each driver has. */
const common = {
  /** Switch off this system only; bound at the first contact where it is not named. */
  systemUuid: z.uuid().toLowerCase().optional(),
  /** Of one call to the device, however many requests it takes. */
  timeoutSeconds: seconds(1, LONGEST_CALL_SECONDS).default(10),
};

const redfish = z.strictObject({
  driver: z.literal('redfish'),
  /** The Redfish system (`https://bmc/redfish/v1/Systems/1`) or service root. */
  url: z.string().regex(/^https?:\/\/\S+$/, 'an http(s) address'),
  /** Name of the secret that holds `username` and `password`. */
  credentials: name,
  caFile: z.string().min(1).optional(),
  insecureTls: z.boolean().optional(),
  ...common,
});

const ipmi = z.strictObject({
  driver: z.literal('ipmi'),
  /** The BMC's name or address, and its UDP port where that is not 623: `bmc-1`, `10.0.0.1:6230`, `[fd00::1]:623`. */
  address: z.string().refine((text) => ipmiAddressOf(text) !== undefined, 'a name or an address, and perhaps a port'),
  /** Name of the secret that holds `username`, `password` and, where the BMC has a key of its own, `kg`. */
  credentials: name,
  /** The one that is spoken, and no other. */
  cipherSuite: z.literal([17, 3]).default(17),
  privilege: z.enum(['operator', 'administrator']).default('operator'),
  /** How the BMC puts its system's UUID into 16 bytes. */
  guidEncoding: z.enum(['smbios', 'rfc4122', 'ipmi']).default('smbios'),
  ...common,
});

const device = z.discriminatedUnion('driver', [redfish, ipmi]);

/**
 * A fencing topology as Pacemaker has it: the devices of a level fence the host together, such as the outlets of two
 * power supplies; the next level is tried when one does not.
 */
const topology = z.strictObject({
  levels: z
    .array(z.union([device, z.array(device).min(1).max(8)]))
    .min(1)
    .max(9),
});

/** By a host's own name, or `*` for every host without an entry of its own. */
export const fenceDevicesByHost = z.record(z.string().min(1).max(255), z.union([device, topology]));

/** One device as the policy has it. */
export type FenceDeviceConfig = z.infer<typeof device>;
export type FenceEntry = FenceDeviceConfig | z.infer<typeof topology>;

/** An entry's levels, each with its devices; one device alone is one level. */
export const levelsOf = (entry: FenceEntry): readonly (readonly FenceDeviceConfig[])[] =>
  'levels' in entry ? entry.levels.map((level) => (Array.isArray(level) ? level : [level])) : [[entry]];

/** The entry with each of its devices changed. */
export function mapDevices(entry: FenceEntry, change: (config: FenceDeviceConfig) => FenceDeviceConfig): FenceEntry {
  if (!('levels' in entry)) return change(entry);
  return { levels: entry.levels.map((level) => (Array.isArray(level) ? level.map(change) : change(level))) };
}

/** The device's address, as a person would name it. No two hosts have the same. */
export function addressOf(config: FenceDeviceConfig): string {
  switch (config.driver) {
    case 'redfish':
      return `redfish at ${config.url}`;
    case 'ipmi': {
      const { host, port } = ipmiAddressOf(config.address) ?? { host: config.address, port: 0 };
      return `ipmi at ${host} port ${port}`;
    }
  }
}

/** The device of this host: its name is filled in for `{host}`, encoded where that is an address. */
export function withHost(config: FenceDeviceConfig, host: string): FenceDeviceConfig {
  switch (config.driver) {
    case 'redfish':
      return { ...config, url: config.url.replaceAll('{host}', encodeURIComponent(host)) };
    case 'ipmi':
      return { ...config, address: config.address.replaceAll('{host}', host) };
  }
}

/** S2: a device belongs to one host. Another host's device would give a proof for a host that still runs. */
export function* deviceFaults(
  entries: Readonly<Record<string, FenceEntry>>,
): Generator<readonly [host: string, fault: string]> {
  const owners = new Map<string, string>();
  for (const [host, entry] of Object.entries(entries)) {
    const devices = levelsOf(entry).flat();
    if (host === '*') {
      for (const each of devices) {
        if (addressOf(each) === addressOf(withHost(each, '')))
          yield [host, 'the address of * must hold {host}, or all hosts would share one device'];
        if (each.systemUuid !== undefined) yield [host, 'systemUuid is of one system, and * stands for many hosts'];
      }
      continue;
    }
    // Two devices of one host may tell the same system; none may stand in two levels.
    const systems = new Set(devices.flatMap(({ systemUuid }) => (systemUuid === undefined ? [] : [systemUuid])));
    const ids = [
      ...devices.map((each) => addressOf(withHost(each, host))),
      ...[...systems].map((systemUuid) => `systemUuid ${systemUuid}`),
    ];
    for (const id of ids) {
      const owner = owners.get(id);
      if (owner === host) yield [host, `${id} is there twice`];
      else if (owner !== undefined) yield [host, `${id} is also that of ${owner}; a device belongs to one host`];
      owners.set(id, host);
    }
  }
}
