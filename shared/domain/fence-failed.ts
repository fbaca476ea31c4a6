import { backoffMs } from './backoff.ts';
import type { HostReading } from './fence-levels.ts';
import type { Fencing, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';

/** A program of a fence worker that takes long is looked after as often, however long the host has waited for. */
const ANSWER_LOOK_MS = 10_000;

/** When the device that is being asked still is to be looked after; never, where none is. */
export const answerDueMs = ({ pending }: Pick<HostReading, 'pending'>, nowMs: number): number =>
  pending === undefined ? Number.POSITIVE_INFINITY : nowMs + ANSWER_LOOK_MS;

interface Tried {
  /** Of the host's fencing levels, when the one that was tried has not fenced it. */
  readonly levels: number;
  /** That one has so many. */
  readonly attempts?: number;
}

/**
 * @param tried a level was: it is tried at once while it has attempts left, then the next one at once, and after a pause
 *   all of them again
 */
export function fenceFailed(
  incident: Fencing,
  because: string,
  segment: Segment,
  nowMs: number,
  random: number,
  { levels, attempts = 1 }: Tried = { levels: 1 },
): Extract<IncidentFact, { type: 'fence-failed' }> {
  const { level = 0 } = incident;
  const tries = (incident.tries ?? 0) + 1;
  if (tries < attempts)
    return { type: 'fence-failed', because, retryAtMs: nowMs, ...(levels > 1 ? { level } : {}), tries };
  const next = (level + 1) % levels;
  const pauseMs = levels > 1 && next > 0 ? 0 : backoffMs(incident.failures, segment.fencing, random);
  return { type: 'fence-failed', because, retryAtMs: nowMs + pauseMs, ...(levels > 1 ? { level: next } : {}) };
}
