import type { Round } from '../rounds.ts';
import { lasting } from './symptom.ts';

/** A round may be late by so many of its own lengths before anybody is told. */
const LATE_ROUNDS = 2;
/** Whose functions run once a minute. */
const SHORTEST_ROUND_MS = 60_000;

/** That a function does not come round to all hosts, in words; undefined while it does. */
export function lateRound(
  name: string,
  round: Round | undefined,
  everySeconds: number,
  nowMs: number,
): string | undefined {
  if (round === undefined) return `${name} has never run`;
  const dueMs = Math.max(SHORTEST_ROUND_MS, everySeconds * 1000);
  const sinceMs = nowMs - (round.wholeAtMs ?? round.startedAtMs);
  if (sinceMs <= (LATE_ROUNDS + 1) * dueMs) return undefined;
  const said =
    round.wholeAtMs === null ? 'has not come round once' : `has come round for the last time ${lasting(sinceMs)} ago`;
  return `${name} ${said}, and should each ${lasting(dueMs)}`;
}
