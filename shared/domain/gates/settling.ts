import { hasGap } from '../settling.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

/**
 * Who has just been started, or has slept for long, knows little: reports that say up may still be on their way, behind
 * old ones that say down.
 */
export function settlingGate({ beat, atMs }: Evidence, { policy }: Rules): GateResult {
  const { pauseSeconds, maxGapSeconds } = policy.settling;
  const answer = (open: boolean, because: string) => gate('settling', open, because);
  if (pauseSeconds === 0) return answer(true, 'no pause is asked for after a start');
  if (beat === null) return answer(false, 'salvor has just been started for the first time');
  if (hasGap(beat, policy.settling, atMs))
    return answer(
      false,
      `salvor has not run for ${Math.floor((atMs - beat.lastMs) / 1000)} s; a gap is ${maxGapSeconds} s at most`,
    );
  const runsSeconds = Math.floor((atMs - beat.runningSinceMs) / 1000);
  return answer(
    atMs - beat.runningSinceMs >= pauseSeconds * 1000,
    `salvor has run without a gap for ${runsSeconds} s; ${pauseSeconds} s are asked for`,
  );
}
