import { setImmediate } from 'node:timers/promises';
import type { CancelTimer, WorldClock } from '#sim/clock.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/**
 * Virtual time: a heap of what is to happen, worked off one by one in the order of its time, then of its making.
 * Nothing else in the simulation waits for anything, so that the same seed gives the same run.
 */
export class Scheduler implements WorldClock {
  #nowMs: number;
  #order = 0;
  /** A promise was resolved: somebody has to go on before the next task. */
  #woken = false;
  readonly #heap: Entry[] = [];

  /** @param startMs Unix ms at which the virtual time begins */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** In whole ms, at the earliest after the task that asks for it. */
  after(delayMs: number, task: () => void): CancelTimer {
    this.#order += 1;
    const entry: Entry = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      order: this.#order,
      task,
      cancelled: false,
    };
    this.#push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Says that a task has resolved a promise, so that what waits for it runs before the next task. */
  wake(): void {
    this.#woken = true;
  }

  /**
   * Works off what is due, until the given time or until somebody has had enough.
   * @param afterEach is called when all that follows from one task has happened; false ends the run
   */
  async run(untilMs: number, afterEach: () => boolean = () => true): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      next.task();
      if (this.#woken) {
        this.#woken = false;
        // Behind it every microtask has run.
        await setImmediate();
      }
      if (!afterEach()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      let least = heap[child];
      if (least === undefined) break;
      if (right !== undefined && isBefore(right, least)) {
        child += 1;
        least = right;
      }
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
