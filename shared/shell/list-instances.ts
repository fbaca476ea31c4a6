import type { Segment } from '#shared/domain/policy.ts';
import type { Signs } from '#shared/domain/seen.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { Migration, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { readSignsAndGroups } from './read-signs.ts';
import type { HostIn } from './step.ts';

/** What a plan is made of: the instances of a host for which there is no task yet, and what there is to know of them. */
interface Instances {
  readonly existing: readonly Loaded<TaskState>[];
  readonly unplanned: readonly Server[];
  readonly signs: ReadonlyMap<string, Signs>;
  readonly evacuations: readonly Migration[];
  readonly otherMigrations: readonly Migration[];
}

/** @throws as the reads of the port `Compute` */
export async function listInstances(
  services: Services,
  { name, incident }: HostIn<'planning'>,
  segment: Segment,
): Promise<Instances> {
  const { compute, state } = services;
  const [servers, evacuations, otherMigrations] = await Promise.all([
    compute.serversOn(name),
    compute.evacuationsFrom(name),
    compute.unfinishedMigrationsOf(name),
  ]);
  const existing = await loadTasks(state, incident.id);
  const known = new Set(existing.map((task) => task.value.instanceId));
  const unplanned = servers.filter((server) => !known.has(server.id));
  const signs = await readSignsAndGroups(services, name, unplanned, segment, known);
  return { existing, unplanned, signs, evacuations, otherMigrations };
}
