import type { Ticket } from '../guards.ts';

/** Other hosts that have failed, of the segment, of the region or of a failure domain. */
export interface Failures {
  /** Hosts with an open incident; may lag behind by seconds. */
  readonly openOthers: number;
  /** When each further host was last confirmed down, newest first. By its ticket, so that it never lags behind. */
  readonly confirmedAtMs: readonly number[];
  /** Hosts older than those of `confirmedAtMs`, which is cut. */
  readonly leftOut: number;
}

/** No policy that fences more hosts than this within a window is told apart from one that fences them all. */
const KEPT = 500;

export const newest = (times: readonly number[]): readonly number[] => [...times].sort((a, b) => b - a).slice(0, KEPT);

/** @param open keys of the other hosts with an open incident. @param tickets of other hosts. */
export function failuresOf(open: ReadonlySet<string>, tickets: readonly Ticket[]): Failures {
  const over = tickets.filter(({ hostKey }) => !open.has(hostKey)).map(({ atMs }) => atMs);
  return { openOthers: open.size, confirmedAtMs: newest(over), leftOut: Math.max(0, over.length - KEPT) };
}

export const within = (times: readonly number[], windowSeconds: number, atMs: number): number =>
  times.filter((each) => each + windowSeconds * 1000 > atMs).length;

/**
 * Other hosts that were confirmed down within the window, and those that are under suspicion at the same time: when
 * fifty are gone at once, the first one is part of a storm as well. What was left out counts: rather too many than too
 * few.
 */
export const failedWithin = ({ openOthers, confirmedAtMs, leftOut }: Failures, windowSeconds: number, atMs: number) =>
  openOthers + leftOut + within(confirmedAtMs, windowSeconds, atMs);
