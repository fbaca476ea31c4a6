import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { NovaOperation } from '../faults.ts';
import { hang } from '../http.ts';
import type { Identity } from '../identity.ts';
import { logged } from '../logged.ts';
import type { RequestLog } from '../request-log.ts';
import type { World } from '../world/world.ts';
import { actionRoutes } from './actions.ts';
import { groupingRoutes } from './grouping.ts';
import { hypervisorRoutes } from './hypervisors.ts';
import { migrationRoutes } from './migrations.ts';
import type { NovaEnv } from './request.ts';
import { faultBody, INTERNAL_ERROR, NovaError } from './respond.ts';
import { serverRoutes } from './servers.ts';
import { serviceRoutes } from './services.ts';
import { versionRoutes } from './versions.ts';

export interface NovaParts {
  readonly world: World;
  readonly identity: Identity;
  readonly log: RequestLog;
  readonly newRequestId: () => string;
  /** Base of the compute endpoint, once the address of the server is known. */
  readonly endpoint: () => string;
  /** Where Keystone is, for the WWW-Authenticate header. */
  readonly authUrl: () => string;
  /** The minor number of the newest microversion: 96 is 2.96. */
  readonly maxMinor: number;
  readonly latencyMs: number;
}

/** Nova's API as salvor and its tests use it; everything else answers 404. */
export function novaApi(parts: NovaParts): Hono<NovaEnv> {
  const api = new Hono<NovaEnv>({ strict: false }).basePath('/compute');
  api.use(logged(parts.log, 'nova', parts.newRequestId, describe));
  api.use(faults(parts));
  versionRoutes(api, parts.endpoint, parts.maxMinor);
  api.use(authenticated(parts));
  api.use(microversion(parts));
  serviceRoutes(api);
  hypervisorRoutes(api);
  groupingRoutes(api);
  migrationRoutes(api);
  serverRoutes(api);
  actionRoutes(api);
  api.notFound((c) => c.json(faultBody(404, 'The resource could not be found.'), 404));
  api.onError((error, c) => {
    if (error instanceof NovaError) return c.json(faultBody(error.status, error.message), error.status);
    return c.json(faultBody(500, `${INTERNAL_ERROR}${error.name}`), 500);
  });
  return api;
}

const SERVER_PATH = /\/servers\/([0-9a-f-]{36})(\/action)?$/;

function operationOf(method: string, path: string, body: unknown): NovaOperation {
  if (path.includes('/os-services')) return method === 'PUT' ? 'update-service' : 'list-services';
  if (path.endsWith('/os-migrations')) return 'list-migrations';
  if (path.endsWith('/servers/detail')) return 'list-servers';
  if (path.endsWith('/servers')) return method === 'POST' ? 'create-server' : 'list-servers';
  const match = SERVER_PATH.exec(path);
  if (match === null) return 'other';
  if (match[2] !== undefined)
    return typeof body === 'object' && body !== null && 'evacuate' in body ? 'evacuate' : 'server-action';
  return method === 'DELETE' ? 'delete-server' : 'show-server';
}

function describe(
  c: Context,
  body: unknown,
): { operation: NovaOperation; microversion?: string; serverId?: string; host?: string } {
  const version = requestedVersion(c);
  const serverId = SERVER_PATH.exec(c.req.path)?.[1];
  const host = c.req.query('host') ?? c.req.query('source_compute');
  return {
    operation: operationOf(c.req.method, c.req.path, body),
    ...(version !== undefined && { microversion: version }),
    ...(serverId !== undefined && { serverId }),
    ...(host !== undefined && { host }),
  };
}

/** `OpenStack-API-Version: compute 2.N` goes before the older `X-OpenStack-Nova-API-Version: 2.N`. */
function requestedVersion(c: Context): string | undefined {
  const named = /(?:^|,)\s*compute\s+([^\s,]+)/i.exec(c.req.header('openstack-api-version') ?? '');
  return named?.[1] ?? c.req.header('x-openstack-nova-api-version');
}

