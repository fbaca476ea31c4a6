import type { Policy } from './policy.ts';

/** Since when salvor has been running, by its own beats: `sweep` renews it each minute. Times are Unix ms. */
export interface Beat {
  /** The first beat after the last gap. */
  readonly runningSinceMs: number;
  readonly lastMs: number;
}

type Settling = Policy['settling'];

/** The beat of now. After a gap that is too long salvor counts as just started. */
export function nextBeat(before: Beat | null, settling: Settling, nowMs: number): Beat {
  const runningSinceMs = before === null || hasGap(before, settling, nowMs) ? nowMs : before.runningSinceMs;
  return { runningSinceMs, lastMs: nowMs };
}

export const hasGap = ({ lastMs }: Beat, { maxGapSeconds }: Settling, nowMs: number): boolean =>
  nowMs - lastMs > maxGapSeconds * 1000;
