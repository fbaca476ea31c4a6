import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#shared/ports.ts';
import { Refusal } from './refusal.ts';

/** So many may wait for their turn; whoever comes then is asked to come again. */
const MOST_WAITING = 8;
/** Of what is read in well under a second, and asked for by every page at the same moment. */
export const MOST_READING = 50;

/** Work that is expensive: one piece after the other on this server, however many people ask. */
export class OneAtATime {
  readonly #mostWaiting: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(mostWaiting = MOST_WAITING) {
    this.#mostWaiting = mostWaiting;
  }

  /** @throws Refusal 503 when too many wait already; whatever the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#mostWaiting) throw new Refusal(503, 'others are asking for much already: ask again');
    this.#waiting += 1;
    const before = this.#last;
    // What goes on beside, such as fencing at one site, has its turn between two pieces that never wait themselves.
    const own = before.then(() => setImmediate()).then(work);
    this.#last = own.catch(() => undefined);
    return own.finally(() => {
      this.#waiting -= 1;
    });
  }
}

/** As many answers are kept, of some hundred kilobytes at most each; the oldest is forgotten first. */
const MOST_KEPT = 20;

/** Answers that everybody who asks the same shares for a while. */
export class Shared<T> {
  readonly #queue: OneAtATime;
  readonly #keepMs: number;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #kept = new Map<string, { readonly untilMs: number; readonly answer: Promise<T> }>();

  /** @param keepMs for how long an answer is good, from when it was asked for */
  constructor(queue: OneAtATime, keepMs: number, clock: Pick<Clock, 'now'>) {
    this.#queue = queue;
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  get(key: string, work: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.now();
    const known = this.#kept.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.answer;
    for (const [each, { untilMs }] of this.#kept) if (nowMs >= untilMs) this.#kept.delete(each);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MOST_KEPT) this.#kept.delete(oldest);
    const answer = this.#queue.run(work);
    this.#kept.set(key, { untilMs: nowMs + this.#keepMs, answer });
    // What went wrong is not shared with who asks later.
    answer.catch(() => this.#kept.get(key)?.answer === answer && this.#kept.delete(key));
    return answer;
  }
}
