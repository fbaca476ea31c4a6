import type { ComputeService } from '#shared/ports.ts';
import type { Evacuating, HandingOver, IncidentFact, IncidentOutcome } from './host.ts';
import type { Segment } from './policy.ts';
import { leftAs } from './restore/restoring.ts';
import { endedAs, isInFlight, type TaskFact, type TaskOutcome, type TaskState } from './task.ts';

/** Outcomes with which nobody needs to be woken. */
const WELL: ReadonlySet<string> = new Set<TaskOutcome>(['recovered', 'gone', 'not-protected', 'left']);

/** Restarts from snapshots take minutes: Nova is not asked for each of them that often. */
const RESTORE_LOOK_MS = 5_000;

/**
 * Whether evacuations may go on: Nova still has the host forced down, and the proof is young enough for the
 * requests that this look may grant. Otherwise the power is read again first.
 */
export function proofFault(
  incident: Evacuating,
  service: Pick<ComputeService, 'forcedDown'> | undefined,
  waiting: number,
  { fencing }: Segment,
  nowMs: number,
): IncidentFact | undefined {
  const voided = (because: string): IncidentFact => ({ type: 'proof-voided', because, atMs: nowMs });
  if (service === undefined) return voided('Nova no longer knows the compute service');
  if (!service.forcedDown) return voided('the compute service is no longer forced down in Nova');
  const ageSeconds = Math.round((nowMs - incident.proof.readAtMs) / 1000);
  // Half the age limit is left for the requests to leave in.
  if (waiting > 0 && ageSeconds > fencing.proofMaxAgeSeconds / 2)
    return voided(`the proof is ${ageSeconds} s old: the power is read again`);
  return undefined;
}

/** When to look again, in Unix ms: at once while results come in and others wait, else after a pause. */
export function nextLookMs(
  tasks: readonly TaskState[],
  changed: boolean,
  { evacuation }: Segment,
  nowMs: number,
): number {
  const waiting = tasks.flatMap(({ progress }) => {
    if (progress.status !== 'waiting') return [];
    return progress.for === 'room' ? Math.min(progress.notBeforeMs, nowMs + ROOM_LOOK_MS) : progress.notBeforeMs;
  });
  if (changed && waiting.some((notBeforeMs) => notBeforeMs <= nowMs)) return nowMs;
  const inFlight = tasks.filter(isInFlight);
  const slow = inFlight.length > 0 && inFlight.every(({ progress }) => progress.status === 'restoring');
  const poll =
    nowMs + (slow ? Math.max(RESTORE_LOOK_MS, evacuation.pollSeconds * 1000) : evacuation.pollSeconds * 1000);
  if (inFlight.length > 0 || waiting.length === 0) return poll;
  return Math.max(poll, Math.min(...waiting));
}

/** Room may be made at any time: so often it is looked for. */
const ROOM_LOOK_MS = 15_000;

/** A task without an outcome goes to a person; what Nova was asked for goes on there. */
export function handOver(
  { progress }: TaskState,
  { reason, dismissed }: HandingOver,
  nowMs: number,
): readonly TaskFact[] {
  if (progress.status === 'ended') return [];
  const why = dismissed ? `an operator has dismissed the incident: ${reason}` : reason;
  const state =
    progress.status === 'waiting' && progress.for !== undefined ? `waiting, ${progress.because}` : progress.status;
  const left = progress.status === 'restoring' ? leftAs(progress) : '';
  return [endedAs('person', `${why}; the last state of this one: ${state}${left}`, nowMs)];
}

/** What the tasks of an open incident wait for, in a person's words; nothing of those that only wait for their turn. */
export function waitsOf(tasks: readonly TaskState[]): readonly string[] {
  const reasons = tasks.flatMap(({ progress }) =>
    progress.status === 'waiting' && progress.for !== undefined ? [progress.because] : [],
  );
  const counts = Map.groupBy(reasons, (because) => because);
  return [...counts].map(([because, all]) => `${all.length} wait${all.length === 1 ? 's' : ''}: ${because}`).sort();
}

/** In the order of their instances' ids: whoever counts them again from the log has them in another. */
export function countOutcomes(tasks: readonly TaskState[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  // Stryker disable next-line EqualityOperator: no two tasks are of one instance
  for (const { progress } of [...tasks].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))) {
    const key = progress.status === 'ended' ? progress.outcome : 'unfinished';
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Every task has ended and a fresh complete listing showed nothing else to do: the incident ends (L1). */
export function closeIncident(
  tasks: readonly TaskState[],
  taskHeads: string,
  nowMs: number,
  dismissed = false,
): IncidentFact {
  const counts = countOutcomes(tasks);
  const well = Object.keys(counts).every((outcome) => WELL.has(outcome));
  const outcome: IncidentOutcome = dismissed ? 'dismissed' : well ? 'recovered' : 'partly-recovered';
  const because =
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'no instances were on the host';
  return { type: 'incident-closed', outcome, because, atMs: nowMs, counts, taskHeads, evidence: null };
}
