import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { IpmiBmc } from './bmc/ipmi.ts';
import { startIpmiOf } from './bmc/of-host.ts';
import { type CancelTimer, systemClock, type WorldClock } from './clock.ts';
import { type SimulatedCloud, simulatedCloud } from './controls.ts';
import { FaultBoard } from './faults.ts';
import { Identity } from './identity.ts';
import { Journal } from './journal.ts';
import { type CatalogEntry, keystoneApi } from './keystone.ts';
import { NEEDED_APIS, neededApi } from './needed.ts';
import { novaApi } from './nova/app.ts';
import { powerSecrets } from './power/parts.ts';
import { powerApis } from './power/ways.ts';
import { seededRandom, seedOf } from './random.ts';
import { redfishApi } from './redfish/api.ts';
import { RequestLog } from './request-log.ts';
import { defaultFlavors, defaultImage, type HostOptions } from './world/build.ts';
import type { SimHost } from './world/types.ts';
import { World, type WorldOptions } from './world/world.ts';

export interface CloudOptions {
  /** `RegionOne` if absent. */
  readonly region?: string;
  /** The same seed gives the same ids and delays. */
  readonly seed?: number;
  readonly clock?: WorldClock;
  /** How long nova-compute may be silent before Nova calls it down (Nova's service_down_time); 2 if absent. */
  readonly serviceDownSeconds?: number;
  /** Each of Nova's answers takes about this long; 0 if absent. */
  readonly novaLatencyMs?: number;
  /** From an evacuation's acceptance to its end, about; 300 if absent. */
  readonly evacuationMs?: number;
  readonly liveMigrationMs?: number;
  /** 8 if absent. */
  readonly rebuildsAtOncePerHost?: number;
  readonly tokenLifetimeSeconds?: number;
  /** The newest microversion that Nova offers, `2.96` if absent. */
  readonly maxMicroversion?: string;
  /** How long a BMC takes to change the power after its answer; 0 if absent. */
  readonly powerChangeMs?: number;
  readonly hostBootMs?: number;
  /** Shelving offloads at once; not if absent. */
  readonly shelveOffloads?: boolean;
  /** Hosts to begin with: `compute-1` to `compute-n`, or as described. */
  readonly hosts?: number | readonly HostOptions[];
  /** All APIs are https, with this key and certificate (PEM); http if absent. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Stands before all APIs: a request takes effect when, and if, it calls `pass`. */
  readonly proxy?: (request: Request, pass: () => Promise<Response>) => Promise<Response>;
}

