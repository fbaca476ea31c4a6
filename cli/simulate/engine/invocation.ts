import type { FunctionName } from '#events/catalog.ts';
import type { Random } from '#sim/random.ts';
import type { FaultKind, PlannedFault } from '../faults.ts';
import { happens } from './chance.ts';
import type { Director, Subject } from './director.ts';
import type { Scheduler } from './scheduler.ts';

export interface CallTimes {
  /** Until the call takes effect. */
  readonly inMs: number;
  /** From there until its answer is heard. */
  readonly outMs: number;
}

export interface InvocationParts {
  readonly id: number;
  readonly name: FunctionName;
  /** Names of the hosts that its messages are about. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly director: Director;
  readonly onKilled: () => void;
}

/**
 * One run of a function: a process that is parked at each call of a port, and may be killed there. What it has sent
 * when it is killed may arrive or not; it never hears of it.
 */
export class Invocation {
  readonly id: number;
  readonly name: FunctionName;
  readonly hosts: readonly string[];
  readonly random: Random;
  readonly #parts: InvocationParts;
  #alive = true;

  constructor(parts: InvocationParts) {
    this.id = parts.id;
    this.name = parts.name;
    this.hosts = parts.hosts;
    this.random = parts.random;
    this.#parts = parts;
  }

  get alive(): boolean {
    return this.#alive;
  }

  subject(instanceId?: string): Subject {
    return { hosts: this.hosts, instanceId, function: this.name };
  }

  /** The fault of one of these kinds that strikes a call about `about`, if one does. */
  struckBy(kinds: readonly FaultKind[], about: Subject = this.subject()): PlannedFault | undefined {
    return this.#parts.director.pick(kinds, about, this.random);
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#parts.onKilled();
  }

  /** No call of it goes on any more; its work is over. */
  end(): void {
    this.#alive = false;
  }

  /**
   * Parks the process until the answer is there.
   * @param effect what happens where the call arrives; its result or error is the answer
   */
  call<T>(subject: Subject, { inMs, outMs }: CallTimes, effect: () => T): Promise<T> {
    const { scheduler, director, timeoutMs, random } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (!this.#alive) return promise;
    const fault = director.pick(['killed-before', 'killed-after', 'out-of-time'], subject, random)?.kind;
    scheduler.after(inMs, () => {
      if (!this.#alive && !happens(random, 0.5)) return;
      if (fault === 'killed-before') {
        this.kill();
        return;
      }
      const answer = outcomeOf(effect);
      if (fault === 'killed-after') this.kill();
      scheduler.after(outMs + (fault === 'out-of-time' ? timeoutMs : 0), () => {
        if (!this.#alive) return;
        scheduler.wake();
        if ('value' in answer) resolve(answer.value);
        else reject(answer.error);
      });
    });
    return promise;
  }

  /** Waits without asking anybody. */
  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.scheduler.after(ms, () => {
      if (!this.#alive) return;
      this.#parts.scheduler.wake();
      resolve();
    });
    return promise;
  }
}

function outcomeOf<T>(effect: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: effect() };
  } catch (error) {
    return { error };
  }
}
