import * as z from 'zod';
import { LONGEST_RUN_SECONDS } from '#events/fence-worker.ts';
import { ipmiAddressOf } from './ipmi-address.ts';
import { agentAddress, agentFaults, agentKeys, agentOfHost } from './policy-agent.ts';
import { name, seconds } from './policy-values.ts';

/**
 * The keys of the policy that say how a host is fenced. One driver is one schema here, one adapter in
 * `shared/adapters/fencing/`, and one table in docs/policy.md. `{host}` in an address stands for the host's name.
 */

/** Of one call to a device, however many requests it takes: no function waits for longer. */
export const LONGEST_CALL_SECONDS = 15;

/** What each driver has. */
const common = {
  /** Switch off this system only; bound at the first contact where it is not named. */
  systemUuid: z.uuid().toLowerCase().optional(),
  /** Of one call to the device, however many requests it takes. */
  timeoutSeconds: seconds(1, LONGEST_CALL_SECONDS).default(10),
  /** So often it is asked the same before the next level, or a pause (Pacemaker's `pcmk_off_retries`); once where absent. */
  attempts: z.int().min(1).max(5).optional(),
  /** Of `fenceNetworks`: so many calls are under way in it at most. */
  network: name.optional(),
};

/** Of those that are spoken to by HTTP. */
const web = {
  caFile: z.string().min(1).optional(),
  /** SHA-256 of the one certificate that is accepted, as openssl prints it or without its colons. */
  certificateSha256: z
    .string()
    .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'the 64 hexadecimal digits of a SHA-256')
    .optional(),
  insecureTls: z.boolean().optional(),
  ...common,
};
const httpUrl = z.string().regex(/^https?:\/\/\S+$/, 'an http(s) address');

/** A check that is named and then not made would be worse than none. */
const TLS_CONTRADICTION = 'insecureTls accepts any certificate: leave out either it, or caFile and certificateSha256';
const agrees = (device: {
  readonly insecureTls?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly certificateSha256?: string | undefined;
}): boolean => device.insecureTls !== true || (device.caFile === undefined && device.certificateSha256 === undefined);

const redfish = z
  .strictObject({
    driver: z.literal('redfish'),
    /** The Redfish system (`https://bmc/redfish/v1/Systems/1`), or the device itself. */
    url: httpUrl,
    /** Name of the secret that holds `username` and `password`. */
    credentials: name,
    auth: z.enum(['basic', 'session', 'auto']).optional(),
    ...web,
  })
  .refine(agrees, TLS_CONTRADICTION);

const ironic = z
  .strictObject({
    driver: z.literal('ironic'),
    /** Name or UUID. */
    node: z.string().min(1).max(255).default('{host}'),
    /** Of an Ironic with accounts of its own; without it, the one in the catalogue of the cloud. */
    url: httpUrl.optional(),
    /** Name of the secret that holds `username` and `password`. */
    credentials: name.optional(),
    ...web,
  })
  .refine(agrees, TLS_CONTRADICTION)
  .refine(({ url, credentials }) => (url === undefined) === (credentials === undefined), {
    message: 'url and credentials belong together; without them it is the Ironic of the cloud',
  });

const metal3 = z
  .strictObject({
    driver: z.literal('metal3'),
    /** Of the Kubernetes API. */
    url: httpUrl,
    namespace: z.string().min(1).max(63),
    bareMetalHost: z.string().min(1).max(253).default('{host}'),
    /** Name of the secret that holds `token`. */
    credentials: name,
    ...web,
  })
  .refine(agrees, TLS_CONTRADICTION);

const webhook = z
  .strictObject({
    driver: z.literal('webhook'),
    url: httpUrl,
    /** The host as the webhook knows it. */
    host: z.string().min(1).max(255).default('{host}'),
    /** `outlet`, of a power supply: that it is on says nothing of the host, and all outlets of a level must be off. */
    switches: z.enum(['system', 'outlet']).default('system'),
    /** Name of the secret that holds `key`, and `previousKey` while keys change. */
    credentials: name,
    ...web,
  })
  .refine(agrees, TLS_CONTRADICTION);

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

