import type { FunctionName } from '#events/catalog.ts';
import type { Random } from '#sim/random.ts';
import { FAULTS, type FaultKind, type PlannedFault, type StateName } from '../faults.ts';
import { happens } from './chance.ts';
import type { States } from './states.ts';

/** Whom a call is about: the hosts of its invocation, and the instance if there is one. */
export interface Subject {
  readonly hosts: readonly string[];
  readonly instanceId?: string | undefined;
  readonly function?: FunctionName | undefined;
  /** The kind of request, of one that goes to the outside. */
  readonly act?: string;
  /** Of a fence device: which of its host's. */
  readonly device?: string;
}

/** A fault that struck, with every state that it struck in. */
export interface Strike {
  readonly kind: FaultKind;
  readonly host: string;
  readonly instanceId?: string;
  readonly states: readonly StateName[];
  /** Those of them in which it has not struck before: one that lasts counts once in each. */
  readonly fresh: readonly StateName[];
}

interface Waiting {
  readonly fault: PlannedFault;
  skip: number;
  times: number;
  /** Until when it strikes every call, in Unix ms; 0 before its first strike. */
  untilMs: number;
  /** States in which it has struck since it began to last. */
  readonly struckIn: Set<StateName>;
}

const waitingOf = (fault: PlannedFault): Waiting => ({
  fault,
  skip: fault.skip,
  times: fault.times,
  untilMs: 0,
  struckIn: new Set(),
});

export interface DirectorParts {
  readonly faults: readonly PlannedFault[];
  /** Chance of kinds that strike without a plan, at each call that they could strike. */
  readonly noise: Partial<Readonly<Record<FaultKind, number>>>;
  readonly states: States;
  readonly now: () => number;
  readonly startMs: number;
  readonly onStrike: (strike: Strike) => void;
}

/** What strikes without a plan is this big. */
const NOISE_SIZE_MS = 5_000;

/** Decides which call goes wrong, and how: by plan, and by a little chance besides. Ends with {@link calm}. */
export class Director {
  readonly #parts: DirectorParts;
  readonly #calls: Waiting[];
  readonly #events: PlannedFault[];
  #calm = false;

  constructor(parts: DirectorParts) {
    this.#parts = parts;
    this.#calls = parts.faults.filter(({ kind }) => FAULTS[kind].by === 'call').map(waitingOf);
    this.#events = parts.faults.filter(({ kind }) => FAULTS[kind].by === 'event');
  }

  /** Adds a fault of calls in the middle of a run; the answer takes it away again. */
  add(fault: PlannedFault): () => void {
    const waiting = waitingOf(fault);
    this.#calls.push(waiting);
    return () => {
      const index = this.#calls.indexOf(waiting);
      if (index >= 0) this.#calls.splice(index, 1);
    };
  }

  /** No fault strikes any more. */
  calm(): void {
    this.#calm = true;
  }

  get isCalm(): boolean {
    return this.#calm;
  }

  /** The fault of one of these kinds that strikes this call, if one does. */
  pick(kinds: readonly FaultKind[], subject: Subject, random: Random): PlannedFault | undefined {
    if (this.#calm) return undefined;
    const planned = this.#planned(kinds, subject);
    if (planned !== undefined) return planned;
    const { noise } = this.#parts;
    for (const kind of kinds) {
      const probability = noise[kind];
      const host = subject.hosts[0];
      if (probability === undefined || host === undefined || !happens(random, probability)) continue;
      this.#strike(kind, host, subject.instanceId);
      const sizeMs = Math.round(NOISE_SIZE_MS * random.next());
      return { kind, host, during: 'none', fromMs: 0, skip: 0, afterMs: 0, times: 1, forMs: 0, sizeMs };
    }
    return undefined;
  }

  #planned(kinds: readonly FaultKind[], subject: Subject): PlannedFault | undefined {
    const nowMs = this.#parts.now();
    for (const waiting of this.#calls) {
      const { fault } = waiting;
      if (!kinds.includes(fault.kind) || !isAbout(subject, fault)) continue;
      if (waiting.untilMs > nowMs || this.#isItsMoment(waiting, subject.instanceId)) {
        if (waiting.untilMs === 0 && fault.forMs > 0) waiting.untilMs = nowMs + fault.forMs;
        if (waiting.untilMs <= nowMs) waiting.times -= 1;
        this.#strike(fault.kind, fault.host, subject.instanceId, fault.forMs > 0 ? waiting.struckIn : undefined);
        return fault;
      }
    }
    return undefined;
  }

  #isItsMoment(waiting: Waiting, instanceId: string | undefined): boolean {
    const { fault } = waiting;
    const { states, now, startMs } = this.#parts;
    if (waiting.untilMs > 0 || waiting.times <= 0 || now() < startMs + fault.fromMs) return false;
    if (fault.during !== 'any' && !states.isIn(fault.host, fault.during, instanceId)) return false;
    waiting.skip -= 1;
    return waiting.skip < 0;
  }

  /** Events whose moment has come with what changed about these hosts; each is told once, unless it {@link waits}. */
  takeEvents(hosts: Iterable<string>): readonly PlannedFault[] {
    if (this.#calm || this.#events.length === 0) return [];
    const due: PlannedFault[] = [];
    const { now, startMs } = this.#parts;
    for (const host of hosts)
      for (let index = this.#events.length - 1; index >= 0; index -= 1) {
        const fault = this.#events[index];
        if (fault?.host !== host || now() < startMs + fault.fromMs || !this.isInItsState(fault)) continue;
        this.#events.splice(index, 1);
        due.push(fault);
      }
    return due;
  }

  isInItsState({ host, during }: PlannedFault): boolean {
    return during === 'any' || this.#parts.states.isIn(host, during);
  }

  /** Its state has passed: the event waits for the next time. */
  waits(event: PlannedFault): void {
    this.#events.push(event);
  }

  /** Counts an event that has happened. */
  struck(kind: FaultKind, host: string, instanceId?: string): void {
    this.#strike(kind, host, instanceId);
  }

  #strike(kind: FaultKind, host: string, instanceId?: string, struckIn?: Set<StateName>): void {
    const states = this.#parts.states.statesOf(host, instanceId);
    const fresh = states.filter((state) => struckIn?.has(state) !== true);
    for (const state of fresh) struckIn?.add(state);
    this.#parts.onStrike({ kind, host, ...(instanceId === undefined ? {} : { instanceId }), states, fresh });
  }
}

/** A call of a function that works for all hosts is about each of them. */
const isAbout = (subject: Subject, { host, instanceId, function: name, act, device }: PlannedFault): boolean =>
  (subject.hosts.length === 0 || subject.hosts.includes(host)) &&
  (instanceId === undefined || subject.instanceId === instanceId) &&
  (name === undefined || subject.function === name) &&
  (act === undefined || subject.act === act) &&
  (device === undefined || subject.device === device);
