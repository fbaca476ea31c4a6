import type { Answer, ComputeService, ServerAction } from '#shared/ports.ts';
import { backoffMs } from '../backoff.ts';
import type { IncidentStatus } from '../host.ts';
import { isTakenOver } from '../instance-recovery/holds.ts';
import type { Segment } from '../policy.ts';
import type { RecordedServer } from '../seen.ts';
import { endedAs, type TaskFact } from '../task.ts';
import { toldAnswer } from '../told.ts';
import { leftAs, type RestoreFact, type RestoreStep, type Restoring } from './restoring.ts';
import { toldOf } from './snapshot.ts';

/** A grant whose message did not come. */
const GRANT_EXPIRES_MS = 30_000;
/** A committed intent without an answer: longer than any request may take, so its function has died. */
const ANSWER_EXPIRES_MS = 75_000;
/** Requests of one step without effect before a person must look. */
const MAX_FAILURES = 3;
const RETRY = { retryBaseSeconds: 10, retryMaxSeconds: 120 };

/** All that is read for one look: JSON, and small. It goes into the audit with the decision. */
export interface RestoreSight {
  /** Null: it was deleted. */
  readonly server: (RecordedServer & { readonly imageId: string | null }) | null;
  /** What was done to it by Nova's own record, newest first. */
  readonly actions: readonly ServerAction[];
  /** Of the host that it was evacuated to. Null: Nova knows none. */
  readonly service: Pick<ComputeService, 'state' | 'forcedDown'> | null;
  /** Status of the open incident of that host. */
  readonly hostIncident: IncidentStatus | null;
  /** Why nothing is asked of Nova, whatever the instance is like. */
  readonly hindered: string | null;
}

const SETTLED = { type: 'restore-settled', requestId: null } as const;

/** As Nova's record of what was done to the instance names it. */
const ACTION_OF: Readonly<Record<RestoreStep, string>> = { rebuild: 'rebuild', start: 'reboot' };

/**
 * What one look says of an instance that is being restarted from a snapshot. Whatever it finds that is not as salvor has left
 * it goes to a person: it is never started unless its disk was made of the snapshot.
 * @param evacuation of the policy: after so long, a request without an answer must show on Nova's record
 */
export function lookAtRestoring(
  progress: Restoring,
  sight: RestoreSight,
  { settleSeconds }: Pick<Segment['evacuation'], 'settleSeconds'>,
  nowMs: number,
): readonly TaskFact[] {
  const { step, number, asked } = progress;
  const { server } = sight;
  if (server === null) return [endedAs('gone', 'it was deleted', nowMs)];
  const settled = (
    as: Extract<RestoreFact, { type: 'restore-settled' }>['as'],
    because: string,
    requestId: string | null = null,
  ): readonly TaskFact[] => [{ ...SETTLED, step, number, as, because, requestId, atMs: nowMs }];
  // What it was asked for may come true there yet, and leaves it stopped.
  if (asked !== null && asked.phase !== 'granted' && hasFailed(sight))
    return [endedAs('person', failedAsWell(progress), nowMs, progress.destination)];
  switch (asked?.phase) {
    case undefined:
      return next(progress, server, sight, nowMs);
    case 'granted':
      if (asked.sinceMs + GRANT_EXPIRES_MS > nowMs) return [];
      return settled('expired', 'its message was not worked on in time');
    case 'requested':
      return asked.sinceMs + ANSWER_EXPIRES_MS > nowMs
        ? []
        : settled('missing', 'no answer was recorded for the request');
    case 'unknown': {
      const requestId = foundIn(sight, asked.lastActionId, step);
      if (requestId !== undefined) return settled('found', 'Nova has it on record', requestId);
      if (server.taskState !== null || asked.sinceMs + settleSeconds * 1000 > nowMs) return [];
      return settled('lost', `${step} has not reached Nova`);
    }
    case 'accepted': {
      if (server.taskState !== null) return [];
      const wrong = whyWrong(progress, server, step === 'rebuild' ? ['stopped'] : ['stopped', 'active']);
      if (wrong !== undefined) return [endedAs('person', wrong, nowMs, progress.destination)];
      if (step === 'rebuild')
        return isOf(progress, server)
          ? settled('done', `its disk was made of ${toldOf(progress.snapshot)}`)
          : settled('failed', 'rebuild: it is of its original image still');
      return server.vmState === 'active' ? ended(progress, nowMs) : settled('failed', 'start: it is stopped still');
    }
  }
}

/** It is fenced, or being fenced: nothing on it runs any more. */
const hasFailed = ({ hostIncident, service }: RestoreSight): boolean =>
  isTakenOver(hostIncident) || service?.forcedDown === true;

const failedAsWell = ({ step, destination, snapshot }: Restoring): string =>
  `its new host ${destination} has failed as well, before it was started from ${snapshot.id} (${step})`;

const isOf = ({ snapshot }: Restoring, { imageId }: Seen): boolean => imageId === snapshot.id;
type Seen = NonNullable<RestoreSight['server']>;

const ended = ({ snapshot, destination }: Restoring, nowMs: number): readonly TaskFact[] => [
  endedAs('restarted-from-snapshot', `restarted from ${toldOf(snapshot)}`, nowMs, destination),
];