/** The worker's program may run on behind the call. */
const agent = z.strictObject({
  ...agentKeys,
  ...common,
  timeoutSeconds: seconds(1, LONGEST_RUN_SECONDS).default(10),
});

const device = z.discriminatedUnion('driver', [redfish, ipmi, ironic, metal3, webhook, agent]);

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

/** Every device that the policy has. */
export const allDevices = (entries: Readonly<Record<string, FenceEntry>>): readonly FenceDeviceConfig[] =>
  Object.values(entries).flatMap((entry) => levelsOf(entry).flat());

/** The entry with each of its devices changed. */
export function mapDevices(entry: FenceEntry, change: (config: FenceDeviceConfig) => FenceDeviceConfig): FenceEntry {
  if (!('levels' in entry)) return change(entry);
  return { levels: entry.levels.map((level) => (Array.isArray(level) ? level.map(change) : change(level))) };
}

/** The device's address, as a person would name it. Systems of one chassis have the same. */
export function addressOf(config: FenceDeviceConfig): string {
  switch (config.driver) {
    case 'redfish':
      return `redfish at ${config.url}`;
    case 'ipmi': {
      const { host, port } = ipmiAddressOf(config.address) ?? { host: config.address, port: 0 };
      return `ipmi at ${host} port ${port}`;
    }
    case 'ironic':
      return `ironic node ${config.node} at ${config.url ?? 'the cloud'}`;
    case 'metal3':
      return `metal3 host ${config.namespace}/${config.bareMetalHost} at ${config.url}`;
    case 'webhook':
      return `webhook for ${config.host} at ${config.url}`;
    case 'agent':
      return `agent at ${agentAddress(config)}`;
  }
}

/** What no two hosts may have both: the address, and of a chassis with several systems the one that the UUID tells. */
function placeOf(config: FenceDeviceConfig): string {
  const { driver, systemUuid } = config;
  const isOfSeveral = driver === 'redfish' && systemUuid !== undefined && !/\/Systems\/[^/]+\/?$/.test(config.url);
  return isOfSeveral ? `${addressOf(config)}, system ${systemUuid}` : addressOf(config);
}

/** The device of this host: its name is filled in for `{host}`, encoded where that is an address. */
export function withHost(config: FenceDeviceConfig, host: string): FenceDeviceConfig {
  const named = (text: string): string => text.replaceAll('{host}', host);
  const at = <T extends { readonly url?: string | undefined }>(each: T): T =>
    each.url === undefined ? each : { ...each, url: each.url.replaceAll('{host}', encodeURIComponent(host)) };
  switch (config.driver) {
    case 'redfish':
      return at(config);
    case 'ipmi':
      return { ...config, address: named(config.address) };
    case 'ironic':
      return { ...at(config), node: named(config.node) };
    case 'metal3':
      return { ...at(config), bareMetalHost: named(config.bareMetalHost) };
    case 'webhook':
      return { ...at(config), host: named(config.host) };
    case 'agent':
      return agentOfHost(config, host);
  }
}

/** Calls to devices that a BMC network carries at the same time, by its name. */
export const fenceNetworks = z.record(name, z.int().min(1).max(1000));

/** Networks that devices name and the policy does not have. */
export function* networkFaults(
  entries: Readonly<Record<string, FenceEntry>>,
  networks: Readonly<Record<string, number>>,
): Generator<readonly [host: string, fault: string]> {
  for (const [host, entry] of Object.entries(entries))
    for (const { network } of levelsOf(entry).flat())
      if (network !== undefined && !Object.hasOwn(networks, network))
        yield [host, `fenceNetworks has no network ${network}`];
}

/** S2: a device belongs to one host. Another host's device would give a proof for a host that still runs. */
export function* deviceFaults(
  entries: Readonly<Record<string, FenceEntry>>,
): Generator<readonly [host: string, fault: string]> {
  const owners = new Map<string, string>();
  for (const [host, entry] of Object.entries(entries)) {
    const devices = levelsOf(entry).flat();
    for (const each of devices) if (each.driver === 'agent') for (const fault of agentFaults(each)) yield [host, fault];
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
      ...devices.map((each) => placeOf(withHost(each, host))),
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
