import type { Answer } from '#shared/ports.ts';
import { backoffMs } from './backoff.ts';
import type { FenceProof, HostState } from './host.ts';
import { judgeInstance } from './instances.ts';
import type { Segment } from './policy.ts';
import type { SeenServer } from './seen.ts';
import { endedAs, type TaskFact, type TaskState } from './task.ts';
import { toldAnswer } from './told.ts';

/** What the follower saw must be this young when the request leaves. */
const GRANT_MAX_AGE_MS = 30_000;

export type EvacuateDecision =
  /** No request leaves later than `leaveByMs`, Unix ms: what it rests on is too old then. */
  | { readonly do: 'request'; readonly facts: readonly TaskFact[]; readonly leaveByMs: number }
  | { readonly do: 'give-back'; readonly facts: readonly TaskFact[] }
  /** Another message's business, or over: nothing to do. */
  | { readonly do: 'nothing' };

/**
 * Why the instance, read a moment ago, is not what was granted any more: somebody else may be evacuating it by now,
 * and a second evacuate would destroy theirs. The next look of the follower finds out what it is.
 */
export function unfitNow(
  server: SeenServer | undefined,
  host: string,
  { signs = {}, restore }: Pick<TaskState, 'signs' | 'restore'>,
  attempt: number,
  of: Segment['instances'],
): string | undefined {
  if (server === undefined) return 'it is gone by now';
  if (server.host !== host) return `it is on ${server.host ?? 'no host'} by now`;
  const instances = attempt > 1 ? { ...of, inError: 'recover' as const } : of;
  const verdict = judgeInstance(server, {
    instances,
    signs,
    runningEvacuation: undefined,
    runningMigration: undefined,
    restoring: restore !== undefined && attempt > 1,
  });
  return verdict.kind === 'evacuate' ? undefined : verdict.because;
}

/**
 * The last look before the one request of an attempt leaves: S1 and S4, from consistent reads.
 * @param unfit what `unfitNow` says of the instance
 * @param snapshotGone that it was to be restarted from
 */
export function decideEvacuate(
  host: HostState,
  task: TaskState,
  attemptNumber: number,
  proofMaxAgeSeconds: number,
  nowMs: number,
  unfit: string | undefined,
  snapshotGone = false,
): EvacuateDecision {
  const { progress } = task;
  if (progress.status !== 'granted' || progress.attempt.number !== attemptNumber) return { do: 'nothing' };
  const { grantedAtMs } = progress.attempt;
  // Nothing was asked for yet, and what is left of its disk is on the failed host.
  if (snapshotGone) {
    const because = `its disks are local to the dead host, and the snapshot ${task.restore?.id} of it is gone by now`;
    return { do: 'give-back', facts: [endedAs('not-recoverable', because, nowMs)] };
  }
  const proof = unfit ?? proofFor(host, task, grantedAtMs, proofMaxAgeSeconds, nowMs);
  if (typeof proof === 'string')
    return { do: 'give-back', facts: [{ type: 'grant-expired', because: proof, atMs: nowMs }] };
  const intent: TaskFact = {
    type: 'evacuate-intended',
    attempt: attemptNumber,
    way: progress.attempt.way,
    destination: progress.attempt.destination,
    proofReadAtMs: proof.readAtMs,
    atMs: nowMs,
  };
  const leaveByMs = Math.min(proof.readAtMs + proofMaxAgeSeconds * 1000, grantedAtMs + GRANT_MAX_AGE_MS);
  return { do: 'request', facts: [intent], leaveByMs };
}

/** The proof that the request may rest on, or why it may not leave. */
function proofFor(
  { incident }: HostState,
  task: TaskState,
  grantedAtMs: number,
  proofMaxAgeSeconds: number,
  nowMs: number,
): FenceProof | string {
  if (incident === null || incident.id !== task.incidentId) return 'its incident is closed';
  if (incident.status !== 'evacuating') return `its incident is ${incident.status}`;
  if (incident.proof.readAtMs < incident.openedAtMs) return 'the fence proof is older than the incident';
  const proofAgeSeconds = (nowMs - incident.proof.readAtMs) / 1000;
  if (proofAgeSeconds > proofMaxAgeSeconds)
    return `the fence proof is ${Math.round(proofAgeSeconds)} s old; at most ${proofMaxAgeSeconds} s`;
  if (nowMs - grantedAtMs > GRANT_MAX_AGE_MS) return 'what was seen when it was granted is too old';
  return incident.proof;
}

/** What Nova's answer means for the task. */
export function foldAnswer(
  task: TaskState,
  attemptNumber: number,
  answer: Answer,
  { evacuation }: Segment,
  nowMs: number,
  random: number,
): readonly TaskFact[] {
  const retryAtMs = nowMs + backoffMs(attemptNumber - 1, evacuation, random);
  const common = {
    type: 'evacuate-answered',
    attempt: attemptNumber,
    ...toldAnswer(answer),
    atMs: nowMs,
  } as const;
  switch (answer.kind) {
    case 'accepted':
      return [{ ...common, httpStatus: 200, retryAtMs: 0, blamesDestination: false }];
    case 'unknown':
      return [{ ...common, httpStatus: null, retryAtMs: 0, blamesDestination: false }];
    case 'refused': {
      const { httpStatus, message } = answer;
      const asked = 'attempt' in task.progress ? task.progress.attempt.destination : null;
      // 404 names an unknown destination or a deleted instance: the follower looks again at once. So it does when
      // another destination will do. All else says that it is too early, or not for us.
      const blamesDestination = [400, 404].includes(httpStatus) && names(message, asked);
      const lookAgain = httpStatus === 404 || blamesDestination;
      return [{ ...common, httpStatus, retryAtMs: lookAgain ? nowMs : retryAtMs, blamesDestination }];
    }
  }
}

/** Whether the message names the host as a whole word: `compute-1` is not named by `compute-10`. */
const names = (message: string, host: string | null): boolean =>
  message.split(/[^\w.-]/).some((word) => word.replace(/\.+$/, '') === host);