/** No request is under way: the next one is granted, or why not. */
function next(progress: Restoring, server: Seen, sight: RestoreSight, nowMs: number): readonly TaskFact[] {
  const { step, number, failures, because, destination, snapshot } = progress;
  const person = (why: string): readonly TaskFact[] => [
    endedAs('person', `${why}${leftAs(progress)}`, nowMs, destination),
  ];
  if (failures >= MAX_FAILURES) return person(`${failures} requests in a row had no effect; the last: ${because}`);
  if (step === 'start' && server.taskState === null && server.vmState === 'active' && isOf(progress, server))
    return ended(progress, nowMs);
  const wrong =
    server.taskState === null
      ? (whyWrong(progress, server, ['stopped']) ?? whoElse(progress, server, sight))
      : undefined;
  if (wrong !== undefined) return [endedAs('person', wrong, nowMs, destination)];
  if (hasFailed(sight)) return [endedAs('person', failedAsWell(progress), nowMs, destination)];
  if (progress.notBeforeMs > nowMs) return [];
  // What was given up as lost has come true after all.
  if (step === 'rebuild' && server.taskState === null && isOf(progress, server))
    return [{ ...SETTLED, step, number, as: 'done', because: `its disk is of ${snapshot.id} already`, atMs: nowMs }];
  const waits = whyWaits(server, sight);
  if (waits !== undefined) return waits === because ? [] : [{ type: 'restore-waits', because: waits, atMs: nowMs }];
  return [{ type: 'restore-granted', step, number: number + 1, atMs: nowMs }];
}

/** The last look before the one request of a grant leaves, from consistent reads. */
export function decideRestoreRequest(
  progress: Restoring,
  number: number,
  sight: RestoreSight,
  nowMs: number,
): readonly TaskFact[] {
  const { step, asked, destination: host, snapshot } = progress;
  if (asked?.phase !== 'granted' || progress.number !== number) return [];
  const { server } = sight;
  const unfit =
    server === null
      ? 'it is gone by now'
      : (whyWaits(server, sight) ??
        whyWrong(progress, server, ['stopped']) ??
        whoElse(progress, server, sight) ??
        tooLate(asked.sinceMs, nowMs));
  if (unfit !== undefined) return [{ ...SETTLED, step, number, as: 'expired', because: unfit, atMs: nowMs }];
  const lastActionId = sight.actions[0]?.requestId ?? null;
  return [{ type: 'restore-intended', step, number, imageId: snapshot.id, host, lastActionId, atMs: nowMs }];
}

const tooLate = (grantedAtMs: number, nowMs: number): string | undefined =>
  nowMs - grantedAtMs > GRANT_EXPIRES_MS ? 'what was seen when it was granted is too old' : undefined;

/** What keeps anything from being asked for it now, and passes. */
function whyWaits({ taskState }: Seen, { service, hostIncident, hindered }: RestoreSight): string | undefined {
  if (hindered !== null) return hindered;
  if (hostIncident !== null) return `its new host has an incident, which is ${hostIncident}`;
  if (service === null) return 'Nova knows no nova-compute service of its new host';
  if (service.state === 'down' || service.forcedDown) return 'Nova sees its new host down';
  return taskState === null ? undefined : `Nova is at work on it: ${taskState}`;
}

/** Why it is not as salvor has left it, so that a person must look; undefined when it is. */
function whyWrong(
  progress: Restoring,
  { host, vmState, fault, imageId }: Seen,
  states: readonly string[],
): string | undefined {
  const { destination, step, snapshot } = progress;
  if (host !== destination) return `it is on ${host ?? 'no host'} by now, and salvor had brought it to ${destination}`;
  if (!states.includes(vmState)) {
    const why = fault === null ? '' : `: ${fault}`;
    const of = imageId === snapshot.id ? '' : ', from its original image';
    const todo = step === 'rebuild' ? `; it is to be rebuilt from ${snapshot.id} before it runs` : '';
    return `${step}: it is ${vmState}${of}, and was left stopped${why}${todo}`;
  }
  // Who has rebuilt it since has put something else there.
  return step === 'start' && imageId !== snapshot.id
    ? `its disk is of image ${imageId}, and salvor had made it of ${snapshot.id}`
    : undefined;
}

/** Before salvor itself has changed its disk: what somebody has done to it since it came here is not undone. */
function whoElse(
  progress: Restoring,
  server: Seen,
  { actions: [newest] }: Pick<RestoreSight, 'actions'>,
): string | undefined {
  if (progress.step !== 'rebuild' || progress.failures > 0 || newest === undefined) return undefined;
  if (newest.action === 'evacuate' || isOf(progress, server)) return undefined;
  return `somebody has done something to it since it was evacuated: ${newest.action}`;
}

function foundIn({ actions }: RestoreSight, lastActionId: string | null, step: RestoreStep): string | undefined {
  const known = actions.findIndex(({ requestId }) => requestId === lastActionId);
  const newer = known < 0 ? actions : actions.slice(0, known);
  return newer.find(({ action }) => action === ACTION_OF[step])?.requestId;
}

/** What Nova's answer means. */
export function foldRestoreAnswer(
  { step, number, failures }: Pick<Restoring, 'step' | 'number' | 'failures'>,
  answer: Answer,
  nowMs: number,
  random: number,
): readonly TaskFact[] {
  const { kind } = answer;
  const httpStatus = kind === 'accepted' ? 202 : kind === 'refused' ? answer.httpStatus : null;
  const retryAtMs = nowMs + (kind === 'refused' ? backoffMs(failures, RETRY, random) : 0);
  return [{ type: 'restore-answered', step, number, ...toldAnswer(answer), httpStatus, atMs: nowMs, retryAtMs }];
}
