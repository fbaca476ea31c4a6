import { FAULT_KINDS, FAULTS, type FaultKind, INCIDENT_STATES, type StateName, TASK_STATES } from './faults.ts';
import { REACHABLE } from './reach.ts';

/** What a failure of a seed is for: faults of these kinds while its host, or a task of it, is in this state. */
export interface Focus {
  readonly state: StateName;
  readonly kinds: readonly FaultKind[];
}

/** Kinds that a failure is for. */
const KINDS_AT_ONCE = 7;

/**
 * How often each state has its turn in a cycle: more often where there is much to strike or it takes several attempts,
 * less often where strikes in other states count as well.
 */
const TURNS: Readonly<Record<StateName, number>> = {
  none: 6,
  suspected: 5,
  held: 5,
  fencing: 8,
  'forcing-down': 11,
  planning: 6,
  evacuating: 3,
  'handing-over': 6,
  stopped: 5,
  'task waiting': 2,
  'task granted': 5,
  'task requested': 6,
  'task accepted': 4,
  'task unknown': 8,
  'task ended': 3,
};

/** Pairs that are planned more often than others of their state, since they miss their moment more often. */
const HARD: Partial<Readonly<Record<FaultKind, Partial<Readonly<Record<StateName, number>>>>>> = {
  'killed-before-ack': { none: 2 },
  'ack-lost': { none: 2 },
  'read-throttled': { stopped: 2, fencing: 2 },
  'index-lags': { stopped: 2 },
  'send-failed': { suspected: 3, 'forcing-down': 2, planning: 2, 'task granted': 2, 'task requested': 2 },
  'nova-read-fails': { stopped: 3 },
  'nova-read-refused': { stopped: 3 },
  'nova-slow': { planning: 2, stopped: 3 },
  'nova-not-sent': { 'task requested': 2 },
  'nova-429': { 'task requested': 3 },
  'nova-5xx-after': { 'forcing-down': 2 },
  'service-seen-up': { none: 4 },
  'service-seen-down': { fencing: 3, 'forcing-down': 5 },
  'service-silent': { held: 3 },
  'evacuation-slow': { fencing: 5, 'forcing-down': 6, planning: 6, 'task requested': 2 },
  'evacuation-stuck': { fencing: 6, 'forcing-down': 8, planning: 5, 'task unknown': 2, 'task requested': 4 },
  'evacuation-dropped': { 'task requested': 2 },
  'spawn-fails': { fencing: 3, 'forcing-down': 10, planning: 4, 'task requested': 2 },
  'no-valid-host': { fencing: 2, 'forcing-down': 5, planning: 7 },
  'conductor-lingers': { 'task requested': 3, 'task accepted': 4 },
  'host-field-late': { fencing: 3, 'forcing-down': 11, planning: 6, 'task unknown': 2, 'task requested': 3 },
  'destination-dies': { fencing: 2, 'forcing-down': 3, planning: 3, 'task requested': 2 },
  'bmc-hangs': { none: 4 },
  'bmc-errors': { none: 4, 'task accepted': 3, 'task waiting': 2, 'task ended': 2 },
  'bmc-refuses': { none: 5 },
  'bmc-slow': { none: 3, 'task accepted': 2 },
  'bmc-lies-off': { none: 4, fencing: 3 },
  'bmc-lies-on': { 'task accepted': 3 },
  'bmc-stuck': { fencing: 6 },
  'bmc-conflict': { fencing: 3 },
  'bmc-late-effect': { fencing: 5 },
  'bmc-wrong-host': { none: 6, 'task waiting': 2, 'task accepted': 5, 'task ended': 2 },
  'host-loses-power': { fencing: 2 },
  'host-powered-on': { fencing: 2 },
  'false-up': { stopped: 2 },
  'forced-up': { fencing: 2, 'handing-over': 3, none: 2 },
  'instance-deleted': { 'task requested': 2, 'task accepted': 3, stopped: 2 },
  'instance-evacuated': { none: 2, 'task requested': 4 },
  'another-host-dies': { fencing: 2 },
  'nova-4xx': { 'task requested': 2 },
  'instance-opted-out': { 'task ended': 3 },
};

/** Rounds over a table of how often: what shall come often comes again in later rounds, with all others in between. */
function inRounds<T>(all: readonly T[], times: (one: T) => number): readonly T[] {
  const rounds = Math.max(...all.map(times));
  return Array.from({ length: rounds }, (_, round) => all.filter((one) => times(one) > round)).flat();
}

const STATES = inRounds<StateName>([...INCIDENT_STATES, ...TASK_STATES], (state) => TURNS[state]);

/** Events strike once, calls often several times: they have more turns. */
const turnsOf = (kind: FaultKind, state: StateName): number =>
  (FAULTS[kind].by === 'event' ? 3 : 2) * (HARD[kind]?.[state] ?? 1);

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** All turns of a state in a row: those of one kind evenly spread over it, and kinds that are alike far from each other. */
const kindsOf = (state: StateName): readonly FaultKind[] =>
  FAULT_KINDS.filter((kind) => REACHABLE[kind].includes(state))
    .flatMap((kind, index) => {
      const turns = turnsOf(kind, state);
      return Array.from({ length: turns }, (_, turn) => ({ kind, at: (turn + ((index * GOLDEN) % 1)) / turns }));
    })
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
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
