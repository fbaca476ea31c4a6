import { hostKeyOf } from '#shared/domain/host.ts';
import type { policySchema } from '#shared/domain/policy.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { SimServer } from '#sim/world/types.ts';
import type { Call, CloudAddress } from './points.ts';

/** Two hosts die at once, so that incidents share tokens, guards and `sweep`. */
export const VICTIMS = ['compute-1', 'compute-2'] as const;
/** Joins while the pipeline is killed; a report about it comes before. */
export const LATECOMER = 'compute-late';
/** Somebody reports a process of it, again and again. */
export const BYSTANDER = 'compute-3';
/** Is worked on by an operator, and given back. */
export const WORKED = 'compute-4';
/** One of its processes stops, and runs again. */
export const AILING = 'compute-5';
export const PROCESS = 'ovn-controller';
/** Is asked to start that process again. */
export const WORKER = 'soak';
/** An instance of it is reported to have crashed. */
const SINGLE_HOST = 'compute-6';
const HOSTS = 8;
const CLOUD_NAME = 'soak';
const AGGREGATE = 'protected';
/** Name of the devices' secret. */
const BMC_SECRET = 'bmc';

export interface Scene {
  readonly cloud: SimulatedCloud;
  readonly address: CloudAddress;
  readonly policy: PolicyInput;
  readonly cloudName: string;
  readonly protectedBefore: readonly SimServer[];
  readonly unprotected: readonly SimServer[];
  /** The instance that is reported to have crashed. */
  readonly single: SimServer;
  /** As salvor calls the host. */
  readonly keyOf: (host: string) => string;
}

type PolicyInput = (typeof policySchema)['_zod']['input'];
type Proxy = (call: Call | undefined, pass: () => Promise<Response>) => Promise<Response>;

/** A simulated cloud that outlives the pipeline; every request of it comes by `proxy`. */
export async function setScene(seed: number, proxy: Proxy): Promise<Scene> {
  const cloud = await startSimulatedCloud({
    hosts: HOSTS,
    seed,
    serviceDownSeconds: 1,
    // Longer than a process takes to start: evacuations outlive who asked for them.
    evacuationMs: 3000,
    proxy: async (request, pass) => proxy(await callOf(request), pass),
  });
  cloud.addAggregate({ name: AGGREGATE, hosts: cloud.hosts().map(({ name }) => name) });
  const [first, second] = VICTIMS;
  const booted = [
    ...cloud.boot(5, { host: first, namePrefix: 'web' }),
    ...cloud.boot(3, { host: first, namePrefix: 'db', root: 'volume' }),
    ...cloud.boot(1, { host: first, namePrefix: 'stopped', state: 'stopped' }),
    ...cloud.boot(2, { host: first, namePrefix: 'paused', state: 'paused' }),
    ...cloud.boot(4, { host: second, namePrefix: 'app' }),
  ];
  const unprotected = cloud.boot(1, { host: first, namePrefix: 'opted-out', metadata: { HA_Enabled: 'false' } });
  const [single] = cloud.boot(1, { host: SINGLE_HOST, namePrefix: 'single' });
  if (single === undefined) throw new Error('nothing was booted');
  const { id, secret } = cloud.credentials.applicationCredential;
  const { authUrl, region, bmcCredentials } = cloud;
  return {
    cloud,
    address: { authUrl, region, bmcCredentials, applicationCredential: { id, secret } },
    policy: policyFor(cloud),
    cloudName: CLOUD_NAME,
    protectedBefore: booted.map((server) => ({ ...server })),
    unprotected,
    single: { ...single },
    keyOf: (host) => hostKeyOf(CLOUD_NAME, region, cloud.host(host).serviceUuid),
  };
}

function policyFor(cloud: SimulatedCloud): PolicyInput {
  const devices = cloud.hosts().map(({ name }) => {
    const url = `${cloud.bmcUrl(name)}${cloud.bmcSystemPath(name)}`;
    return [name, { driver: 'redfish', url, credentials: BMC_SECRET, timeoutSeconds: 4 }] as const;
  });
  return {
    version: 1,
    cloud: { name: CLOUD_NAME, region: cloud.region },
    settling: { pauseSeconds: 0 },
    // Soon enough that Nova's word is said before the victims are forced down.
    watch: { everySeconds: 1, staleSeconds: 10 },
    segments: [
      {
        name: 'protected',
        hosts: { aggregate: AGGREGATE },
        graceSeconds: 1,
        reporters: { required: 2 },
        // Images are read too, so that each call of the port is made.
        instances: { sharedInstanceStorage: true, saidIn: ['metadata', 'image'] },
        evacuation: { maxInFlight: 6, retryBaseSeconds: 1, settleSeconds: 3, pollSeconds: 1 },
        fencing: { retryBaseSeconds: 1, retryMaxSeconds: 10 },
        instanceRecovery: { protect: 'all', confirmSeconds: 0 },
        processRecovery: {
          disable: [PROCESS],
          restart: [PROCESS],
          worker: WORKER,
          restartEverySeconds: 10,
          wellSeconds: 1,
        },
      },
    ],
    fenceDevices: Object.fromEntries(devices),
  };
}

/** Requests of each call, by method and address. Both readings of a device ask for its system. */
const REQUESTS: readonly (readonly [Call, RegExp])[] = [
  ['token', /^POST \/identity\/v3\/auth\/tokens/],
  ['version', /^GET \/compute\/v2\.1\/?$/],
  ['image', /^GET \/image\/v2\/images\/[0-9a-f-]+$/],
  ['health', /^GET \/(identity|placement|image|network|volume)\//],
  ['health', /^GET \/compute\/v2\.1\/os-services\?binary=nova-(conductor|scheduler)/],
  ['service', /^GET \/compute\/v2\.1\/os-services\?.*\bhost=/],
  ['services', /^GET \/compute\/v2\.1\/os-services/],
  ['serverActions', /^GET \/compute\/v2\.1\/servers\/[0-9a-f-]+\/os-instance-actions/],
  ['hypervisors', /^GET \/compute\/v2\.1\/os-hypervisors/],
  ['aggregates', /^GET \/compute\/v2\.1\/os-aggregates/],
  ['serverGroups', /^GET \/compute\/v2\.1\/os-server-groups/],
  ['serversOn', /^GET \/compute\/v2\.1\/servers\/detail/],
  ['server', /^GET \/compute\/v2\.1\/servers\/[0-9a-f-]+$/],
  ['evacuationsFrom', /^GET \/compute\/v2\.1\/os-migrations\?.*\bsource_compute=/],
  ['unfinishedMigrationsOf', /^GET \/compute\/v2\.1\/os-migrations\?.*\bhost=/],
  ['readPower', /^GET \/bmc\/.*\/Systems\//],
  ['powerOff', /^POST \/bmc\/.*ComputerSystem\.Reset/],
];

async function callOf(request: Request): Promise<Call | undefined> {
  const { pathname, search } = new URL(request.url);
  const line = `${request.method} ${pathname}${search}`;
  // A body that was read by now is there even when its sender is killed before it takes effect.
  const body = request.method === 'GET' ? '' : await request.clone().text();
  const has = (word: string): boolean => body.includes(`"${word}"`);
  if (/^POST .*\/action$/.test(line))
    return has('evacuate') ? 'evacuate' : has('reboot') ? 'rebootHard' : 'resetStateToActive';
  if (/^PUT \/compute\/v2\.1\/os-services\//.test(line))
    return has('forced_down') ? 'forceDown' : has('disabled') ? 'disableService' : 'enableService';
  return REQUESTS.find(([, pattern]) => pattern.test(line))?.[0];
}
