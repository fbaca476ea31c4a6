import { createHash } from 'node:crypto';
import type { Clock } from '#shared/ports.ts';

/** A reading that all who wait for news share. */
export interface Reading<T> {
  readonly value: T;
  /** Another one once anything has changed that somebody would see. */
  readonly tag: string;
}

/** How old a reading may be before another is made, for however many people look: what is new is to be seen in a second. */
const FRESH_MS = 250;
/** Of the time at most this part goes into reading: one that takes longer is made less often. */
const PART = 0.5;

/** Reads something for all who want to know when it changes: four times a second at most, and not at all while nobody asks. */
export class Pulse<T> {
  readonly #read: () => Promise<T>;
  readonly #news: (value: T) => unknown;
  readonly #clock: Clock;
  #latest: { readonly atMs: number; readonly reading: Promise<Reading<T>> } | undefined;
  /** How long a reading is fresh, by what the last one took. */
  #freshMs = FRESH_MS;

  /** @param news what of it is news: a change of anything else is none */
  constructor(read: () => Promise<T>, news: (value: T) => unknown, clock: Clock) {
    this.#read = read;
    this.#news = news;
    this.#clock = clock;
  }

  /**
   * A reading with another tag; after `waitMs` the newest, whatever its tag.
   * @param signal whoever asked has gone
   */
  async other(tag: string | undefined, waitMs: number, signal: AbortSignal): Promise<Reading<T>> {
    const endMs = this.#clock.now() + waitMs;
    for (;;) {
      const reading = await this.#fresh();
      const leftMs = endMs - this.#clock.now();
      if (reading.tag !== tag || leftMs <= 0 || signal.aborted) return reading;
      await this.#clock.sleep(Math.min(this.#freshMs, leftMs));
    }
  }

  #fresh(): Promise<Reading<T>> {
    const nowMs = this.#clock.now();
    if (this.#latest !== undefined && nowMs - this.#latest.atMs < this.#freshMs) return this.#latest.reading;
    const reading = this.#read().then((value) => {
      const tag = tagOf(this.#news(value));
      this.#freshMs = Math.max(FRESH_MS, (this.#clock.now() - nowMs) / PART);
      return { value, tag };
    });
    this.#latest = { atMs: nowMs, reading };
    reading.catch(() => {
      this.#latest = undefined;
    });
    return reading;
  }
}

const tagOf = (value: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)}"`;
