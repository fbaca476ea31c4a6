import { appendFacts, auditWrite, type Head, streamOfTask } from '#shared/domain/audit.ts';
import type { RecordedBasis } from '#shared/domain/basis.ts';
import { evolveTask, type TaskFact, type TaskState } from '#shared/domain/task.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';
import { LIMITS } from './limits.ts';

export const TASKS_PARTITION_PREFIX = 'tasks#';
const partitionOf = (incidentId: string): string => `${TASKS_PARTITION_PREFIX}${incidentId}`;
const keyOf = ({ incidentId, instanceId }: TaskState): ItemKey => ({
  partition: partitionOf(incidentId),
  sort: instanceId,
});

export const loadTask = (
  state: StateReader,
  incidentId: string,
  instanceId: string,
): Promise<Loaded<TaskState> | undefined> =>
  load<TaskState>(state, { partition: partitionOf(incidentId), sort: instanceId });

/** Every task of an incident, in the order of their instances' ids. */
export async function loadTasks(state: StateReader, incidentId: string): Promise<readonly Loaded<TaskState>[]> {
  const tasks: Loaded<TaskState>[] = [];
  for await (const item of all(state, partitionOf(incidentId)))
    tasks.push({ value: decode<TaskState>(item), version: item.version });
  return tasks;
}

export interface TaskCommit {
  readonly task: TaskState;
  readonly writes: readonly StateWrite[];
}

/**
 * The state after the facts, and the writes that commit it with one audit record per fact.
 * @param start for a new task: its incident's head, from whose hash the task's stream starts
 */
export function taskWrites(
  { value, version }: Loaded<TaskState>,
  facts: readonly TaskFact[],
  basis: RecordedBasis,
  nowMs: number,
  start?: Head,
): TaskCommit {
  const head = start === undefined ? value.audit : { seq: 0, hash: start.hash };
  const appended = appendFacts(streamOfTask(value.incidentId, value.instanceId), head, facts, nowMs, basis);
  const end = appended.records.find(({ fact }) => fact.type === 'task-ended');
  const endedAt = end === undefined ? value.endedAt : { seq: end.seq, hash: end.hash };
  const task = { ...facts.reduce(evolveTask, value), audit: appended.head, endedAt };
  return { task, writes: [put(keyOf(task), version, task), ...appended.records.map(auditWrite)] };
}

/**
 * Joins whole task commits into as few transactions as DynamoDB's limit allows; a task is never split.
 * @param besides how many other items each transaction holds
 */
export function inTransactions(commits: readonly TaskCommit[], besides = 0): readonly (readonly TaskCommit[])[] {
  const chunks: TaskCommit[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const commit of commits) {
    if (size + commit.writes.length > LIMITS.itemsPerTransaction - besides) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(commit);
    size += commit.writes.length;
  }
  return chunks;
}
