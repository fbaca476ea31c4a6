import { createHash } from 'node:crypto';
import { appendFacts, auditWrite, type Head, streamOfTask } from '#shared/domain/audit.ts';
import { evolveTask, type TaskFact, type TaskState } from '#shared/domain/task.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';
import { LIMITS } from './limits.ts';

const partitionOf = (incidentId: string): string => `tasks#${incidentId}`;
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
  nowMs: number,
  start?: Head,
): TaskCommit {
  const head = start === undefined ? value.audit : { seq: 0, hash: start.hash };
  const appended = appendFacts(streamOfTask(value.incidentId, value.instanceId), head, facts, nowMs);
  const task = { ...facts.reduce(evolveTask, value), audit: appended.head };
  return { task, writes: [put(keyOf(task), version, task), ...appended.records.map(auditWrite)] };
}

/** Joins whole task commits into as few transactions as DynamoDB's limit allows; a task is never split. */
export function inTransactions(commits: readonly TaskCommit[]): readonly (readonly TaskCommit[])[] {
  const chunks: TaskCommit[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const commit of commits) {
    if (size + commit.writes.length > LIMITS.itemsPerTransaction) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(commit);
    size += commit.writes.length;
  }
  return chunks;
}

/** One hash over the heads of the tasks' streams, in the order of their instances' ids. */
export function hashOfHeads(tasks: readonly TaskState[]): string {
  const hash = createHash('sha256');
  for (const { instanceId, audit } of [...tasks].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1)))
    hash.update(`${instanceId} ${audit.seq} ${audit.hash}\n`);
  return hash.digest('hex');
}
