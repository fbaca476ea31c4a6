import type { RecordedBasis } from '../basis.ts';
import { withRoom } from '../destinations.ts';
import { decideEvacuate, foldAnswer, unfitNow } from '../evacuate.ts';
import { handOver } from '../follow.ts';
import { grant } from '../grant.ts';
import type { HostState } from '../host.ts';
import { planInstance } from '../plan.ts';
import type { Policy, Segment } from '../policy.ts';
import { serverAgain } from '../recorded.ts';
import { decideRestoreRequest, foldRestoreAnswer, lookAtRestoring } from '../restore/decide.ts';
import type { RecordedMigration, RecordedServer } from '../seen.ts';
import { settle } from '../settle.ts';
import type { TaskFact, TaskState } from '../task.ts';
import { sightAgain } from '../task-sight.ts';
import { guestAnswer } from '../tiers.ts';
import { answerOf } from '../told.ts';
import { CannotDecide } from './cannot-decide.ts';
import { segmentOf } from './host.ts';
import type { Decision } from './log.ts';

export interface TaskStory {
  readonly incidentId: string;
  readonly hostKey: string;
  readonly instanceId: string;
  /** Of the incident. */
  readonly segment: string;
  /** The host as it was at a version. */
  readonly hostAt: (version: number) => HostState;
}

export interface DecidedAgain {
  readonly facts: readonly TaskFact[];
  /** The task before the facts. */
  readonly task: TaskState;
}

/**
 * What is decided of a task on what was recorded.
 * @param task undefined before it was planned
 * @throws CannotDecide when the log or the policy does not hold what it takes
 */
export function decideTaskAgain(
  story: TaskStory,
  task: TaskState | undefined,
  { basis, facts }: Decision,
  policy: Policy,
): DecidedAgain {
  if (basis === undefined) throw new CannotDecide('an older salvor recorded it, without what it was decided on');
  const segment = segmentOf(policy, story.segment);
  const recorded = facts as readonly unknown[] as readonly TaskFact[];
  if (basis.by === 'planning') return planAgain(story, basis, recorded, segment);
  if (task === undefined) throw new CannotDecide('it was not planned');
  return { task, facts: changeAgain(story, task, basis, recorded, policy, segment) };
}

function planAgain(
  { incidentId, hostKey, instanceId }: TaskStory,
  { server, signs = {}, groupPriority, evacuation, migration, atMs: nowMs }: Extract<RecordedBasis, { by: 'planning' }>,
  facts: readonly TaskFact[],
  segment: Segment,
): DecidedAgain {
  const planned = facts.find((fact) => fact.type === 'task-planned');
  const name = planned?.name ?? '';
  const ofInstance = (each: RecordedMigration | null) => (each === null ? undefined : { ...each, instanceId });
  const seen = { server: serverAgain(server, instanceId, name), signs, groupPriority: groupPriority ?? null };
  const running = { runningEvacuation: ofInstance(evacuation), runningMigration: ofInstance(migration) };
  const { task, facts: decided } = planInstance({ ...seen, ...running }, { incidentId, hostKey, segment, nowMs });
  return { task, facts: planned?.priority === undefined ? decided.map(withoutRank) : decided };
}

/** Salvors of before recorded none. */
function withoutRank(fact: TaskFact): TaskFact {
  if (fact.type !== 'task-planned') return fact;
  const { priority: _, tier: __, ...rest } = fact;
  return rest;
}

function changeAgain(
  { hostAt }: TaskStory,
  task: TaskState,
  basis: RecordedBasis,
  recorded: readonly TaskFact[],
  policy: Policy,
  segment: Segment,
): readonly TaskFact[] {
  const { instanceId, name, progress } = task;
  const { atMs } = basis;
  switch (basis.by) {
    case 'look':
      return settle(task, sightAgain(task, basis, atMs), segment, basis.random);
    case 'hand-over': {
      const { incident } = hostAt(basis.host ?? 0);
      if (incident?.status !== 'handing-over') throw new CannotDecide('its incident is not handed over');
      return handOver(task, incident, atMs);
    }
    case 'grant': {
      const { migration, inFlight, inFlightElsewhere, forcedDown } = basis;
      const { group, places } = basis;
      const [change] = grant([task], {
        sight: sightAgain(task, basis, atMs),
        segment,
        forcedDown,
        candidates: basis.candidates.map(withRoom),
        asleep: (basis.asleep ?? []).map(withRoom).map((each) => ({ ...each, serviceId: '', reason: '' })),
        groups: group === undefined ? [] : [{ ...group, members: [instanceId] }],
        tiersBefore: () => basis.tiers ?? [],
        otherMigrations: new Map(migration === null ? [] : [[instanceId, { ...migration, instanceId }]]),
        inFlight,
        inFlightElsewhere,
        maxInFlightOverAll: policy.global.maxEvacuationsInFlight,
        // Else nothing would have been granted.
        proofIsYoung: true,
        places,
      }).changes;
      return change?.facts ?? [];
    }
    case 'guest':
      return guestAnswer(basis.status, basis.silent, basis.asked, atMs);
    case 'request': {
      const host = hostAt(basis.host ?? 0);
      const attempt = 'attempt' in progress ? progress.attempt.number : 0;
      const unfit =
        basis.hindered ?? unfitNow(seen(basis.server, instanceId, name), host.name, task, attempt, segment.instances);
      const { proofMaxAgeSeconds } = segment.fencing;
      const gone = basis.snapshotGone === true;
      const decision = decideEvacuate(host, task, attempt, proofMaxAgeSeconds, atMs, unfit, gone);
      return decision.do === 'nothing' ? [] : decision.facts;
    }
    case 'answer': {
      const answered = recorded.find((fact) => fact.type === 'evacuate-answered');
      if (answered === undefined) throw new CannotDecide('the answer to the request is not recorded');
      const before = recorded.filter((fact) => fact.type === 'reset-answered');
      return [...before, ...foldAnswer(task, answered.attempt, answerOf(answered), segment, atMs, basis.random)];
    }
    case 'restore-look':
    case 'restore-request':
    case 'restore-answer':
      return restoreAgain(progress, basis, recorded, segment);
    default:
      throw new CannotDecide(`nothing of a task is decided by ${basis.by}`);
  }
}

function restoreAgain(
  progress: TaskState['progress'],
  basis: Extract<RecordedBasis, { by: 'restore-look' | 'restore-request' | 'restore-answer' }>,
  recorded: readonly TaskFact[],
  { evacuation }: Segment,
): readonly TaskFact[] {
  const answered = recorded.find((fact) => fact.type === 'restore-answered');
  if (basis.by === 'restore-answer') {
    if (answered === undefined) throw new CannotDecide('the answer to the request is not recorded');
    const failures = progress.status === 'restoring' ? progress.failures : 0;
    return foldRestoreAnswer({ ...answered, failures }, answerOf(answered), basis.atMs, basis.random);
  }
  if (progress.status !== 'restoring') throw new CannotDecide('it is not restarted from a snapshot');
  return basis.by === 'restore-look'
    ? lookAtRestoring(progress, basis.sight, evacuation, basis.atMs)
    : decideRestoreRequest(progress, progress.number, basis.sight, basis.atMs);
}

const seen = (server: RecordedServer | null, id: string, name: string) =>
  server === null ? undefined : serverAgain(server, id, name);
