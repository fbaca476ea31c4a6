import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { closeConnection, hang, jsonBody, type SimEnv } from './http.ts';
import { logged } from './logged.ts';
import { changePower, RESET_TYPES, type ResetType, systemBody } from './redfish-system.ts';
import type { RequestLog } from './request-log.ts';
import type { SimHost } from './world/types.ts';
import type { World } from './world/world.ts';

export interface BmcCredentials {
  readonly username: string;
  readonly password: string;
}

export interface RedfishParts {
  readonly world: World;
  readonly log: RequestLog;
  readonly credentials: BmcCredentials;
  readonly newRequestId: () => string;
  /** How long a device takes from its answer to the effect. */
  readonly powerChangeMs: number;
}

interface RedfishEnv extends SimEnv {
  /** `wired`: the host whose power this device really holds. Absent at the shared root for paths that name no system. */
  Variables: SimEnv['Variables'] & { device: { named: SimHost; wired: SimHost } | undefined };
}

const resetRequest = z.object({ ResetType: z.enum(RESET_TYPES) });
const sessionRequest = z.object({ UserName: z.string(), Password: z.string() });

/**
 * One Redfish service per host under /bmc/{host} (DMTF DSP0266), as sushy-tools' emulator answers. The links in its
 * bodies start at /redfish as those of a real device do; the same systems answer there, all in one service.
 */
export function redfishApi(parts: RedfishParts): Hono<RedfishEnv> {
  const { world } = parts;
  const sessions = new Map<string, string>();
  const api = new Hono<RedfishEnv>({ strict: false });
  api.use(
    logged(parts.log, 'redfish', parts.newRequestId, (c) => {
      const host = deviceOf(world, c.req.path)?.named.name;
      return host === undefined ? {} : { host };
    }),
  );
  api.use(async (c, next) => {
    c.set('device', deviceOf(world, c.req.path));
    const broken = await brokenDevice(c, world);
    return broken ?? next();
  });
  api.use(async (c, next) => {
    const open =
      /\/redfish(\/v1)?\/?$/.test(c.req.path) || (c.req.method === 'POST' && c.req.path.endsWith('/Sessions'));
    const refused = world.faults.take('bmc-unauthorized', { host: c.get('device')?.named.name }) !== undefined;
    if (refused || (!open && !authorized(c, parts.credentials, sessions))) return unauthorized(c);
    return next();
  });
  for (const prefix of ['/bmc/:host/redfish', '/redfish']) routes(api, prefix, { ...parts, sessions });
  api.notFound((c) => extendedError(c, 404, 'Base.1.5.ResourceMissingAtURI', 'The resource was not found.'));
  return api;
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
  if (world.faults.take('bmc-error', { host }) === undefined) return undefined;
  return extendedError(c, 500, 'Base.1.5.InternalError', 'The request failed due to an internal service error.');
}

function authorized(c: Context<RedfishEnv>, wanted: BmcCredentials, sessions: ReadonlyMap<string, string>): boolean {
  const token = c.req.header('x-auth-token');
  if (token !== undefined) return sessions.has(token);
  const basic = /^Basic (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (basic === undefined) return false;
  return Buffer.from(basic, 'base64').toString('utf8') === `${wanted.username}:${wanted.password}`;
}

function unauthorized(c: Context<RedfishEnv>): Response {
  c.header('www-authenticate', 'Basic realm="Redfish service"');
  return extendedError(
    c,
    401,
    'Base.1.5.NoValidSession',
    'There is no valid session established with the implementation.',
  );
}

/** DSP0266, "Error responses". */
function extendedError(
  c: Context<RedfishEnv>,
  status: 400 | 401 | 404 | 409 | 500,
  id: string,
  message: string,
): Response {
  c.header('odata-version', '4.0');
  return c.json(
    {
      error: {
        code: id,
        message,
        '@Message.ExtendedInfo': [{ '@odata.type': '#Message.v1_0_0.Message', MessageId: id, Message: message }],
      },
    },
    status,
  );
}

function routes(api: Hono<RedfishEnv>, prefix: string, parts: RedfishParts & { sessions: Map<string, string> }): void {
  const { world, sessions } = parts;
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
    return reset(c, parts, host, parsed.data.ResetType);
  });

  api.post(`${prefix}/v1/SessionService/Sessions`, async (c) => {
    const { data } = sessionRequest.safeParse(await jsonBody(c));
    if (data?.UserName !== parts.credentials.username || data.Password !== parts.credentials.password)
      return unauthorized(c);
    const token = world.random.hex(32);
    const id = world.random.hex(8);
    sessions.set(token, id);
    const path = `/redfish/v1/SessionService/Sessions/${id}`;
    c.header('x-auth-token', token);
    c.header('location', path);
    return c.json(
      {
        '@odata.id': path,
        '@odata.type': '#Session.v1_1_0.Session',
        Id: id,
        Name: 'User Session',
        UserName: data.UserName,
      },
      201,
    );
  });

  api.delete(`${prefix}/v1/SessionService/Sessions/:id`, (c) => {
    const id = c.req.param('id');
    for (const [token, session] of sessions) if (session === id) sessions.delete(token);
    return c.body(null, 204);
  });
}

/** The host that the path names, if this device has it. */
function systemOf(c: Context<RedfishEnv>): SimHost | undefined {
  const host = c.get('device')?.wired;
  return host?.systemUuid.toLowerCase() === c.req.param('id')?.toLowerCase() ? host : undefined;
}

function reset(c: Context<RedfishEnv>, parts: RedfishParts, host: SimHost, type: ResetType): Response {
  const { world } = parts;
  const subject = { host: host.name };
  const turnsOff = type === 'ForceOff' || type === 'GracefulShutdown';
  const conflict = turnsOff && host.power === 'off' ? world.faults.take('bmc-conflict-when-off', subject) : undefined;
  if (conflict !== undefined) {
    return extendedError(c, conflict.status ?? 409, 'Base.1.5.ResourceInUse', 'The system is already powered off.');
  }
  if (world.faults.take('bmc-stuck', subject) === undefined && type !== 'Nmi') {
    const change = (): void => changePower(world, host, type);
    if (parts.powerChangeMs > 0) world.clock.after(parts.powerChangeMs, change);
    else change();
  }
  return c.body(null, 204);
}
