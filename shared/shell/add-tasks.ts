import type { RecordedBasis, TaskBasis } from '#shared/domain/basis.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { PlannedTask } from '#shared/domain/plan.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { unchanged } from '#shared/state/hosts.ts';
import { type Loaded, versionOf } from '#shared/state/items.ts';
import { inTransactions, type TaskCommit, taskWrites } from '#shared/state/tasks.ts';
import { recordedBasis } from './policy-on-record.ts';
import type { HostIn } from './step.ts';

/**
 * Writes task commits, as many to a transaction as fit. A task that somebody else moved on meanwhile is left to
 * them and does not hold up the others: the next look sees it as it is then.
 * @param besides writes that go into each transaction
 * @returns the tasks that were written.
 */
export async function commitTasks(
  services: Services,
  commits: readonly TaskCommit[],
  besides: readonly StateWrite[] = [],
): Promise<readonly TaskState[]> {
  const written: TaskState[] = [];
  for (const chunk of inTransactions(commits, besides.length)) {
    if (await committed(services, chunk, besides)) written.push(...chunk.map((commit) => commit.task));
    else if (chunk.length > 1)
      for (const one of chunk) if (await committed(services, [one], besides)) written.push(one.task);
  }
  return written;
}

async function committed(
  { state }: Services,
  chunk: readonly TaskCommit[],
  besides: readonly StateWrite[],
): Promise<boolean> {
  try {
    await state.transact([...chunk.flatMap((commit) => commit.writes), ...besides]);
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

/** The basis of a task's decision as it is recorded. */
export const onRecord = async (
  services: Services,
  task: Loaded<TaskState>,
  basis: TaskBasis,
  host?: Loaded<HostState>,
): Promise<RecordedBasis> => ({
  ...(await recordedBasis(services, task, basis)),
  ...(host === undefined ? {} : { host: versionOf(host) }),
});

/**
 * Writes new tasks, each with its stream started from the incident's head. None is added once the host was written by
 * anybody else: whoever found its incident closed, or its proof void, would not know of it.
 */
export async function addTasks(
  services: Services,
  planned: readonly PlannedTask[],
  host: Loaded<HostIn<'planning' | 'evacuating' | 'handing-over'>>,
): Promise<readonly TaskState[]> {
  const nowMs = services.clock.now();
  const commits = await Promise.all(
    planned.map(async ({ task, facts, basis }) => {
      const loaded = { value: task, version: 'absent' } as const;
      const recorded = await onRecord(services, loaded, basis, host);
      return taskWrites(loaded, facts, recorded, nowMs, host.value.incident.audit);
    }),
  );
  return commitTasks(services, commits, [unchanged(host)]);
}
