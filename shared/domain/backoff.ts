export interface Backoff {
  readonly retryBaseSeconds: number;
  readonly retryMaxSeconds: number;
}

/**
 * Pause before the next try, in ms: doubles with each failure up to the maximum, and the upper half of it is
 * drawn by chance, so that what failed together is not tried again together.
 * @param failures how many there were before this one
 * @param random uniform in [0, 1)
 */
export function backoffMs(failures: number, { retryBaseSeconds, retryMaxSeconds }: Backoff, random: number): number {
  const full = Math.min(retryMaxSeconds, retryBaseSeconds * 2 ** Math.min(failures, 20));
  return Math.round(1000 * full * (0.5 + random / 2));
}
