import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { closeConnection, hang, jsonBody } from '../http.ts';
import { logged } from '../logged.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { accountRoutes, passwordChange } from './accounts.ts';
import { extendedError, type RedfishEnv, type RedfishParts } from './parts.ts';
import { Sessions } from './sessions.ts';
import { changePower, RESET_TYPES, type ResetType, systemBody } from './system.ts';
import { Tasks } from './tasks.ts';

const resetRequest = z.object({ ResetType: z.enum(RESET_TYPES) });

/**
 * One Redfish service per host under /bmc/{host} (DMTF DSP0266), as sushy-tools' emulator answers. The links in its
 * bodies start at /redfish as those of a real device do; the same systems answer there, all in one service.
 */
export function redfishApi(parts: RedfishParts): { readonly api: Hono<RedfishEnv>; readonly sessions: Sessions } {
  const { world } = parts;
  const sessions = new Sessions(world, parts.credentials);
  const tasks = new Tasks(world);
  const api = new Hono<RedfishEnv>({ strict: false });
  api.use(
    logged(parts.log, 'redfish', parts.newRequestId, (c) => {
      const host = deviceOf(world, c.req.path)?.named.name;
      return host === undefined ? {} : { host };
    }),
  );
  api.use(async (c, next) => {
    c.set('device', deviceOf(world, c.req.path));
    return (await brokenDevice(c, world)) ?? sessions.check(c) ?? passwordChange(c, world) ?? next();
  });
  for (const prefix of ['/bmc/:host/redfish', '/redfish']) {
    routes(api, prefix, parts, tasks);
    sessions.routes(api, prefix);
    tasks.routes(api, prefix);
    accountRoutes(api, prefix, world, parts.credentials);
  }
  api.notFound((c) => extendedError(c, 404, 'Base.1.5.ResourceMissingAtURI', 'The resource was not found.'));
  return { api, sessions };
}

function deviceOf(world: World, path: string): { named: SimHost; wired: SimHost } | undefined {
  const name = /^\/bmc\/([^/]+)/.exec(path)?.[1];
  const system = /\/Systems\/([^/]+)/.exec(path)?.[1];
  const named = name !== undefined ? world.hosts.get(decodeURIComponent(name)) : world.hostsBySystem.get(system ?? '');
  if (named === undefined) return undefined;
  const swapped = world.faults.take('bmc-swapped', { host: named.name })?.actual;
  return { named, wired: world.hosts.get(swapped ?? named.name) ?? named };
}

async function brokenDevice(c: Context<RedfishEnv>, world: World): Promise<Response | undefined> {
  const host = c.get('device')?.named.name;
  const dead = world.faults.take('bmc-dead', { host });
  if (dead !== undefined) return dead.how === 'close' ? closeConnection(c.env.incoming) : hang(c.env.incoming);
  const slow = world.faults.take('bmc-slow', { host });
  if (slow !== undefined) await new Promise<void>((resolve) => world.clock.after(slow.delayMs, resolve));
  const busy = world.faults.take('bmc-busy', { host });
  if (busy !== undefined) {
    c.header('retry-after', String(busy.retryAfterSeconds ?? 1));
    return extendedError(c, 503, 'Base.1.5.ServiceTemporarilyUnavailable', 'The service is temporarily unavailable.');
  }
  if (world.faults.take('bmc-error', { host }) === undefined) return undefined;
  return extendedError(c, 500, 'Base.1.5.InternalError', 'The request failed due to an internal service error.');
}

function routes(api: Hono<RedfishEnv>, prefix: string, parts: RedfishParts, tasks: Tasks): void {
  const { world } = parts;
  const link = (path: string): object => ({ '@odata.id': path });
  api.get(prefix, (c) => c.json({ v1: '/redfish/v1/' }));
  api.get(`${prefix}/v1`, (c) =>
    c.json({
      '@odata.id': '/redfish/v1/',
      '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
      Id: 'RootService',
      Name: 'Root Service',
      RedfishVersion: '1.5.0',
      Systems: link('/redfish/v1/Systems'),
      AccountService: link('/redfish/v1/AccountService'),
      SessionService: link('/redfish/v1/SessionService'),
      Links: { Sessions: link('/redfish/v1/SessionService/Sessions') },
    }),
  );

  api.get(`${prefix}/v1/Systems`, (c) => {
    const device = c.get('device');
    const hosts = device === undefined ? [...world.hosts.values()] : [device.wired];
    return c.json({
      '@odata.id': '/redfish/v1/Systems',
      '@odata.type': '#ComputerSystemCollection.ComputerSystemCollection',
      Name: 'Computer System Collection',
      'Members@odata.count': hosts.length,
      Members: hosts.map((host) => link(`/redfish/v1/Systems/${host.systemUuid}`)),
    });
  });

  api.get(`${prefix}/v1/Systems/:id`, (c) => {
    const host = systemOf(c);
    if (host === undefined) return c.notFound();
    const off = host.power === 'off' || world.faults.take('bmc-lies-off', { host: host.name }) !== undefined;
    return c.json(systemBody(host, off ? 'Off' : 'On'));
  });

  api.post(`${prefix}/v1/Systems/:id/Actions/ComputerSystem.Reset`, async (c) => {
    const host = systemOf(c);
    if (host === undefined) return c.notFound();
    const parsed = resetRequest.safeParse(await jsonBody(c));
    if (!parsed.success)
      return extendedError(c, 400, 'Base.1.5.ActionParameterNotSupported', 'The ResetType is not supported.');
    return reset(c, parts, tasks, host, parsed.data.ResetType);
  });
}

/** The host that the path names, if this device has it. */
function systemOf(c: Context<RedfishEnv>): SimHost | undefined {
  const host = c.get('device')?.wired;
  return host?.systemUuid.toLowerCase() === c.req.param('id')?.toLowerCase() ? host : undefined;
}

function reset(c: Context<RedfishEnv>, parts: RedfishParts, tasks: Tasks, host: SimHost, type: ResetType): Response {
  const { world } = parts;
  const subject = { host: host.name };
  const turnsOff = type === 'ForceOff' || type === 'GracefulShutdown';
  const conflict = turnsOff && host.power === 'off' ? world.faults.take('bmc-conflict-when-off', subject) : undefined;
  if (conflict !== undefined) {
    return extendedError(c, conflict.status ?? 409, 'Base.1.5.ResourceInUse', 'The system is already powered off.');
  }
  // What is off already needs nothing done, now or at the end of a task.
  const isIdle = type === 'Nmi' || (turnsOff && host.power === 'off');
  const isStuck = isIdle || world.faults.take('bmc-stuck', subject) !== undefined;
  const change = (): void => (isStuck ? undefined : changePower(world, host, type));
  const task = world.faults.take('bmc-task', subject);
  if (task !== undefined) return tasks.start(c, task.delayMs, task.fails ?? false, change);
  if (parts.powerChangeMs > 0) world.clock.after(parts.powerChangeMs, change);
  else change();
  return c.body(null, 204);
}
