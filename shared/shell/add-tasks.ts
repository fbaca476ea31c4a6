import type { Head } from '#shared/domain/audit.ts';
import type { PlannedTask } from '#shared/domain/plan.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { Services } from '#shared/services.ts';
import { inTransactions, type TaskCommit, taskWrites } from '#shared/state/tasks.ts';

/** Writes task commits, as many to a transaction as fit. Stops at the first that fails; what is written stays. */
export async function commitTasks({ state }: Services, commits: readonly TaskCommit[]): Promise<void> {
  for (const chunk of inTransactions(commits)) await state.transact(chunk.flatMap((commit) => commit.writes));
}

/** Writes new tasks, each with its stream started from the incident's head. */
export async function addTasks(
  services: Services,
  planned: readonly PlannedTask[],
  incidentHead: Head,
): Promise<readonly TaskState[]> {
  const nowMs = services.clock.now();
  const commits = planned.map(({ task, facts }) =>
    taskWrites({ value: task, version: 'absent' }, facts, nowMs, incidentHead),
  );
  await commitTasks(services, commits);
  return commits.map((commit) => commit.task);
}
