import { isRunning } from '#shared/domain/seen.ts';
import type {
  Aggregate,
  ComputeService,
  Hypervisor,
  Image,
  Migration,
  Server,
  ServerGroup,
  Snapshot,
} from '#shared/ports.ts';
import { statusOf } from '#sim/nova/server-view.ts';
import type { SimHost, SimMigration, SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';

/** The simulated cloud's records in the form of the port; what the adapter reads off Nova's JSON. */
export const serviceView = (world: World, host: SimHost, state: 'up' | 'down'): ComputeService => ({
  id: host.serviceUuid,
  host: host.name,
  zone: world.zoneOf(host.name),
  status: host.disabled ? 'disabled' : 'enabled',
  disabledReason: host.disabledReason,
  state,
  forcedDown: host.forcedDown,
  lastReportAtMs: world.serviceWrittenMs(host),
});

export const hypervisorView = ({ name, memoryMb, memoryUsedMb, vcpus, vcpusUsed }: SimHost): Hypervisor => ({
  serviceHost: name,
  memoryMb,
  memoryUsedMb,
  vcpus,
  vcpusUsed,
});

export const aggregatesView = ({ aggregates }: World): readonly Aggregate[] =>
  aggregates.map(({ id, name, availabilityZone, hosts, metadata }) => ({
    id,
    name,
    availabilityZone,
    hosts: [...hosts],
    metadata: { ...metadata },
  }));

export const serverGroupsView = ({ serverGroups, servers }: World): readonly ServerGroup[] =>
  serverGroups.map(({ id, policy, maxPerHost = 1, members }) => ({
    id,
    policy,
    maxPerHost,
    members: members.filter((member) => servers.has(member)),
  }));

export function imageView({ images }: World, id: string): Image | undefined {
  const image = images.get(id);
  return image && { id, tags: [...image.tags], properties: { ...image.properties } };
}

/** Active images that Nova has made of the instance for its own project, newest first. */
export function snapshotsView(
  { images }: World,
  { id, projectId }: Pick<Server, 'id' | 'projectId'>,
): readonly Snapshot[] {
  return [...images.values()]
    .filter(({ properties, owner, status = 'active' }) => {
      const { instance_uuid: of, image_type: type } = properties;
      return of === id && owner === projectId && status === 'active' && (type === 'snapshot' || type === 'backup');
    })
    .map(({ id: imageId, properties, createdMs: createdAtMs = 0 }) => {
      const kind = properties.image_type === 'backup' ? 'backup' : 'snapshot';
      return { id: imageId, kind, createdAtMs } as const;
    })
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
}

export function serverView(server: SimServer): Server {
  const { flavor } = server;
  const status = statusOf(server);
  return {
    id: server.id,
    name: server.name,
    projectId: server.projectId,
    host: server.host,
    status,
    vmState: server.vmState,
    taskState: server.taskState,
    powerState: server.powerState,
    locked: server.lockedBy !== null,
    metadata: { ...server.metadata },
    fault: status === 'ERROR' ? (server.fault?.message ?? null) : null,
    memoryMb: flavor.memoryMb,
    vcpus: flavor.vcpus,
    flavorName: flavor.name,
    extraSpecs: { ...flavor.extraSpecs },
    addresses: Object.entries(server.addresses ?? {}).flatMap(([network, all]) =>
      all.map((each) => ({ network, address: each.addr, kind: each['OS-EXT-IPS:type'] })),
    ),
    imageId: server.imageId,
    localDisks: {
      root: server.imageId !== null,
      ephemeralGb: flavor.ephemeralGb,
      swapMb: flavor.swapMb,
      vtpm: flavor.extraSpecs['hw:tpm_version'] !== undefined,
    },
  };
}

export const migrationView = (migration: SimMigration): Migration => ({
  id: migration.id,
  instanceId: migration.serverId,
  sourceHost: migration.sourceHost,
  destinationHost: migration.destHost,
  status: migration.status,
  createdAt: new Date(migration.createdMs).toISOString(),
});

/** Statuses in which Nova does not count a move as in progress (migration_get_in_progress_by_host_and_node). */
const FINAL: ReadonlySet<string> = new Set([
  'confirmed',
  'reverted',
  'error',
  'failed',
  'completed',
  'cancelled',
  'done',
]);

export const isUnfinishedMove = (migration: SimMigration): boolean =>
  !migration.deleted && migration.type !== 'evacuation' && !FINAL.has(migration.status);

/** By its record, which may say so for good: a conductor that dropped it marks nothing. */
export const isRunningEvacuation = (migration: SimMigration): boolean =>
  !migration.deleted && migration.type === 'evacuation' && isRunning(migration);

export function unfinishedMovesOf(world: World, host: string): readonly Migration[] {
  const found: Migration[] = [];
  for (const migration of world.migrations.values())
    if (isUnfinishedMove(migration) && (migration.sourceHost === host || migration.destHost === host))
      found.push(migrationView(migration));
  return found;
}

export const liveMigrationsOf = (world: World, instanceId: string): readonly Migration[] =>
  (world.migrationsByServer.get(instanceId) ?? [])
    .filter(({ type, deleted }) => type === 'live-migration' && !deleted)
    .map(migrationView);

export const evacuationsFrom = (world: World, host: string): readonly Migration[] =>
  (world.migrationsBySource.get(host) ?? [])
    .filter((migration) => migration.type === 'evacuation' && !migration.deleted)
    .map(migrationView);
