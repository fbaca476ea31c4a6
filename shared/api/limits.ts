import type { Clock } from '#shared/ports.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { Refusal } from './refusal.ts';

/** How much one may ask for in a minute, by this process: on AWS each that runs at the same time counts for itself. */
export const PER_MINUTE = {
  /** Wrong credentials from one address. */
  guesses: 20,
  /** Wrong passwords of one user, from wherever they come. */
  passwords: 10,
  /** Sign-ins at the issuer from one address: each is begun, and comes back. */
  signIns: 60,
  /** Requests of one person, by all of his pages and programs. */
  requests: 1200,
  /** Commands of one person. */
  commands: 30,
  /** Policies that one person has read: each may take the process half a second. */
  policies: 20,
} as const;
type Limit = keyof typeof PER_MINUTE;

export interface Limits {
  /** Counts one. @throws Refusal where it is one too many. */
  count(limit: Limit, who: string): void;
  /**
   * Counts one before it is looked at, and not where it is a right one or nobody can tell: however many come at the same time,
   * no more than may be wrong are looked at at once, and the others wait for what becomes of those.
   * @param look undefined: it is wrong
   * @throws Refusal where it is one too many; whatever `look` throws
   */
  guess<T>(limit: Limit, who: string, look: () => Promise<T | undefined>): Promise<T | undefined>;
}

export function limits(clock: Pick<Clock, 'now'>): Limits {
  // Apart, so that a flood of one kind lets nobody's count of another be forgotten.
  const counters = {
    guesses: throttle(clock),
    passwords: throttle(clock),
    signIns: throttle(clock),
    requests: throttle(clock),
    commands: throttle(clock),
    policies: throttle(clock),
  };
  const underWay = new Map<string, Set<Promise<void>>>();
  const refuseUnless = (isFree: boolean, limit: Limit): void => {
    const headers = { 'retry-after': String(Math.ceil(60 / PER_MINUTE[limit])) };
    if (!isFree) throw new Refusal(429, `more than ${PER_MINUTE[limit]} ${limit} in a minute`, { headers });
  };
  const count = (limit: Limit, who: string): void =>
    refuseUnless(counters[limit].take(who, 1, PER_MINUTE[limit]) > 0, limit);
  return {
    count,
    async guess(limit, who, look) {
      const key = `${limit} ${who}`;
      for (let others = underWay.get(key); others !== undefined; others = underWay.get(key)) {
        if (counters[limit].left(who, PER_MINUTE[limit]) > 0) break;
        await Promise.race(others);
      }
      count(limit, who);
      const ended = Promise.withResolvers<void>();
      const all = underWay.get(key) ?? new Set();
      underWay.set(key, all.add(ended.promise));
      let isWrong = false;
      try {
        const found = await look();
        isWrong = found === undefined;
        return found;
      } finally {
        if (!isWrong) counters[limit].giveBack(who, PER_MINUTE[limit]);
        all.delete(ended.promise);
        if (all.size === 0) underWay.delete(key);
        ended.resolve();
      }
    },
  };
}
