import { backoffMs } from './backoff.ts';
import type { Segment } from './policy.ts';
import { isRunning, type SeenMigration, type SeenServer } from './seen.ts';
import { type Attempt, counted, endedAs, evolveTask, mayBeTried, type TaskFact, type TaskState } from './task.ts';

/** A granted attempt whose message did not come: it was never asked of Nova, so the grant is taken back. */
const GRANT_EXPIRES_MS = 30_000;
/** A committed intent this young is left to its function, which has the request under way. */
const ANSWER_EXPECTED_MS = 20_000;
/** A committed intent without an answer: longer than any request may take, so its function has died. */
const ANSWER_EXPIRES_MS = 75_000;

/** What was read from Nova for this look. */
export interface Sight {
  readonly atMs: number;
  /** In any order: the ids tell which is newer. */
  readonly evacuationsOf: ReadonlyMap<string, readonly SeenMigration[]>;
  /** Instances whose host field is still the failed host; undefined when they were not listed this time. */
  readonly onHost: ReadonlyMap<string, SeenServer> | undefined;
  /** Instances that were asked for one by one, since they are no longer on the host: null when deleted. */
  readonly elsewhere: ReadonlyMap<string, Pick<SeenServer, 'host'> | null>;
}

/** The evacuation that belongs to an attempt: the newest that came after its grant. */
export const migrationOf = (
  attempt: Attempt,
  migrations: readonly SeenMigration[] | undefined,
): SeenMigration | undefined =>
  migrations?.filter((each) => each.id > attempt.lastMigrationId).sort((a, b) => b.id - a.id)[0];

/** Whether the instances on the host must be listed to settle this task: only when something about it has ended. */
export function needsListing(
  task: TaskState,
  sight: Pick<Sight, 'evacuationsOf' | 'atMs'>,
  settleSeconds: number,
): boolean {
  const { progress } = task;
  if (progress.status === 'waiting') return mayBeTried(task, sight.atMs);
  if (progress.status === 'unknown') return progress.sinceMs + settleSeconds * 1000 <= sight.atMs || found(task, sight);
  // The record of an accepted one is there at once: where there is none any more, its instance was deleted.
  if (progress.status === 'accepted')
    return migrationOf(progress.attempt, sight.evacuationsOf.get(task.instanceId)) === undefined || found(task, sight);
  return progress.status === 'requested' && found(task, sight);
}

function found(task: TaskState, { evacuationsOf }: Pick<Sight, 'evacuationsOf'>): boolean {
  const { progress } = task;
  const migration =
    'attempt' in progress ? migrationOf(progress.attempt, evacuationsOf.get(task.instanceId)) : undefined;
  return migration !== undefined && !isRunning(migration);
}

/**
 * What this look says about one task in flight. An attempt ends only by its migration's own end (S4); a request
 * whose fate is unknown ends when no migration has shown after the settle time.
 */
export function settle(task: TaskState, sight: Sight, { evacuation }: Segment, random: number): readonly TaskFact[] {
  const { progress } = task;
  switch (progress.status) {
    case 'waiting':
    case 'restoring':
    case 'ended':
      return [];
    case 'granted':
      return progress.attempt.grantedAtMs + GRANT_EXPIRES_MS > sight.atMs
        ? []
        : [{ type: 'grant-expired', because: 'its message was not worked on in time', atMs: sight.atMs }];
    case 'requested': {
      const ageMs = sight.atMs - progress.requestedAtMs;
      if (ageMs < ANSWER_EXPECTED_MS) return [];
      const known = foundRunning(task, progress.attempt, sight, evacuation, random);
      if (known !== undefined) return known;
      return ageMs < ANSWER_EXPIRES_MS
        ? []
        : [{ type: 'lost-answer', because: 'no answer was recorded for the request', atMs: sight.atMs }];
    }
    case 'unknown': {
      const known = foundRunning(task, progress.attempt, sight, evacuation, random);
      if (known !== undefined) return known;
      if (progress.sinceMs + evacuation.settleSeconds * 1000 > sight.atMs) return [];
      const because = `no evacuation has shown ${evacuation.settleSeconds} s after: ${progress.error}`;
      return gone(task, sight) ?? retryOrEnd(task, progress.attempt, because, null, sight, evacuation, random);
    }
    case 'accepted': {
      const migration = migrationOf(progress.attempt, sight.evacuationsOf.get(task.instanceId));
      // Nova forgets the evacuations of an instance that is deleted.
      if (migration === undefined) return gone(task, sight) ?? [];
      return settleFound(task, progress.attempt, migration, sight, evacuation, random);
    }
  }
}

