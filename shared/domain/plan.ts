import { FIRST } from './audit.ts';
import type { TaskBasis } from './basis.ts';
import { judgeInstance, type Verdict } from './instances.ts';
import { groupPriorities, type Rank, rankOf } from './order.ts';
import type { Segment } from './policy.ts';
import { recordServer, recordSigns } from './recorded.ts';
import { isRunning, recordMigration, type SeenMigration, type SeenServer, type Signs } from './seen.ts';
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
  /** What stands beside them, by instance. */
  readonly signs: ReadonlyMap<string, Signs>;
  readonly evacuations: readonly SeenMigration[];
  readonly otherMigrations: readonly SeenMigration[];
  readonly segment: Segment;
  readonly nowMs: number;
}

/** One task for each instance of the host, those included for which nothing is to be done: each has an outcome (L1). */
export function planTasks({ servers, signs, evacuations, otherMigrations, ...of }: PlanInput): readonly PlannedTask[] {
  const running = byInstance(evacuations.filter(isRunning));
  const others = byInstance(otherMigrations);
  const ofGroups = groupPriorities(servers, of.segment.order);
  return servers.map((server, index) =>
    planInstance(
      {
        server,
        signs: signs.get(server.id) ?? {},
        groupPriority: ofGroups[index] ?? null,
        runningEvacuation: running.get(server.id),
        runningMigration: others.get(server.id),
      },
      of,
    ),
  );
}

/** One instance, with what stands beside it and what Nova still works on for it. */
export interface InstanceSeen {
  readonly server: SeenServer;
  readonly signs: Signs;
  readonly groupPriority: number | null;
  readonly runningEvacuation: SeenMigration | undefined;
  readonly runningMigration: SeenMigration | undefined;
}

export function planInstance(
  { server, signs, groupPriority, runningEvacuation, runningMigration }: InstanceSeen,
  { segment, ...of }: Pick<PlanInput, 'incidentId' | 'hostKey' | 'segment' | 'nowMs'>,
): PlannedTask {
  const { instances, order } = segment;
  const verdict = judgeInstance(server, { instances, signs, runningEvacuation, runningMigration });
  const recordedSigns = recordSigns(signs, instances);
  const basis: TaskBasis = {
    by: 'planning',
    atMs: of.nowMs,
    server: recordServer(server, segment),
    ...(Object.keys(recordedSigns).length === 0 ? {} : { signs: recordedSigns }),
    ...(groupPriority === null ? {} : { groupPriority }),
    evacuation: runningEvacuation === undefined ? null : recordMigration(runningEvacuation),
    migration: runningMigration === undefined ? null : recordMigration(runningMigration),
  };
  return { ...planTask(server, verdict, { ...rankOf(server, groupPriority, order), signs: recordedSigns }, of), basis };
}

const byInstance = (migrations: readonly SeenMigration[]) => new Map(migrations.map((each) => [each.instanceId, each]));

function planTask(
  server: SeenServer,
  verdict: Verdict,
  beside: Rank & { readonly signs: Signs },
  of: Pick<PlanInput, 'incidentId' | 'hostKey' | 'nowMs'>,
): Omit<PlannedTask, 'basis'> {
  const { id: instanceId, name, vmState, taskState, locked, memoryMb, vcpus, projectId } = server;
  const planned: TaskFact = {
    type: 'task-planned',
    instanceId,
    name,
    vmState,
    taskState,
    locked,
    priority: beside.priority,
    tier: beside.tier,
    decision: verdict.kind,
    because: verdict.because,
  };
  const task: TaskState = {
    incidentId: of.incidentId,
    hostKey: of.hostKey,
    instanceId,
    name,
    memoryMb,
    vcpus,
    projectId,
    ...beside,
    plannedAtMs: of.nowMs,
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
      return { task: verdict.restore === undefined ? task : { ...task, restore: verdict.restore }, facts: [planned] };
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
