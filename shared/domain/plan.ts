import { FIRST } from './audit.ts';
import type { TaskBasis } from './basis.ts';
import { judgeInstance, type Verdict } from './instances.ts';
import type { Segment } from './policy.ts';
import { isRunning, recordMigration, recordServer, type SeenMigration, type SeenServer } from './seen.ts';
import { type Attempt, endedAs, type TaskFact, type TaskState } from './task.ts';

export interface PlannedTask {
  readonly task: TaskState;
  readonly facts: readonly TaskFact[];
  readonly basis: TaskBasis;
}

export interface PlanInput {
  readonly incidentId: string;
  readonly hostKey: string;
  readonly servers: readonly SeenServer[];
  readonly evacuations: readonly SeenMigration[];
  readonly otherMigrations: readonly SeenMigration[];
  readonly segment: Segment;
  readonly nowMs: number;
}

/** One task for each instance of the host, those included for which nothing is to be done: each has an outcome (L1). */
export function planTasks({ servers, evacuations, otherMigrations, ...of }: PlanInput): readonly PlannedTask[] {
  const running = byInstance(evacuations.filter(isRunning));
  const others = byInstance(otherMigrations);
  return servers.map((server) => planInstance(server, running.get(server.id), others.get(server.id), of));
}

/** One of them, with what Nova still works on for it. */
export function planInstance(
  server: SeenServer,
  runningEvacuation: SeenMigration | undefined,
  runningMigration: SeenMigration | undefined,
  { segment, ...of }: Pick<PlanInput, 'incidentId' | 'hostKey' | 'segment' | 'nowMs'>,
): PlannedTask {
  const { instances } = segment;
  const verdict = judgeInstance(server, { instances, runningEvacuation, runningMigration });
  const basis: TaskBasis = {
    by: 'planning',
    atMs: of.nowMs,
    server: recordServer(server, instances),
    evacuation: runningEvacuation === undefined ? null : recordMigration(runningEvacuation),
    migration: runningMigration === undefined ? null : recordMigration(runningMigration),
  };
  return { ...planTask(server, verdict, of), basis };
}

const byInstance = (migrations: readonly SeenMigration[]) => new Map(migrations.map((each) => [each.instanceId, each]));

function planTask(
  server: SeenServer,
  verdict: Verdict,
  of: Pick<PlanInput, 'incidentId' | 'hostKey' | 'nowMs'>,
): Omit<PlannedTask, 'basis'> {
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
