import type { Evacuating, Fencing, ForcingDown, IncidentFact, Planning } from './host.ts';

/** How soon an incident looks again whether it may go on. */
const LOOK_AGAIN_MS = 10_000;

/** Nothing is asked of the outside now, and the incident stays where it is. The same reason again is no news. */
export function pause(
  { pausedBy }: Fencing | ForcingDown | Planning | Evacuating,
  because: string,
  nowMs: number,
  nextLookAtMs: number = nowMs + LOOK_AGAIN_MS,
): IncidentFact {
  return pausedBy === because
    ? { type: 'still-paused', nextLookAtMs }
    : { type: 'paused', because, atMs: nowMs, nextLookAtMs };
}