/** The request has reached Nova after all, and what it led to may have ended by now; undefined when nothing shows yet. */
function foundRunning(
  task: TaskState,
  attempt: Attempt,
  sight: Sight,
  evacuation: Segment['evacuation'],
  random: number,
): readonly TaskFact[] | undefined {
  const migration = migrationOf(attempt, sight.evacuationsOf.get(task.instanceId));
  if (migration === undefined) return undefined;
  const { id: migrationId, status: migrationStatus } = migration;
  const running: TaskFact = { type: 'found-running', migrationId, migrationStatus, atMs: sight.atMs };
  return [running, ...settleFound(evolveTask(task, running), attempt, migration, sight, evacuation, random)];
}

function settleFound(
  task: TaskState,
  attempt: Attempt,
  migration: SeenMigration,
  sight: Sight,
  evacuation: Segment['evacuation'],
  random: number,
): readonly TaskFact[] {
  if (isRunning(migration) || sight.onHost === undefined) return [];
  const here = sight.onHost.get(task.instanceId);
  const { status, destinationHost } = migration;
  // Nova marks the migration before it moves the host field: only both together mean recovered.
  if (isDone(migration))
    return here === undefined ? [arrived(task, `its evacuation is ${status}`, destinationHost, sight.atMs)] : [];
  // A real Nova marks the migration before its conductor lets go of the instance, and loses an evacuation that is
  // asked for in between (REBUILD for good): the attempt is over when no task runs any more.
  if (here !== undefined && here.taskState !== null) return [];
  const fault = here?.fault ? `: ${here.fault}` : '';
  const because = `its evacuation ended as ${status}${fault}`;
  const destination = destinationHost ?? attempt.destination;
  const isRoomless = status === 'error' && here?.fault?.startsWith(NO_VALID_HOST) === true;
  return (
    gone(task, sight) ??
    (isRoomless
      ? [roomless(task, attempt, because, sight, evacuation, random)]
      : retryOrEnd(task, attempt, because, destination, sight, evacuation, random))
  );
}

/** Nova's own words, of its scheduler (nova/exception.py). */
const NO_VALID_HOST = 'No valid host was found.';

/** Room may be made: it is asked for again, after a pause that grows, and as often as the incident's deadline lets. */
function roomless(
  { roomless: times = 0 }: TaskState,
  { number: attempt, destination }: Attempt,
  because: string,
  { atMs }: Sight,
  evacuation: Segment['evacuation'],
  random: number,
): TaskFact {
  const retryAtMs = atMs + backoffMs(times, evacuation, random);
  return { type: 'attempt-failed', attempt, because, destination, retryAtMs, noRoom: true };
}

const isDone = ({ status }: SeenMigration): boolean => status === 'done' || status === 'completed';

/** It is elsewhere by an evacuation that is done: recovered, unless its disk is to be made anew first. */
function arrived({ restore }: TaskState, because: string, destination: string | null, atMs: number): TaskFact {
  if (restore === undefined) return endedAs('recovered', because, atMs, destination);
  if (destination === null) return endedAs('person', `${because}, and Nova does not say where it is`, atMs);
  const { id: imageId, createdAtMs } = restore;
  const imageCreatedAt = new Date(createdAtMs).toISOString();
  return { type: 'restore-begins', destination, imageId, imageCreatedAt, because, atMs };
}

/** The instance is no longer on the host, though no attempt that counts now brought it away. */
export function gone(task: TaskState, sight: Sight): readonly TaskFact[] | undefined {
  if (sight.onHost === undefined || sight.onHost.has(task.instanceId)) return undefined;
  const server = sight.elsewhere.get(task.instanceId);
  if (server === undefined) return [];
  const host = server?.host ?? null;
  const late = sight.evacuationsOf
    .get(task.instanceId)
    ?.find((each) => isDone(each) && host !== null && each.destinationHost === host);
  if (late !== undefined) {
    const because = `evacuation ${late.id}, not waited for, is ${late.status}`;
    return [arrived(task, because, host, sight.atMs)];
  }
  const because =
    server === null ? 'it was deleted' : `it is on ${host ?? 'no host'} by now, and salvor did not bring it there`;
  return [endedAs('gone', because, sight.atMs, host)];
}

function retryOrEnd(
  task: TaskState,
  attempt: Attempt,
  because: string,
  destination: string | null,
  { atMs }: Sight,
  evacuation: Segment['evacuation'],
  random: number,
): readonly TaskFact[] {
  const retryAtMs = atMs + backoffMs(Math.max(0, attempt.number - 1), evacuation, random);
  const failed: TaskFact = { type: 'attempt-failed', attempt: attempt.number, because, destination, retryAtMs };
  return counted(task) < evacuation.maxAttempts
    ? [failed]
    : [failed, endedAs('person', `${because}, after ${counted(task)} attempts`, atMs)];
}
