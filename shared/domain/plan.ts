import type { Migration, Server } from '#shared/ports.ts';
import { FIRST } from './audit.ts';
import { judgeInstance, type Verdict } from './instances.ts';
import type { Segment } from './policy.ts';
import { type Attempt, endedAs, type TaskFact, type TaskState } from './task.ts';

/** Migration statuses at which Nova no longer works on an evacuation. */
const ENDED = new Set(['done', 'completed', 'failed', 'error', 'cancelled']);
export const isRunning = (migration: Migration): boolean => !ENDED.has(migration.status);

export interface PlannedTask {
  readonly task: TaskState;
  readonly facts: readonly TaskFact[];
}

export interface PlanInput {
  readonly incidentId: string;
  readonly hostKey: string;
  readonly servers: readonly Server[];
  readonly evacuations: readonly Migration[];
  readonly otherMigrations: readonly Migration[];
  readonly segment: Segment;
  readonly nowMs: number;
}

/** One task for each instance of the host, those included for which nothing is to be done: each has an outcome (L1). */
export function planTasks({
  servers,
  evacuations,
  otherMigrations,
  segment,
  ...rest
}: PlanInput): readonly PlannedTask[] {
  const running = byInstance(evacuations.filter(isRunning));
  const others = byInstance(otherMigrations);
  return servers.map((server) => {
    const verdict = judgeInstance(server, {
      instances: segment.instances,
      runningEvacuation: running.get(server.id),
      runningMigration: others.get(server.id),
    });
    return planTask(server, verdict, rest);
  });
}

const byInstance = (migrations: readonly Migration[]) => new Map(migrations.map((each) => [each.instanceId, each]));

function planTask(
  server: Server,
  verdict: Verdict,
  of: Pick<PlanInput, 'incidentId' | 'hostKey' | 'nowMs'>,
): PlannedTask {
  const { id: instanceId, name, vmState, taskState, locked, memoryMb } = server;
  const planned: TaskFact = {
    type: 'task-planned',
    instanceId,
    name,
    vmState,
    taskState,
    locked,
    decision: verdict.kind,
    because: verdict.because,
  };
  const task: TaskState = {
    incidentId: of.incidentId,
    hostKey: of.hostKey,
    instanceId,
    name,
    memoryMb,
    way: verdict.kind === 'evacuate' ? verdict.way : 'as-it-was',
    wayAgain: verdict.kind === 'evacuate' ? verdict.wayAgain : 'as-it-was',
    failedAt: [],
    attempts: 0,
    progress: { status: 'waiting', notBeforeMs: of.nowMs, because: verdict.because },
    audit: FIRST,
    endedAt: null,
  };
  switch (verdict.kind) {
    case 'evacuate':
      return { task, facts: [planned] };
    case 'watch': {
      // Somebody else's evacuation holds a token as if it were attempt 0 of ours.
      const { id, destinationHost: destination } = verdict.evacuation;
      const attempt: Attempt = {
        number: 0,
        way: task.way,
        destination,
        grantedAtMs: of.nowMs,
        lastMigrationId: id - 1,
      };
      return { task: { ...task, progress: { status: 'accepted', attempt, sinceMs: of.nowMs } }, facts: [planned] };
    }
    case 'leave':
      return { task, facts: [planned, endedAs(verdict.outcome, verdict.because, of.nowMs)] };
    case 'person':
      return { task, facts: [planned, endedAs('person', verdict.because, of.nowMs)] };
  }
}
