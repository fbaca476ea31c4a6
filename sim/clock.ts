/** Ends a pending timer. Calling it again, or after the timer ran, does nothing. */
export type CancelTimer = () => void;

/**
 * The one clock of a simulated cloud. A test may pass its own, so that hours pass at once:
 * everything that the simulation dates or delays comes from here.
 */
export interface WorldClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): CancelTimer;
}

/** The machine's own clock. A delay of zero is a turn of the event loop, not a millisecond. */
export function systemClock(): WorldClock {
  return {
    now: () => Date.now(),
    after(delayMs, task) {
      if (delayMs <= 0) {
        const immediate = setImmediate(task);
        return () => clearImmediate(immediate);
      }
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
