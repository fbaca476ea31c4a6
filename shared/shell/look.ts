import type { Segment } from '#shared/domain/policy.ts';
import type { Signs } from '#shared/domain/seen.ts';
import { migrationOf, needsListing, type Sight } from '#shared/domain/settle.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { isHeldByTier } from '#shared/domain/tiers.ts';
import type { ComputeService, Migration, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { readSignsAndGroups } from './read-signs.ts';
import type { HostIn } from './step.ts';

/** What was read besides the migrations, when something has ended or may start. */
export interface Listing {
  readonly service: ComputeService | undefined;
  readonly services: readonly ComputeService[];
  readonly otherMigrations: readonly Migration[];
  /** Instances on the host for which there is no task yet, and what stands beside them. */
  readonly unplanned: readonly Server[];
  readonly signs: ReadonlyMap<string, Signs>;
}

export type FullSight = Sight & { readonly listing: Listing | undefined };

/**
 * One look at Nova, in bulk: always the evacuations of the host in one call, its instances and all services only
 * when something has ended, may start, or all is over, be it by an operator's word. Polling competes with Nova's conductor for the same CPU.
 */
export async function look(
  outside: Services,
  host: HostIn<'evacuating' | 'handing-over'>,
  tasks: readonly Loaded<TaskState>[],
  segment: Segment,
): Promise<FullSight> {
  const { compute, clock } = outside;
  const atMs = clock.now();
  const evacuationsOf = byInstance(await compute.evacuationsFrom(host.name));
  const all = tasks.map((task) => task.value);
  const open = all.filter((task) => task.progress.status !== 'ended');
  const listed =
    host.incident.status === 'handing-over' ||
    open.length === 0 ||
    open.some(
      (task) =>
        needsListing(task, { evacuationsOf, atMs }, segment.evacuation.settleSeconds) &&
        !isHeldByTier(task, all, segment.order, atMs),
    );
  if (!listed) return { atMs, evacuationsOf, onHost: undefined, elsewhere: new Map(), listing: undefined };

  const [servers, services, otherMigrations] = await Promise.all([
    compute.serversOn(host.name),
    compute.services(),
    compute.unfinishedMigrationsOf(host.name),
  ]);
  const onHost = new Map(servers.map((server) => [server.id, server]));
  const known = new Set(tasks.map((task) => task.value.instanceId));
  const unplanned = servers.filter((server) => !known.has(server.id));
  const service = services.find((each) => each.host === host.name);
  const [elsewhere, signs] = await Promise.all([
    lookUp(compute, open, onHost, evacuationsOf),
    readSignsAndGroups(outside, host.name, unplanned, segment, known),
  ]);
  return { atMs, evacuationsOf, onHost, elsewhere, listing: { service, services, otherMigrations, unplanned, signs } };
}

function byInstance(migrations: readonly Migration[]): ReadonlyMap<string, readonly Migration[]> {
  const map = new Map<string, Migration[]>();
  for (const migration of migrations) {
    const list = map.get(migration.instanceId);
    if (list === undefined) map.set(migration.instanceId, [migration]);
    else list.push(migration);
  }
  return map;
}

/** Instances that left the host without an evacuation that is done: one request each, and there are few. */
async function lookUp(
  compute: Services['compute'],
  open: readonly TaskState[],
  onHost: ReadonlyMap<string, Server>,
  evacuationsOf: Sight['evacuationsOf'],
): Promise<ReadonlyMap<string, Server | null>> {
  const away = open.filter(({ instanceId, progress }) => {
    if (onHost.has(instanceId) || progress.status === 'granted') return false;
    const mine = 'attempt' in progress ? migrationOf(progress.attempt, evacuationsOf.get(instanceId)) : undefined;
    return mine?.status !== 'done' && mine?.status !== 'completed';
  });
  const found = await Promise.all(
    away.map(async ({ instanceId }) => [instanceId, (await compute.server(instanceId)) ?? null] as const),
  );
  return new Map(found);
}
