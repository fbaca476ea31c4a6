import type { Head } from '#shared/domain/audit.ts';
import type { PlannedTask } from '#shared/domain/plan.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { stillOpen } from '#shared/state/hosts.ts';
import { inTransactions, type TaskCommit, taskWrites } from '#shared/state/tasks.ts';

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

/**
 * Writes new tasks, each with its stream started from the incident's head. None is added to an incident that was
 * closed meanwhile: nobody would see to it.
 */
export async function addTasks(
  services: Services,
  planned: readonly PlannedTask[],
  incidentHead: Head,
): Promise<readonly TaskState[]> {
  const nowMs = services.clock.now();
  const commits = planned.map(({ task, facts }) =>
    taskWrites({ value: task, version: 'absent' }, facts, nowMs, incidentHead),
  );
  const [first] = planned;
  return first === undefined ? [] : commitTasks(services, commits, [stillOpen(first.task.incidentId)]);
}
