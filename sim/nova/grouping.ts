import type { Hono } from 'hono';
import * as z from 'zod';
import { isoMicroseconds, jsonBody } from '../http.ts';
import type { SimHost } from '../world/types.ts';
import type { Aggregate, World } from '../world/world.ts';
import { type NovaEnv, pageLimit, requireAdmin } from './request.ts';
import { NovaError } from './respond.ts';
import { seenState } from './services.ts';

const member = z.strictObject({ host: z.string().min(1) });
const aggregateAction = z.union([z.strictObject({ add_host: member }), z.strictObject({ remove_host: member })]);

/** Compute API: "Host aggregates" (membership only), "Availability zones", "Server groups", "Flavors". */
export function groupingRoutes(api: Hono<NovaEnv>): void {
  api.get('/v2.1/os-aggregates', (c) => {
    const request = c.get('nova');
    const { world, minor } = request;
    requireAdmin(request, 'os-aggregates:index');
    return c.json({ aggregates: world.aggregates.map((one) => aggregateView(one, minor)) });
  });

  api.post('/v2.1/os-aggregates/:id/action', async (c) => {
    const request = c.get('nova');
    const { world, minor } = request;
    requireAdmin(request, 'os-aggregates:add_host');
    const parsed = aggregateAction.safeParse(await jsonBody(c));
    if (!parsed.success) throw new NovaError(400, 'Invalid input for an action of an aggregate');
    const id = Number(c.req.param('id'));
    const aggregate =
      'add_host' in parsed.data
        ? addHost(world, id, parsed.data.add_host.host)
        : removeHost(world, id, parsed.data.remove_host.host);
    return c.json({ aggregate: aggregateView(aggregate, minor) });
  });

  api.get('/v2.1/os-availability-zone', (c) => {
    const names = new Set([...c.get('nova').world.hosts.keys()].map((host) => c.get('nova').world.zoneOf(host)));
    return c.json({
      availabilityZoneInfo: [...names].map((zoneName) => ({ zoneName, zoneState: { available: true }, hosts: null })),
    });
  });
  api.get('/v2.1/os-availability-zone/detail', (c) => {
    requireAdmin(c.get('nova'), 'os-availability-zone:detail');
    return c.json({ availabilityZoneInfo: zoneDetails(c.get('nova').world) });
  });

  api.get('/v2.1/os-server-groups', (c) => {
    const request = c.get('nova');
    const all = request.isAdmin && c.req.query('all_projects') !== undefined;
    const groups = request.world.serverGroups.filter((one) => all || one.projectId === request.token.project?.id);
    const from = Number(c.req.query('offset') ?? 0);
    return c.json({
      server_groups: groups.slice(from, from + pageLimit(c)).map((one) => ({
        id: one.id,
        name: one.name,
        ...(request.minor >= 64
          ? { policy: one.policy, rules: one.maxPerHost === undefined ? {} : { max_server_per_host: one.maxPerHost } }
          : { policies: [one.policy], metadata: {} }),
        members: one.members.filter((id) => request.world.servers.has(id)),
        ...(request.minor >= 13 ? { project_id: one.projectId, user_id: one.userId } : {}),
      })),
    });
  });

  api.get('/v2.1/flavors', (c) =>
    c.json({ flavors: [...c.get('nova').world.flavors.values()].map(({ id, name }) => ({ id, name })) }),
  );
  api.get('/v2.1/flavors/detail', (c) => {
    const { world, minor } = c.get('nova');
    return c.json({ flavors: [...world.flavors.keys()].map((id) => flavorDetail(world, id, minor)) });
  });
  api.get('/v2.1/flavors/:id', (c) => {
    const { world, minor } = c.get('nova');
    return c.json({ flavor: flavorDetail(world, c.req.param('id'), minor) });
  });
}

function flavorDetail(world: World, id: string, minor: number): object {
  const flavor = world.flavors.get(id);
  if (flavor === undefined) throw new NovaError(404, `Flavor ${id} could not be found.`);
  return {
    id: flavor.id,
    name: flavor.name,
    vcpus: flavor.vcpus,
    ram: flavor.memoryMb,
    disk: flavor.rootGb,
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeralGb,
    swap: flavor.swapMb === 0 && minor < 75 ? '' : flavor.swapMb,
    rxtx_factor: 1,
    'os-flavor-access:is_public': true,
    'OS-FLV-DISABLED:disabled': false,
    ...(minor >= 55 ? { description: null } : {}),
    ...(minor >= 61 ? { extra_specs: flavor.extraSpecs } : {}),
  };
}

function zoneDetails(world: World): object[] {
  const zones = new Map<string, SimHost[]>();
  for (const host of world.hosts.values()) {
    const zone = world.zoneOf(host.name);
    zones.set(zone, [...(zones.get(zone) ?? []), host]);
  }
  return [...zones].map(([zoneName, hosts]) => ({
    zoneName,
    zoneState: { available: hosts.some((host) => !host.disabled) },
    hosts: Object.fromEntries(
      hosts.map((host) => [
        host.name,
        {
          'nova-compute': {
            active: !host.disabled,
            available: seenState(world, host) === 'up',
            updated_at: isoMicroseconds(world.serviceWrittenMs(host)),
          },
        },
      ]),
    ),
  }));
}

function aggregateView(one: Aggregate, minor: number) {
  return {
    id: one.id,
    ...(minor >= 41 ? { uuid: one.uuid } : {}),
    name: one.name,
    availability_zone: one.availabilityZone,
    hosts: one.hosts,
    metadata: {
      ...one.metadata,
      ...(one.availabilityZone === null ? {} : { availability_zone: one.availabilityZone }),
    },
    created_at: isoMicroseconds(one.createdMs),
    updated_at: null,
    deleted: false,
    deleted_at: null,
  };
}

function aggregateOf({ aggregates }: World, id: number): Aggregate | undefined {
  return aggregates.find((each) => each.id === id);
}

/** As `AggregateAPI.add_host_to_aggregate` (nova/compute/api.py). */
export function addHost(world: World, id: number, host: string): Aggregate {
  const aggregate = aggregateOf(world, id);
  if (!world.hosts.has(host)) throw new NovaError(404, `Compute host ${host} could not be found.`);
  if (aggregate === undefined) throw new NovaError(404, `Aggregate ${id} could not be found.`);
  const zone = aggregate.availabilityZone;
  const other = world.aggregates.find((each) => each.hosts.includes(host) && (each.availabilityZone ?? zone) !== zone);
  if (zone !== null && other !== undefined)
    throw new NovaError(
      409,
      `Cannot add host to aggregate ${id}. Reason: One or more hosts already in availability zone(s) ${other.availabilityZone}.`,
    );
  if (aggregate.hosts.includes(host)) throw new NovaError(409, `Aggregate ${id} already has host ${host}.`);
  aggregate.hosts.push(host);
  return aggregate;
}

/** As its `remove_host_from_aggregate`. */
export function removeHost(world: World, id: number, host: string): Aggregate {
  const aggregate = aggregateOf(world, id);
  const place = aggregate?.hosts.indexOf(host) ?? -1;
  if (aggregate === undefined || place < 0) throw new NovaError(404, `Cannot remove host ${host} in aggregate ${id}`);
  aggregate.hosts.splice(place, 1);
  return aggregate;
}
