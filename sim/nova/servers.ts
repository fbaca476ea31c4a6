import type { Hono } from 'hono';
import * as z from 'zod';
import { jsonBody } from '../http.ts';
import { deleteServer } from '../world/actions.ts';
import { buildServer } from '../world/build.ts';
import { pickHost } from '../world/scheduler.ts';
import type { SimServer } from '../world/types.ts';
import {
  changesSince,
  findServer,
  type NovaContext,
  type NovaEnv,
  type NovaRequest,
  nextLink,
  pageLimit,
  pageOf,
} from './request.ts';
import { forbidden, NovaError } from './respond.ts';
import { serverDetail, serverSummary, statusOf } from './server-view.ts';

/** Compute API, "Servers": list, show, create, delete. */
export function serverRoutes(api: Hono<NovaEnv>): void {
  for (const [path, view] of [
    ['/servers', serverSummary],
    ['/servers/detail', serverDetail],
  ] as const) {
    api.get(`/v2.1${path}`, (c) => {
      const request = c.get('nova');
      const limit = pageLimit(c);
      const page = pageOf(listed(c, request), limit, c.req.query('marker'), (server) => server.id);
      const next = nextLink(c, path, limit, page);
      return c.json({ servers: page.map((server) => view(request, server)), ...(next && { servers_links: next }) });
    });
  }
  api.get('/v2.1/servers/:id', (c) => {
    const request = c.get('nova');
    return c.json({ server: serverDetail(request, findServer(request, c.req.param('id'))) });
  });
  api.post('/v2.1/servers', async (c) => {
    const { world, token } = c.get('nova');
    const server = createServer(c.get('nova'), await jsonBody(c));
    const record = c.get('record');
    record.serverId = server.id;
    const requester = { userId: token.user.id, projectId: token.project?.id ?? '' };
    world.addAction(server.id, 'create', record.requestId, requester);
    return c.json(
      { server: { ...serverSummary(c.get('nova'), server), adminPass: '***', 'OS-DCF:diskConfig': 'MANUAL' } },
      202,
    );
  });
  api.delete('/v2.1/servers/:id', (c) => {
    const request = c.get('nova');
    const server = findServer(request, c.req.param('id'));
    checkLock(request, server);
    deleteServer(request.world, server);
    return c.body(null, 204);
  });
}

/** A lock stops its instance's owner, not an administrator. */
export function checkLock(request: NovaRequest, server: SimServer): void {
  if (server.lockedBy !== null && !request.isAdmin) throw new NovaError(409, `Instance ${server.id} is locked`);
}

function listed(c: NovaContext, request: NovaRequest): SimServer[] {
  const { world, isAdmin, token } = request;
  const query = c.req.query();
  const allTenants = query.all_tenants !== undefined && !/^(0|false|no|n|off|f)$/i.test(query.all_tenants);
  if (allTenants && !isAdmin)
    throw forbidden(`servers:${c.req.path.endsWith('/detail') ? 'detail' : 'index'}:get_all_tenants`);
  const since = changesSince(c);
  const statuses = c.req.queries('status')?.map((status) => status.toUpperCase());
  const host = isAdmin ? query.host : undefined;
  const project = allTenants ? (query.project_id ?? query.tenant_id) : token.project?.id;
  const name = query.name === undefined ? undefined : new RegExp(query.name);
  const matches = (server: SimServer): boolean =>
    (project === undefined || server.projectId === project) &&
    (host === undefined || server.host === host) &&
    (statuses === undefined || statuses.includes(statusOf(server))) &&
    (name === undefined || name.test(server.name)) &&
    (since === undefined || Math.floor(server.updatedMs / 1000) * 1000 >= since);
  const alive = host === undefined ? [...world.servers.values()].reverse() : world.serversOn(host);
  // A client that follows changes is told of deletions too.
  const deleted = since === undefined ? [] : [...world.deletedServers.values()];
  const found = [...alive, ...deleted].filter(matches);
  return deleted.length === 0 ? found : found.sort((a, b) => b.order - a.order);
}

const bootRequest = z.object({
  'os:scheduler_hints': z.object({ group: z.string() }).partial().optional(),
  server: z.object({
    name: z.string().min(1).max(255),
    flavorRef: z.union([z.string(), z.number()]).transform(String),
    imageRef: z.string().optional(),
    block_device_mapping_v2: z
      .array(
        z.object({
          uuid: z.string().optional(),
          source_type: z.string().optional(),
          boot_index: z.coerce.number().nullish(),
        }),
      )
      .optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    availability_zone: z.string().optional(),
    host: z.string().optional(),
  }),
});

function createServer(request: NovaRequest, body: unknown): SimServer {
  const { world, token } = request;
  const parsed = bootRequest.safeParse(body);
  if (!parsed.success)
    throw new NovaError(400, `Invalid input for field/attribute server. ${parsed.error.issues[0]?.message ?? ''}`);
  const asked = parsed.data.server;
  const flavor = world.flavors.get(asked.flavorRef);
  if (flavor === undefined) throw new NovaError(400, `Flavor ${asked.flavorRef} could not be found.`);
  const volumes = (asked.block_device_mapping_v2 ?? []).filter((device) => device.source_type === 'volume');
  const imageId = asked.imageRef || null;
  if (imageId === null && volumes.length === 0) {
    throw new NovaError(400, 'Invalid imageRef provided.');
  }
  const place = placeOf(request, asked);
  const groupId = parsed.data['os:scheduler_hints']?.group;
  const group = world.serverGroups.find((one) => one.id === groupId);
  const chosen =
    place.host === undefined
      ? pickHost(world, { server: { id: '', flavor, pinnedAvailabilityZone: place.zone }, ignore: [], group })
      : world.hosts.get(place.host);
  const server = buildServer(world, {
    name: asked.name,
    projectId: token.project?.id ?? '',
    userId: token.user.id,
    flavor,
    imageId,
    volumeIds: volumes.map((volume) => volume.uuid ?? world.random.uuid()),
    metadata: asked.metadata ?? {},
    availabilityZone: place.host === undefined ? place.zone : null,
    host: chosen?.computeRunning ? chosen.name : null,
    state: chosen?.computeRunning ? 'active' : 'error',
  });
  if (group !== undefined) world.joinServerGroup(group, server.id);
  if (server.vmState === 'error') {
    const message = 'No valid host was found. There are not enough hosts available.';
    server.fault = { code: 500, message, createdMs: world.clock.now() };
  }
  return server;
}

/** `zone:host` and, from 2.74, `host` name a host; both are for administrators. */
function placeOf(
  request: NovaRequest,
  asked: z.infer<typeof bootRequest>['server'],
): { zone: string | null; host?: string } {
  const [zone = '', zoneHost] = asked.availability_zone?.split(':') ?? [];
  const host = asked.host ?? zoneHost;
  if (asked.host !== undefined && request.minor < 74) {
    throw new NovaError(400, "Additional properties are not allowed ('host' was unexpected)");
  }
  if (host === undefined) return { zone: zone === '' ? null : zone };
  if (!request.isAdmin) throw forbidden('servers:create:forced_host');
  if (!request.world.hosts.has(host)) throw new NovaError(400, `Compute host ${host} could not be found.`);
  return { zone: zone === '' ? null : zone, host };
}
