import type { Head } from './audit.ts';
import type { EvacuationWay } from './instances.ts';
import type { Rank } from './order.ts';
import { begunRestoring, evolveRestoring } from './restore/evolve.ts';
import type { Restoring } from './restore/restoring.ts';
import type { SeenSnapshot, Signs } from './seen.ts';
import type { TaskFact } from './task-fact.ts';

export type * from './task-fact.ts';

/** One evacuation task: one instance of one incident. Times are Unix ms. */
export interface TaskState extends Partial<Rank> {
  readonly incidentId: string;
  readonly hostKey: string;
  readonly instanceId: string;
  readonly name: string;
  readonly memoryMb: number;
  /** These, and its rank, were not asked by salvors of before. */
  readonly vcpus?: number;
  readonly projectId?: string;
  readonly plannedAtMs?: number;
  /** When its guest answered, behind its recovery, where the gate of its tier asks for that. */
  readonly upAtMs?: number;
  /** What its image and its host's aggregates said when it was planned. */
  readonly signs?: Signs;
  /** How Nova is asked, and how after a failed attempt. */
  readonly way: EvacuationWay;
  readonly wayAgain: EvacuationWay;
  /** Its disk is lost, and is made of this once it was evacuated. */
  readonly restore?: SeenSnapshot;
  /** Destinations at which it failed: not asked for again. */
  readonly failedAt: readonly string[];
  /** Destinations that Nova's scheduler has refused: not asked for again until none is left and a pause is over. */
  readonly refusedBy?: readonly string[];
  /** None is left. */
  readonly refusedAll?: boolean;
  readonly attempts: number;
  /** Of these, those that found no room, which don't count. */
  readonly uncounted?: number;
  /** How often there was no room for it. */
  readonly roomless?: number;
  readonly progress: TaskProgress;
  readonly audit: Head;
  /** Where its stream had come to when it ended, which is what the end of its incident commits; null before that. */
  readonly endedAt: Head | null;
}

/** One evacuate request, from its grant to its end. */
export interface Attempt {
  readonly number: number;
  /** Asked of Nova; null leaves the choice to its scheduler. */
  readonly destination: string | null;
  readonly way: EvacuationWay;
  readonly grantedAtMs: number;
  /** So many of its size the hosts had room for then. Absent where a salvor of before granted it. */
  readonly places?: number;
  /** The newest evacuation of the instance that Nova had when this one was granted: a later one is this attempt's. */
  readonly lastMigrationId: number;
}

export type TaskProgress =
  /** Waits for a token, for what `for` names, or for the pause after a failure to end. */
  | {
      readonly status: 'waiting';
      readonly notBeforeMs: number;
      readonly because: string;
      readonly for?: WaitsFor;
      /** For room: so many places there were when it began to wait. With more it does not wait any longer. */
      readonly places?: number | undefined;
    }
  /** Holds a token; its message is on the way. Nothing was asked of Nova. */
  | { readonly status: 'granted'; readonly attempt: Attempt }
  /** The intent is committed; the request may have been sent. Only the follower may go on from here. */
  | { readonly status: 'requested'; readonly attempt: Attempt; readonly requestedAtMs: number }
  /** Nova said yes, or its migration was found. */
  | { readonly status: 'accepted'; readonly attempt: Attempt; readonly sinceMs: number }
  /** Nobody knows whether Nova took it: the migrations will tell, at the latest after the settle time. */
  | { readonly status: 'unknown'; readonly attempt: Attempt; readonly sinceMs: number; readonly error: string }
  | Restoring
  | {
      readonly status: 'ended';
      readonly outcome: TaskOutcome;
      readonly because: string;
      readonly destination: string | null;
      readonly atMs: number;
    };

/** What may keep a task waiting for long, where a person sees it: an earlier tier, or room on a host. */
export type WaitsFor = 'tier' | 'room';

export type TaskOutcome =
  /** The migration is done and the host has changed. */
  | 'recovered'
  /** Its disk was lost with the host. It runs elsewhere from its last snapshot, without what was written since. */
  | 'restarted-from-snapshot'
  /** Deleted or moved away by somebody else. */
  | 'gone'
  /** The policy does not protect it. */
  | 'not-protected'
  /** Nothing was to be done for it. */
  | 'left'
  /** It can't be brought back; the reason says why. */
  | 'not-recoverable'
  /** A person must decide. */
  | 'person';

