import type { Clock } from '#shared/ports.ts';

/** As many are kept in mind; who was silent longest is forgotten first, and has its whole allowance again. */
const MAX_KEYS = 10_000;
const MINUTE_MS = 60_000;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/**
 * Counts what each one does, in this process: everybody may do a minute's worth at once, and then as many as the minute
 * gives back. One who does too much takes nothing from the others.
 */
export interface Throttle {
  /** Takes as many as are left, `count` at most. @returns how many */
  take(key: string, count: number, perMinute: number): number;
  /** Gives back one that was taken for what did not come to it. */
  giveBack(key: string, perMinute: number): void;
  /** How many could be taken now. */
  left(key: string, perMinute: number): number;
}

export function throttle(clock: Pick<Clock, 'now'>): Throttle {
  const buckets = new Map<string, Bucket>();
  const tokensOf = (key: string, perMinute: number, nowMs: number): number => {
    const { tokens, atMs } = buckets.get(key) ?? { tokens: perMinute, atMs: nowMs };
    return Math.min(perMinute, tokens + (Math.max(0, nowMs - atMs) * perMinute) / MINUTE_MS);
  };
  return {
    giveBack(key, perMinute) {
      const nowMs = clock.now();
      if (buckets.has(key))
        buckets.set(key, { tokens: Math.min(perMinute, tokensOf(key, perMinute, nowMs) + 1), atMs: nowMs });
    },
    left: (key, perMinute) => Math.floor(tokensOf(key, perMinute, clock.now())),
    take(key, count, perMinute) {
      const nowMs = clock.now();
      const left = tokensOf(key, perMinute, nowMs);
      const taken = Math.min(count, Math.floor(left));
      buckets.delete(key);
      buckets.set(key, { tokens: left - taken, atMs: nowMs });
      const [oldest] = buckets.keys();
      if (buckets.size > MAX_KEYS && oldest !== undefined) buckets.delete(oldest);
      return taken;
    },
  };
}
