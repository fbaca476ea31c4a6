import { planTasks } from '#shared/domain/plan.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { settle } from '#shared/domain/settle.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import type { Services } from '#shared/services.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { taskWrites } from '#shared/state/tasks.ts';
import { addTasks, commitTasks } from './add-tasks.ts';
import type { FullSight } from './look.ts';
import type { HostIn } from './step.ts';

export interface TasksNow {
  readonly tasks: readonly Loaded<TaskState>[];
  readonly changed: boolean;
}

/** Commits what this look says of the tasks in flight, and plans instances that have shown up on the host since. */
export async function settleTasks(
  services: Services,
  host: HostIn<'evacuating' | 'handing-over'>,
  before: readonly Loaded<TaskState>[],
  sight: FullSight,
  segment: Segment,
): Promise<TasksNow> {
  const { chance, clock } = services;
  const settled = await changeTasks(services, before, (task) => settle(task, sight, segment, chance.random()));
  const unplanned = sight.listing?.unplanned ?? [];
  if (unplanned.length === 0) return settled;
  const planned = planTasks({
    incidentId: host.incident.id,
    hostKey: host.key,
    servers: unplanned,
    evacuations: [...sight.evacuationsOf.values()].flat(),
    otherMigrations: sight.listing?.otherMigrations ?? [],
    segment,
    nowMs: clock.now(),
  });
  const added = await addTasks(services, planned, host.incident.audit);
  return { tasks: [...settled.tasks, ...added.map((value) => ({ value, version: 1 }))], changed: true };
}

/** Commits the facts that `decide` gives for each task; tasks without facts, or moved on by others, stay as they were. */
export async function changeTasks(
  services: Services,
  before: readonly Loaded<TaskState>[],
  decide: (task: TaskState) => readonly TaskFact[],
): Promise<TasksNow> {
  const nowMs = services.clock.now();
  const commits = before.flatMap((loaded) => {
    const facts = decide(loaded.value);
    return facts.length === 0 ? [] : [taskWrites(loaded, facts, nowMs)];
  });
  const written = new Map((await commitTasks(services, commits)).map((task) => [task.instanceId, task]));
  const tasks = before.map((loaded): Loaded<TaskState> => {
    const value = written.get(loaded.value.instanceId);
    return value === undefined ? loaded : { value, version: versionAfter(loaded) };
  });
  return { tasks, changed: written.size > 0 };
}
