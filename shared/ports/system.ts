export interface Clock {
  /** Unix ms. */
  now(): number;
  /** For waits of seconds at most, inside one function. */
  sleep(ms: number): Promise<void>;
}

/** The only source of chance: ids and jitter. */
export interface Chance {
  /** A UUID, time-ordered (version 7). */
  id(): string;
  /** Uniform in [0, 1). */
  random(): number;
}
