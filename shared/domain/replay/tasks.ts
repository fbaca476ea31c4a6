import type { Head } from '../audit.ts';
import type { HostState } from '../host.ts';
import type { Policy } from '../policy.ts';
import { evolveTask, type TaskFact, type TaskState } from '../task.ts';
import { endOf } from '../verify.ts';
import { type Decision, decisionsOf, type IncidentLog, type TaskLog } from './log.ts';
import { evolved, type Replayed, replayed } from './replayed.ts';
import { decideTaskAgain } from './task.ts';

/** The tasks of an incident, as they came to be. */
export interface ReplayedTasks {
  readonly decisions: readonly Replayed[];
  /** As they were when the host's decision was made. */
  before(decision: Decision): readonly TaskState[];
  atEnd(): readonly TaskState[];
}

interface ReplayedTask {
  readonly log: TaskLog;
  readonly decisions: readonly Replayed[];
  /** The task behind each decision, with the time of it. */
  readonly states: readonly { readonly atMs: number; readonly task: TaskState }[];
}

export function replayTasks(
  incident: IncidentLog,
  hostKey: string,
  hostAt: (version: number) => HostState,
  policyOf: (decision: Decision) => Policy,
): ReplayedTasks {
  const { segment } = (incident.records[0]?.fact ?? {}) as { readonly segment?: string };
  const tasks = [...incident.tasks].sort(byInstance).map((log): ReplayedTask => {
    const story = { incidentId: incident.id, hostKey, instanceId: log.instanceId, segment: segment ?? '', hostAt };
    let task: TaskState | undefined;
    // Stryker disable next-line ArrayDeclaration: what is no state of the task is of no time
    const states: { atMs: number; task: TaskState }[] = [];
    const decisions = decisionsOf(log.records).map((decision) => {
      let before = task;
      let impossible: string | null = null;
      const again = replayed(decision, () => {
        const decided = decideTaskAgain(story, task, decision, policyOf(decision));
        before ??= decided.task;
        return decided.facts;
      });
      if (before !== undefined) {
        ({ state: task, impossible } = evolved<TaskState, TaskFact>(before, decision, evolveTask));
        states.push({ atMs: decision.atMs, task });
      }
      return impossible === null ? again : { ...again, decided: null, cannot: impossible, difference: null };
    });
    return { log, decisions, states };
  });
  const startOf = new Map(incident.records.map(({ hash, seq }) => [hash, seq]));
  return {
    decisions: tasks.flatMap(({ decisions }) => decisions),
    before: ({ atMs, seq }) =>
      tasks.flatMap(({ log, states }) => {
        const [first] = log.records;
        const start = (first && startOf.get(first.previousHash)) ?? 0;
        const then = states.findLast((state) => state.atMs <= atMs)?.task;
        return start < seq && then !== undefined ? [then] : [];
      }),
    atEnd: () =>
      tasks.flatMap(({ log, states }) => {
        const task = states.at(-1)?.task;
        return task === undefined ? [] : [{ ...task, endedAt: headOf(log) }];
      }),
  };
}

// Stryker disable next-line EqualityOperator: no two tasks are of one instance
const byInstance = (a: TaskLog, b: TaskLog): number => (a.instanceId < b.instanceId ? -1 : 1);

// Stryker disable next-line StringLiteral: where a stream ends does not depend on places
const headOf = ({ records }: TaskLog): Head => endOf(records.map((record) => ({ place: '', record })));
