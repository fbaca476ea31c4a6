import type { Clock } from '#shared/ports.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { Refusal } from './refusal.ts';

/** How much one may ask for in a minute, by this process: on AWS each that runs at the same time counts for itself. */
export const PER_MINUTE = {
  /** Wrong credentials from one address. */
  guesses: 20,
  /** Wrong passwords of one user, from wherever they come. */
  passwords: 10,
  /** Requests of one person, by all of his pages and programs. */
  requests: 1200,
  /** Commands of one person. */
  commands: 30,
} as const;
type Limit = keyof typeof PER_MINUTE;

export interface Limits {
  /** Counts one. @throws Refusal where it is one too many. */
  count(limit: Limit, who: string): void;
  /** Counts nothing. @throws Refusal where the next would be one too many. */
  check(limit: Limit, who: string): void;
}

export function limits(clock: Pick<Clock, 'now'>): Limits {
  // Apart, so that a flood of one kind lets nobody's count of another be forgotten.
  const counters = {
    guesses: throttle(clock),
    passwords: throttle(clock),
    requests: throttle(clock),
    commands: throttle(clock),
  };
  const refuseUnless = (isFree: boolean, limit: Limit): void => {
    const headers = { 'retry-after': String(Math.ceil(60 / PER_MINUTE[limit])) };
    if (!isFree) throw new Refusal(429, `more than ${PER_MINUTE[limit]} ${limit} in a minute`, { headers });
  };
  return {
    count: (limit, who) => refuseUnless(counters[limit].take(who, 1, PER_MINUTE[limit]) > 0, limit),
    check: (limit, who) => refuseUnless(counters[limit].left(who, PER_MINUTE[limit]) > 0, limit),
  };
}
