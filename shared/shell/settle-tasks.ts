import type { TaskBasis } from '#shared/domain/basis.ts';
import type { HostState } from '#shared/domain/host.ts';
import { planTasks } from '#shared/domain/plan.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { settle } from '#shared/domain/settle.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import { taskSight } from '#shared/domain/task-sight.ts';
import type { Services } from '#shared/services.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { type TaskCommit, taskWrites } from '#shared/state/tasks.ts';
import { addTasks, commitTasks, onRecord } from './add-tasks.ts';
import type { FullSight } from './look.ts';
import type { HostIn } from './step.ts';

export interface TasksNow {
  readonly tasks: readonly Loaded<TaskState>[];
  readonly changed: boolean;
}

export interface TaskDecision {
  readonly facts: readonly TaskFact[];
  readonly basis: TaskBasis;
}

/** Commits what this look says of the tasks in flight, and plans instances that have shown up on the host since. */
export async function settleTasks(
  services: Services,
  loaded: Loaded<HostIn<'evacuating' | 'handing-over'>>,
  before: readonly Loaded<TaskState>[],
  sight: FullSight,
  segment: Segment,
): Promise<TasksNow> {
  const { chance, clock } = services;
  const host = loaded.value;
  const settled = await changeTasks(services, loaded, before, (task) => {
    const random = chance.random();
    const basis = { by: 'look', atMs: sight.atMs, random, ...taskSight(task, sight, segment) } as const;
    return { facts: settle(task, sight, segment, random), basis };
  });
  const unplanned = sight.listing?.unplanned ?? [];
  if (unplanned.length === 0) return settled;
  const planned = planTasks({
    incidentId: host.incident.id,
    hostKey: host.key,
    servers: unplanned,
    signs: sight.listing?.signs ?? new Map(),
    evacuations: [...sight.evacuationsOf.values()].flat(),
    otherMigrations: sight.listing?.otherMigrations ?? [],
    segment,
    nowMs: clock.now(),
  });
  const added = await addTasks(services, planned, loaded);
  return { tasks: [...settled.tasks, ...added.map((value) => ({ value, version: 1 }))], changed: true };
}

/** Commits the facts that `decide` gives for each task; tasks without facts, or moved on by others, stay as they were. */
export async function changeTasks(
  services: Services,
  host: Loaded<HostState>,
  before: readonly Loaded<TaskState>[],
  decide: (task: TaskState) => TaskDecision | undefined,
): Promise<TasksNow> {
  const nowMs = services.clock.now();
  const commits: TaskCommit[] = [];
  for (const loaded of before) {
    const decision = decide(loaded.value);
    if (decision === undefined || decision.facts.length === 0) continue;
    const basis = await onRecord(services, loaded, decision.basis, host);
    commits.push(taskWrites(loaded, decision.facts, basis, nowMs));
  }
  const written = new Map((await commitTasks(services, commits)).map((task) => [task.instanceId, task]));
  const tasks = before.map((loaded): Loaded<TaskState> => {
    const value = written.get(loaded.value.instanceId);
    return value === undefined ? loaded : { value, version: versionAfter(loaded) };
  });
  return { tasks, changed: written.size > 0 };
}
