import type { Random } from '#sim/random.ts';
import { skewedBetween } from '../engine/chance.ts';
import type { CallTimes } from '../engine/invocation.ts';

/** How long a call takes, from the quickest to the slowest, in ms. */
export interface Latencies {
  readonly state: readonly [number, number];
  readonly queue: readonly [number, number];
  readonly nova: readonly [number, number];
  readonly bmc: readonly [number, number];
}

export const USUAL_LATENCIES: Latencies = { state: [2, 40], queue: [5, 80], nova: [40, 1500], bmc: [60, 1200] };

/** Half of it on the way there, about, and half on the way back. */
export function drawTimes(random: Random, latency: readonly [number, number]): CallTimes {
  const ms = skewedBetween(random, latency);
  const inMs = ms * (0.2 + 0.6 * random.next());
  return { inMs, outMs: ms - inMs };
}