function faults({ world, latencyMs, newRequestId }: NovaParts): MiddlewareHandler<NovaEnv> {
  const wait = (delayMs: number): Promise<void> => new Promise((resolve) => world.clock.after(delayMs, resolve));
  return async (c, next) => {
    const { operation, host: named, serverId } = c.get('record');
    const subject = { on: operation, serverId, host: named ?? hostOf(world, c.req.path, serverId) };
    const slow = world.faults.take('nova-slow', subject);
    const delayMs = (slow?.delayMs ?? 0) + (latencyMs > 0 ? world.random.spread(latencyMs, 0.5) : 0);
    if (delayMs > 0) await wait(delayMs);
    if (world.faults.take('nova-503', subject)) {
      return c.json(faultBody(503, 'Service is unavailable at this time.'), 503);
    }
    const limited = world.faults.take('nova-429', subject);
    if (limited !== undefined) {
      c.header('retry-after', String(limited.retryAfterSeconds ?? 1));
      return c.json(faultBody(429, 'This request was rate-limited.'), 429);
    }
    await next();
    if (c.res.status >= 400) return undefined;
    if (world.faults.take('nova-timeout-after-effect', subject)) {
      replace(c, await hang(c.env.incoming));
      return undefined;
    }
    const broken = world.faults.take('nova-500-after-effect', subject);
    if (broken !== undefined) {
      const status = broken.status ?? 500;
      const headers = { 'content-type': 'application/json', 'x-openstack-request-id': `req-${newRequestId()}` };
      replace(c, new Response(JSON.stringify(faultBody(status, INTERNAL_ERROR)), { status, headers }));
    }
    return undefined;
  };
}

/** Assigning undefined first keeps Hono from merging the old headers into the new answer. */
function replace(c: Context, response: Response): void {
  c.res = undefined;
  c.res = response;
}

function hostOf(world: World, path: string, serverId: string | undefined): string | undefined {
  if (serverId !== undefined) return world.servers.get(serverId)?.host ?? undefined;
  const serviceId = /\/os-services\/([^/]+)$/.exec(path)?.[1];
  return serviceId === undefined ? undefined : world.hostsByService.get(serviceId)?.name;
}

/** What keystonemiddleware does before Nova: 401 without a valid token. */
function authenticated({ identity, world, authUrl, endpoint, maxMinor }: NovaParts): MiddlewareHandler<NovaEnv> {
  return async (c, next) => {
    const value = c.req.header('x-auth-token');
    if (value !== undefined && world.faults.take('keystone-token-expired') !== undefined) identity.revoke(value);
    const token = identity.validate(value);
    if (token === undefined) {
      c.header('www-authenticate', `Keystone uri="${authUrl()}"`);
      const message = 'The request you have made requires authentication.';
      return c.json({ error: { code: 401, title: 'Unauthorized', message } }, 401);
    }
    const isAdmin = token.roles.includes('admin');
    c.set('nova', { world, identity, endpoint: endpoint(), token, isAdmin, minor: maxMinor });
    return next();
  };
}

function microversion({ maxMinor }: NovaParts): MiddlewareHandler<NovaEnv> {
  return async (c, next) => {
    const asked = requestedVersion(c) ?? '2.1';
    const match = /^2\.(\d+)$/.exec(asked);
    const minor = asked === 'latest' ? maxMinor : Number(match?.[1]);
    if (asked !== 'latest' && !/^\d+\.\d+$/.test(asked)) {
      const message = `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`;
      return c.json(faultBody(400, message), 400);
    }
    if (Number.isNaN(minor) || minor < 1 || minor > maxMinor) {
      const message = `Version ${asked} is not supported by the API. Minimum is 2.1 and maximum is 2.${maxMinor}.`;
      return c.json(faultBody(406, message), 406);
    }
    c.set('nova', { ...c.get('nova'), minor });
    c.header('openstack-api-version', `compute 2.${minor}`);
    c.header('x-openstack-nova-api-version', `2.${minor}`);
    c.header('vary', 'OpenStack-API-Version, X-OpenStack-Nova-API-Version');
    return next();
  };
}