/** Starts a cloud. Several may run at once, each one a region or cloud of its own. */
export async function startSimulatedCloud(options: CloudOptions = {}): Promise<SimulatedCloud> {
  const region = options.region ?? 'RegionOne';
  const timers = stoppable(options.clock ?? systemClock());
  const seed = options.seed ?? seedOf(region);
  const random = seededRandom(seed);
  const journal = new Journal(timers.clock);
  const faults = new FaultBoard();
  const log = new RequestLog(journal);
  const world = new World({ clock: timers.clock, random, journal, faults, options: worldOptions(options) });
  for (const flavor of defaultFlavors()) world.flavors.set(flavor.id, flavor);
  const identity = new Identity({
    clock: timers.clock,
    random,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
  });
  const bmcCredentials = { username: 'admin', password: random.hex(16) };
  const newRequestId = (): string => random.uuid();
  let base = '';

  const catalog = (): CatalogEntry[] => [
    { type: 'identity', name: 'keystone', url: `${base}/identity/v3` },
    { type: 'compute', name: 'nova', url: `${base}/compute/v2.1` },
    { type: 'placement', name: 'placement', url: `${base}/placement` },
    { type: 'image', name: 'glance', url: `${base}/image` },
    { type: 'network', name: 'neutron', url: `${base}/network` },
    { type: 'block-storage', name: 'cinder', url: `${base}/volume/v3` },
    { type: 'baremetal', name: 'ironic', url: `${base}/baremetal` },
  ];
  const keystone = keystoneApi({ identity, faults, log, region, newRequestId, catalog });
  const nova = novaApi({
    world,
    identity,
    log,
    newRequestId,
    endpoint: () => `${base}/compute/v2.1`,
    authUrl: () => `${base}/identity`,
    maxMinor: Number((options.maxMicroversion ?? '2.96').split('.')[1]),
    latencyMs: options.novaLatencyMs ?? 0,
  });
  const bmc = { world, log, credentials: bmcCredentials, newRequestId, powerChangeMs: options.powerChangeMs ?? 0 };
  const redfish = redfishApi(bmc);
  const ipmi = new Map<string, Promise<IpmiBmc>>();
  const ipmiOf = (host: SimHost): Promise<IpmiBmc> => {
    const started = ipmi.get(host.name) ?? startIpmiOf(host, bmc);
    ipmi.set(host.name, started);
    return started;
  };
  const power = powerApis({ world, identity, log, newRequestId, secrets: powerSecrets(seed) });
  const needed = new Map(
    NEEDED_APIS.map(
      (name) => [name, neededApi(name, { images: world.images, identity, faults, log, newRequestId })] as const,
    ),
  );
  const serve: Parameters<typeof getRequestListener>[0] = (request, env) => {
    const first = /^[^/]*\/\/[^/]+\/([^/?]*)/.exec(request.url)?.[1];
    if (first === 'identity') return keystone.fetch(request, env);
    if (first === 'compute') return nova.fetch(request, env);
    if (first === 'bmc' || first === 'redfish') return redfish.api.fetch(request, env);
    const api = power.at.get(first ?? '') ?? [...needed].find(([name]) => name === first)?.[1];
    return api === undefined ? new Response(null, { status: 404 }) : api.fetch(request, env);
  };
  const { proxy, tls } = options;
  const listen = getRequestListener(
    proxy === undefined ? serve : (request, env) => proxy(request, async () => (await serve(request, env)) as Response),
  );
  const listener = tls === undefined ? createServer(listen) : createSecureServer(tls, listen);
  base = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${await portOf(listener)}`;
  const stop = async (): Promise<void> => {
    timers.stop();
    const closed = once(listener, 'close');
    listener.close();
    listener.closeAllConnections();
    await closed;
    for (const started of ipmi.values()) await (await started).stop();
  };
  const imageId = random.uuid();
  world.images.set(imageId, defaultImage(imageId));
  const cloud = simulatedCloud({
    base,
    region,
    world,
    identity,
    log,
    bmcCredentials,
    ipmiOf,
    imageId,
    sessions: redfish.sessions,
    power: power.ways(base),
    stop,
  });
  for (const host of firstHosts(options.hosts ?? 0)) cloud.addHost(host);
  return cloud;
}

function worldOptions(options: CloudOptions): WorldOptions {
  return {
    serviceDownSeconds: options.serviceDownSeconds ?? 2,
    evacuationMs: options.evacuationMs ?? 300,
    liveMigrationMs: options.liveMigrationMs ?? 300,
    rebuildsAtOncePerHost: options.rebuildsAtOncePerHost ?? 8,
    hostBootMs: options.hostBootMs ?? 0,
    shelveOffloads: options.shelveOffloads ?? false,
  };
}

function firstHosts(hosts: number | readonly HostOptions[]): readonly HostOptions[] {
  return typeof hosts === 'number'
    ? Array.from({ length: hosts }, (_, index) => ({ name: `compute-${index + 1}` }))
    : hosts;
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the simulated cloud has no port');
  return address.port;
}

/** A clock whose pending timers can all be ended, so that a stopped cloud keeps no process alive. */
function stoppable(inner: WorldClock): { clock: WorldClock; stop: () => void } {
  const pending = new Set<CancelTimer>();
  let stopped = false;
  return {
    clock: {
      now: () => inner.now(),
      after(delayMs, task) {
        if (stopped) return () => undefined;
        const cancel = inner.after(delayMs, () => {
          pending.delete(cancel);
          task();
        });
        pending.add(cancel);
        return cancel;
      },
    },
    stop() {
      stopped = true;
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
