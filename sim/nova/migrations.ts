import type { Hono } from 'hono';
import { isoMicroseconds } from '../http.ts';
import type { SimMigration } from '../world/types.ts';
import type { World } from '../world/world.ts';
import {
  changesSince,
  type NovaContext,
  type NovaEnv,
  type NovaRequest,
  nextLink,
  pageLimit,
  pageOf,
  requireAdmin,
} from './request.ts';
import { NovaError } from './respond.ts';

/** Compute API, "Server migrations (os-migrations)": newest first; those of deleted instances are gone. */
export function migrationRoutes(api: Hono<NovaEnv>): void {
  api.get('/v2.1/os-migrations', (c) => {
    const request = c.get('nova');
    requireAdmin(request, 'os-migrations:index');
    const found = filtered(c, request);
    const paged = request.minor >= 59;
    const limit = paged ? pageLimit(c) : found.length;
    const page = paged ? pageAfter(found, limit, c.req.query('marker')) : found;
    const links = paged
      ? nextLink(
          c,
          '/os-migrations',
          limit,
          page.map(({ uuid }) => ({ id: uuid })),
        )
      : undefined;
    return c.json({ migrations: page.map((one) => view(request, one)), ...(links && { migrations_links: links }) });
  });
}

function pageAfter(found: readonly SimMigration[], limit: number, marker: string | undefined): SimMigration[] {
  try {
    return pageOf(found, limit, marker, ({ uuid }) => uuid);
  } catch (error) {
    if (error instanceof NovaError) throw new NovaError(400, `Marker ${marker} could not be found.`);
    throw error;
  }
}

function candidates(c: NovaContext, world: World): Iterable<SimMigration> {
  const { source_compute: source, instance_uuid: serverId } = c.req.query();
  if (serverId !== undefined) return world.migrationsByServer.get(serverId) ?? [];
  if (source !== undefined) return world.migrationsBySource.get(source) ?? [];
  return world.migrations.values();
}

function filtered(c: NovaContext, { world, minor }: NovaRequest): SimMigration[] {
  const { source_compute: source, migration_type: type, host } = c.req.query();
  const statuses = c.req.queries('status');
  const since = minor >= 59 ? changesSince(c) : undefined;
  const matches = (one: SimMigration): boolean =>
    !one.deleted &&
    (source === undefined || one.sourceHost === source) &&
    (type === undefined || one.type === type) &&
    (host === undefined || one.sourceHost === host || one.destHost === host) &&
    (statuses === undefined || statuses.includes(one.status)) &&
    // The database keeps whole seconds; a record that was never updated has no updated_at to match.
    (since === undefined || (one.updatedMs !== null && Math.floor(one.updatedMs / 1000) * 1000 >= since));
  return [...candidates(c, world)].filter(matches).reverse();
}

function view({ world, minor }: NovaRequest, one: SimMigration): object {
  const node = (host: string | null): string | null =>
    host === null ? null : (world.hosts.get(host)?.hypervisorHostname ?? null);
  return {
    id: one.id,
    ...(minor >= 59 ? { uuid: one.uuid } : {}),
    status: one.status,
    instance_uuid: one.serverId,
    source_compute: one.sourceHost,
    source_node: node(one.sourceHost),
    dest_compute: one.destHost,
    dest_node: node(one.destHost),
    dest_host: one.destHost === null ? null : '127.0.0.1',
    old_instance_type_id: one.type === 'evacuation' ? null : Number(one.flavorId),
    new_instance_type_id: one.type === 'evacuation' ? null : Number(one.flavorId),
    ...(minor >= 23 ? { migration_type: one.type } : {}),
    ...(minor >= 80 ? { user_id: one.userId, project_id: one.projectId } : {}),
    created_at: isoMicroseconds(one.createdMs),
    updated_at: isoMicroseconds(one.updatedMs),
  };
}
