import { FAULT_KINDS, type FaultKind, INCIDENT_STATES, type StateName, TASK_STATES } from './faults.ts';
import { REACHABLE } from './reach.ts';

/** What a failure of a seed is for: faults of these kinds while its host, or a task of it, is in this state. */
export interface Focus {
  readonly state: StateName;
  readonly kinds: readonly FaultKind[];
}

/** Kinds that a failure is for. */
const KINDS_AT_ONCE = 5;

/**
 * How often each state has its turn in a cycle: more often where there is much to strike or it takes several attempts,
 * less often where strikes in other states count as well.
 */
const TURNS: Readonly<Record<StateName, number>> = {
  none: 6,
  suspected: 5,
  held: 5,
  fencing: 7,
  'forcing-down': 7,
  planning: 5,
  evacuating: 2,
  'handing-over': 6,
  stopped: 5,
  'task waiting': 2,
  'task granted': 5,
  'task requested': 6,
  'task accepted': 3,
  'task unknown': 7,
  'task ended': 2,
};

/** Pairs that are planned more often than others of their state, since they miss their moment more often. */
const HARD: Partial<Readonly<Record<FaultKind, Partial<Readonly<Record<StateName, number>>>>>> = {
  'nova-late-effect': { 'forcing-down': 3 },
  'service-seen-up': { none: 4 },
  'evacuation-slow': { 'task accepted': 2, 'task unknown': 2 },
  'evacuation-stuck': { 'task requested': 2, 'task unknown': 3 },
  'spawn-fails': { 'task requested': 3, 'task accepted': 2, 'task unknown': 3 },
  'no-valid-host': { 'task requested': 2 },
  'conductor-lingers': { 'task requested': 2, 'task accepted': 2, 'task unknown': 2 },
  'host-field-late': { 'task requested': 3, 'task accepted': 2, 'task unknown': 4 },
  'destination-dies': { evacuating: 2, 'task requested': 2, 'task accepted': 2, 'task unknown': 2 },
  'bmc-hangs': { none: 2 },
  'bmc-errors': { none: 2 },
  'bmc-refuses': { none: 2 },
  'bmc-slow': { none: 2 },
  'bmc-wrong-host': { none: 2, fencing: 3 },
  'bmc-stuck': { fencing: 2 },
  'bmc-lies-off': { fencing: 2 },
  'bmc-late-effect': { fencing: 3 },
  'forced-up': { fencing: 4 },
  released: { held: 2 },
  'instance-evacuated': { suspected: 2, held: 2, 'task unknown': 2, 'task ended': 2 },
  'instance-opted-out': { 'task ended': 2 },
};

/** Rounds over a table of how often: what shall come often comes again in later rounds, with all others in between. */
function inRounds<T>(all: readonly T[], times: (one: T) => number): readonly T[] {
  const rounds = Math.max(...all.map(times));
  return Array.from({ length: rounds }, (_, round) => all.filter((one) => times(one) > round)).flat();
}

const STATES = inRounds<StateName>([...INCIDENT_STATES, ...TASK_STATES], (state) => TURNS[state]);

/** Kinds that are alike stand next to each other and would be in each other's way: they come far apart. */
function apart<T>(all: readonly T[]): readonly T[] {
  const step = Math.ceil(all.length / KINDS_AT_ONCE);
  return Array.from({ length: step }, (_, first) => all.filter((_, index) => index % step === first)).flat();
}

const kindsOf = (state: StateName): readonly FaultKind[] =>
  apart(
    FAULT_KINDS.filter((kind) => REACHABLE[kind].includes(state)).flatMap((kind) =>
      Array.from({ length: HARD[kind]?.[state] ?? 1 }, () => kind),
    ),
  );
const KINDS = new Map(STATES.map((state) => [state, kindsOf(state)]));

/** How far the failures of a seed are apart in the schedule: no common divisor with the number of turns. */
const STEP = 10_007;

/**
 * Every pair has its turn, whatever chance says: over the seeds, each failure of a seed (the first, the second, …) goes
 * through all states, and each time that a state comes up, on to its next kinds.
 */
export function focusOf(seed: number, failure: number): Focus {
  const turn = seed + failure * STEP;
  const place = turn % STATES.length;
  const state = STATES[place] ?? 'none';
  const earlier = STATES.slice(0, place).filter((each) => each === state).length;
  const visit = Math.floor(turn / STATES.length) * TURNS[state] + earlier;
  const kinds = KINDS.get(state) ?? [];
  const count = Math.min(KINDS_AT_ONCE, kinds.length);
  // One further each time around, so that a kind does not always have the same company.
  const start = visit * KINDS_AT_ONCE + Math.floor((visit * KINDS_AT_ONCE) / kinds.length);
  return {
    state,
    kinds: [...new Set(Array.from({ length: count }, (_, index) => kinds[(start + index) % kinds.length]))].filter(
      (kind) => kind !== undefined,
    ),
  };
}
