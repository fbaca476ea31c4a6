import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { jsonBody, type SimEnv } from '../http.ts';
import { logged } from '../logged.ts';
import { powerOff, powerOn } from '../world/power.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { apiDown, type PowerParts } from './parts.ts';

/** A BareMetalHost, as far as its power goes. */
export interface SimBareMetalHost {
  readonly host: SimHost;
  readonly uid: string;
  generation: number;
  resourceVersion: number;
  annotations: Record<string, string>;
  online: boolean;
  disablePowerOff: boolean;
  poweredOn: boolean;
  /** The operator does nothing about it. */
  unattended: boolean;
  /** Whether the operator says that it can tell the power. */
  manageable: boolean;
}

const REBOOT = 'reboot.metal3.io';
/** The operator looks after a host that nobody has changed. */
const POLL_MS = 60_000;
const CONFLICT = 'the object has been modified; please apply your changes to the latest version and try again';

const patchSchema = z.object({
  metadata: z
    .object({
      resourceVersion: z.string().optional(),
      annotations: z.record(z.string(), z.string().nullable()).optional(),
    })
    .optional(),
  spec: z.object({ online: z.boolean().optional() }).optional(),
});

/** The Kubernetes API for BareMetalHosts, one for each host, with the operator that looks after them. */
export function metal3Api(parts: PowerParts): {
  readonly api: Hono<SimEnv>;
  bareMetalHost(host: string): SimBareMetalHost;
} {
  const { world, secrets } = parts;
  const hosts = new Map<string, SimBareMetalHost>();
  const bareMetalHost = (name: string): SimBareMetalHost => {
    const known = hosts.get(name);
    if (known !== undefined) return known;
    const host = world.hosts.get(name);
    if (host === undefined) throw new Error(`Metal3 has no host ${name}`);
    const made = hostOf(host);
    if (hosts.size === 0) world.clock.after(POLL_MS, poll);
    hosts.set(name, made);
    return made;
  };
  const poll = (): void => {
    for (const each of hosts.values()) reconcile(world, each);
    world.clock.after(POLL_MS, poll);
  };

  const api = new Hono<SimEnv>({ strict: false }).basePath('/kubernetes');
  const path = `/apis/metal3.io/v1alpha1/namespaces/${secrets.metal3.namespace}/baremetalhosts/:name`;
  api.use(logged(parts.log, 'metal3', parts.newRequestId));
  api.use(async (c, next) => {
    const down = await apiDown(c, world, 'metal3');
    if (down !== undefined) return down;
    return c.req.header('authorization') === `Bearer ${secrets.metal3.token}` ? next() : status(c, 401, 'Unauthorized');
  });
  const missing = (c: Context<SimEnv>): Response =>
    status(c, 404, `baremetalhosts.metal3.io "${c.req.param('name')}" not found`);

  api.get(path, (c) => {
    const name = c.req.param('name') ?? '';
    return world.hosts.has(name) ? c.json(bodyOf(bareMetalHost(name))) : missing(c);
  });

  api.patch(path, async (c) => {
    const name = c.req.param('name') ?? '';
    if (!world.hosts.has(name)) return missing(c);
    if (c.req.header('content-type') !== 'application/merge-patch+json')
      return status(c, 415, 'the body of the request was in an unknown format');
    const patch = patchSchema.safeParse(await jsonBody(c)).data;
    if (patch === undefined) return status(c, 422, 'the patch is not one');
    const found = bareMetalHost(name);
    const { resourceVersion, annotations = {} } = patch.metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== String(found.resourceVersion))
      return status(c, 409, CONFLICT);
    for (const [key, value] of Object.entries(annotations)) {
      if (value === null) delete found.annotations[key];
      else found.annotations[key] = value;
    }
    const online = patch.spec?.online;
    if (online !== undefined && online !== found.online) {
      found.online = online;
      found.generation += 1;
    }
    found.resourceVersion += 1;
    const answer = c.json(bodyOf(found));
    reconcile(world, found);
    return answer;
  });
  return { api, bareMetalHost };
}

/** As the baremetal-operator's `manageHostPower` does, with a BMC that does as it is told at once. */
function reconcile(world: World, each: SimBareMetalHost): void {
  if (each.unattended || Object.hasOwn(each.annotations, 'baremetalhost.metal3.io/paused')) return;
  const { host } = each;
  const reads = each.manageable ? host.power === 'on' : undefined;
  if (reads !== undefined && reads !== each.poweredOn) {
    each.poweredOn = reads;
    each.resourceVersion += 1;
  }
  if (!each.poweredOn && Object.hasOwn(each.annotations, REBOOT)) {
    delete each.annotations[REBOOT];
    each.resourceVersion += 1;
  }
  const wanted = each.online && !Object.keys(each.annotations).some((key) => key.startsWith(REBOOT));
  if (each.poweredOn === wanted || world.faults.take('bmc-stuck', { host: host.name }) !== undefined) return;
  if (wanted) powerOn(world, host);
  else powerOff(world, host);
  reconcile(world, each);
}

const hostOf = (host: SimHost): SimBareMetalHost => ({
  host,
  uid: host.systemUuid.replace(/^.{8}/, '3e7a1300'),
  generation: 1,
  resourceVersion: 1000,
  annotations: {},
  online: true,
  disablePowerOff: false,
  poweredOn: host.power === 'on',
  unattended: false,
  manageable: true,
});

const bodyOf = (each: SimBareMetalHost): object => ({
  apiVersion: 'metal3.io/v1alpha1',
  kind: 'BareMetalHost',
  metadata: {
    name: each.host.name,
    uid: each.uid,
    generation: each.generation,
    resourceVersion: String(each.resourceVersion),
    annotations: { ...each.annotations },
  },
  spec: { online: each.online, ...(each.disablePowerOff ? { disablePowerOff: true } : {}) },
  status: {
    poweredOn: each.poweredOn,
    operationalStatus: 'OK',
    errorMessage: '',
    conditions: each.manageable ? [] : [{ type: 'Manageable', status: 'False', reason: 'PowerFailure' }],
  },
});

/** Kubernetes API, "Status". */
const status = (c: Context<SimEnv>, code: 401 | 404 | 409 | 415 | 422, message: string): Response =>
  c.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code }, code);
