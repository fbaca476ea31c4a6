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

/** A clock that stands until it is moved on. */
export interface ManualClock extends WorldClock {
  /** Moves on by `ms` and runs on the way, in order, what falls due. */
  advance(ms: number): void;
}

export function manualClock(startMs = 0): ManualClock {
  const due: { atMs: number; order: number; task: () => void }[] = [];
  let nowMs = startMs;
  let order = 0;
  return {
    now: () => nowMs,
    after(delayMs, task) {
      order += 1;
      const entry = { atMs: nowMs + Math.max(0, delayMs), order, task };
      due.push(entry);
      return () => {
        const at = due.indexOf(entry);
        if (at >= 0) due.splice(at, 1);
      };
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = due.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order);
        if (next === undefined) break;
        due.splice(due.indexOf(next), 1);
        nowMs = Math.max(nowMs, next.atMs);
        next.task();
      }
      nowMs = untilMs;
    },
  };
}