/** The state after `fact`. Throws when the fact can't follow from the state: a defect, never bad input. */
export function evolveTask(task: TaskState, fact: TaskFact): TaskState {
  const { progress } = task;
  const wait = (notBeforeMs: number, because: string) => ({ status: 'waiting', notBeforeMs, because }) as const;
  switch (fact.type) {
    case 'task-planned':
    case 'reset-answered':
      return task;
    case 'task-waits':
      return {
        ...task,
        progress: { ...wait(progressIn(task, 'waiting').notBeforeMs, fact.because), for: fact.for },
      };
    case 'no-room': {
      const { retryAtMs, because, places, atMs } = fact;
      return { ...noRoom(askedAnew(task, atMs), null), progress: { ...wait(retryAtMs, because), for: 'room', places } };
    }
    case 'guest-answered':
      return { ...task, upAtMs: fact.atMs };
    case 'granted':
      return {
        ...askedAnew(task, fact.attempt.grantedAtMs),
        attempts: fact.attempt.number,
        progress: { status: 'granted', attempt: fact.attempt },
      };
    case 'grant-expired':
      progressIn(task, 'granted');
      // Nothing was asked of Nova, so the attempt does not count.
      return { ...task, attempts: task.attempts - 1, progress: wait(fact.atMs, fact.because) };
    case 'evacuate-intended': {
      const { attempt } = progressIn(task, 'granted');
      return { ...task, progress: { status: 'requested', attempt, requestedAtMs: fact.atMs } };
    }
    case 'evacuate-answered': {
      // The follower may have found the migration before the answer came, or given the attempt up and granted
      // another: then the answer is only recorded.
      if (progress.status !== 'requested' || progress.attempt.number !== fact.attempt) return task;
      const { attempt } = progress;
      if (fact.answer === 'accepted') return { ...task, progress: { status: 'accepted', attempt, sinceMs: fact.atMs } };
      if (fact.answer === 'unknown')
        return { ...task, progress: { status: 'unknown', attempt, sinceMs: fact.atMs, error: fact.detail } };
      const failedAt = fact.blamesDestination ? addTo(task.failedAt, attempt.destination) : task.failedAt;
      // Out of reach or too busy is an outage, however long: it does not use up the attempts.
      const attempts = task.attempts - (cameTooEarly(fact.httpStatus) ? 1 : 0);
      return { ...task, failedAt, attempts, progress: wait(fact.retryAtMs, fact.detail) };
    }
    case 'found-running': {
      const { attempt } = progressIn(task, 'requested', 'unknown');
      return { ...task, progress: { status: 'accepted', attempt, sinceMs: fact.atMs } };
    }
    case 'lost-answer': {
      const { attempt } = progressIn(task, 'requested');
      return { ...task, progress: { status: 'unknown', attempt, sinceMs: fact.atMs, error: fact.because } };
    }
    case 'attempt-failed': {
      const { attempt } = progressIn(task, 'accepted', 'unknown');
      if (fact.noRoom === true) {
        const { uncounted = 0 } = task;
        const progress: TaskProgress = {
          ...{ ...wait(fact.retryAtMs, fact.because), for: 'room' },
          places: attempt.places,
        };
        return { ...noRoom(task, fact.destination), uncounted: uncounted + 1, progress };
      }
      return {
        ...task,
        failedAt: addTo(task.failedAt, fact.destination),
        progress: wait(fact.retryAtMs, fact.because),
      };
    }
    case 'restore-begins': {
      if (task.restore === undefined) throw new Error(`task of ${task.instanceId} has no snapshot`);
      return { ...task, progress: begunRestoring(fact, task.restore, task.attempts) };
    }
    case 'restore-waits':
    case 'restore-granted':
    case 'restore-intended':
    case 'restore-settled':
      return { ...task, progress: evolveRestoring(progressIn(task, 'restoring'), fact) };
    case 'restore-answered':
      // It may have gone to a person since: then the answer is only recorded.
      return progress.status === 'restoring' ? { ...task, progress: evolveRestoring(progress, fact) } : task;
    case 'task-ended': {
      if (progress.status === 'ended') throw new Error(`task of ${task.instanceId} has ended already`);
      const { outcome, because, destination, atMs } = fact;
      return { ...task, progress: { status: 'ended', outcome, because, destination, atMs } };
    }
  }
}

/** Whether a host is to be looked for: its pause is over, or it waits for room, which may be made at any time. */
export const mayBeTried = ({ progress }: TaskState, atMs: number): boolean =>
  progress.status === 'waiting' && (progress.notBeforeMs <= atMs || progress.for === 'room');

/** Of the request that was granted, and whose message is on the way. */
export function grantedNumber(progress: TaskProgress): number | undefined {
  if (progress.status === 'granted') return progress.attempt.number;
  return progress.status === 'restoring' && progress.asked?.phase === 'granted' ? progress.number : undefined;
}

/** Attempts that use up what the policy gives. */
export const counted = ({ attempts, uncounted = 0 }: TaskState): number => attempts - uncounted;

/** @param refused the host that was asked for; null: none was left */
const noRoom = (task: TaskState, refused: string | null): TaskState => ({
  ...task,
  roomless: (task.roomless ?? 0) + 1,
  refusedBy: addTo(task.refusedBy ?? [], refused),
  ...(refused === null ? { refusedAll: true } : {}),
});

/** The task when a host is looked for: once its pause is over and all have refused it, all of them are asked anew. */
export function askedAnew(task: TaskState, atMs: number): TaskState {
  const { notBeforeMs } = progressIn(task, 'waiting');
  const { refusedBy, refusedAll = false, ...rest } = task;
  return refusedAll && notBeforeMs <= atMs ? { ...rest, refusedBy: [] } : task;
}

/** 0: the request never left this process. 429: Nova is too busy to look at it. */
const cameTooEarly = (httpStatus: number | null): boolean => httpStatus === 0 || httpStatus === 429;

const addTo = (hosts: readonly string[], host: string | null): readonly string[] =>
  host === null || hosts.includes(host) ? hosts : [...hosts, host];

function progressIn<S extends TaskProgress['status']>(
  { instanceId, progress }: TaskState,
  ...statuses: readonly S[]
): Extract<TaskProgress, { status: S }> {
  if (!statuses.some((status) => status === progress.status))
    throw new Error(`task of ${instanceId} is ${progress.status}, not ${statuses.join(' or ')}`);
  return progress as Extract<TaskProgress, { status: S }>;
}

export const endedAs = (
  outcome: TaskOutcome,
  because: string,
  atMs: number,
  destination: string | null = null,
): TaskFact => ({ type: 'task-ended', outcome, because, destination, atMs });

/** Tasks that hold a token: what they asked of Nova, or may yet ask, is not over. */
export const isInFlight = (task: TaskState): boolean =>
  task.progress.status !== 'waiting' && task.progress.status !== 'ended';
