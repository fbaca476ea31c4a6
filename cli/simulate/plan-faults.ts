import type { Random } from '#sim/random.ts';
import { happens, pickOne, wholeBetween } from './engine/chance.ts';
import { FAULT_KINDS, type FaultKind, type PlannedFault, type StateName } from './faults.ts';
import { REACHABLE } from './reach.ts';
import type { PlannedFailure, PolicyInput } from './scenario.ts';

/** Faults of one failure: this many on average, those that lead the way to a rare state not counted. */
const FAULTS_PER_FAILURE = 2.5;

/** Faults that last: they strike every such call for a while. */
const LASTING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'nova-read-fails',
  'nova-read-refused',
  'nova-not-sent',
  'nova-429',
  'service-seen-up',
  'service-seen-down',
  'bmc-hangs',
  'bmc-errors',
  'bmc-refuses',
  'bmc-stuck',
  'bmc-lies-off',
  'bmc-lies-on',
  'bmc-wrong-host',
  'index-lags',
  'read-throttled',
  'write-throttled',
  'send-failed',
]);

/** States that pass quickly, or are reached seldom: faults wait for them more often. */
const WEIGHTS: Partial<Readonly<Record<StateName, number>>> = {
  'forcing-down': 3,
  planning: 3,
  'handing-over': 5,
  stopped: 3,
  'task granted': 2,
  'task requested': 3,
  'task unknown': 4,
};

interface Pair {
  readonly kind: FaultKind;
  readonly state: StateName;
}

/** A kind that can strike in few states would else be planned seldom. */
const weightOf = (kind: FaultKind): number => Math.max(1, Math.round(6 / REACHABLE[kind].length));

/** Every reachable pair, as often as its weight asks for. */
const PAIRS: readonly Pair[] = FAULT_KINDS.flatMap((kind) =>
  REACHABLE[kind].flatMap((state) =>
    Array.from({ length: (WEIGHTS[state] ?? 1) * weightOf(kind) }, () => ({ kind, state })),
  ),
);

/** What leads to a state, or to the moment of a kind, that would else be reached seldom. */
const LEADS: Partial<Readonly<Record<StateName | FaultKind, readonly Pair[]>>> = {
  held: [{ kind: 'service-seen-up', state: 'suspected' }],
  stopped: [
    { kind: 'false-up', state: 'planning' },
    { kind: 'false-up', state: 'evacuating' },
  ],
  'handing-over': [
    { kind: 'evacuation-stuck', state: 'task accepted' },
    { kind: 'evacuation-dropped', state: 'task requested' },
  ],
  'task unknown': [
    { kind: 'nova-5xx-before', state: 'task requested' },
    { kind: 'nova-5xx-after', state: 'task requested' },
    { kind: 'nova-timeout-after', state: 'task requested' },
    { kind: 'nova-late-effect', state: 'task requested' },
  ],
  'host-field-late': [{ kind: 'destination-dies', state: 'task accepted' }],
  'conductor-lingers': [
    { kind: 'spawn-fails', state: 'task accepted' },
    { kind: 'no-valid-host', state: 'task accepted' },
  ],
};

export interface PlanLimits {
  /** How long after a request of unknown fate nothing may come of it any more. */
  readonly settleMs: number;
  readonly policy: PolicyInput;
}

/** Faults that wait for the recovery of a failed host to come to their moment. */
export function faultsOf(random: Random, failure: PlannedFailure, limits: PlanLimits): readonly PlannedFault[] {
  const count = wholeBetween(random, 1, 2 * FAULTS_PER_FAILURE - 1);
  return Array.from({ length: count }, () => pickOne(random, PAIRS))
    .flatMap((pair) => [...leadsTo(random, pair), pair])
    .filter(({ kind }) => isPossible(kind, limits.policy))
    .map((pair) => planned(random, failure, pair, limits));
}

const leadsTo = (random: Random, { kind, state }: Pair): readonly Pair[] =>
  [LEADS[state], LEADS[kind]].flatMap((leads) =>
    leads !== undefined && happens(random, 0.8) ? [pickOne(random, leads)] : [],
  );

/** Whose device it is can be told only where the policy names the systems: README.md, what salvor assumes. */
const isPossible = (kind: FaultKind, { fenceDevices }: PolicyInput): boolean =>
  kind !== 'bmc-wrong-host' || Object.values(fenceDevices).every(({ systemUuid }) => systemUuid !== undefined);

/** What is asked for once or twice in a recovery is not let pass. */
const ASKED_SELDOM: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'killed-before-ack',
  'ack-lost',
  'evacuation-slow',
  'evacuation-stuck',
  'evacuation-dropped',
  'spawn-fails',
  'no-valid-host',
  'conductor-lingers',
  'host-field-late',
  'bmc-conflict',
  'bmc-late-effect',
  'bmc-stuck',
  'nova-not-sent',
  'nova-429',
  'nova-4xx',
  'nova-5xx-before',
  'nova-5xx-after',
  'nova-timeout-after',
  'nova-late-effect',
]);

const PASSES_QUICKLY: ReadonlySet<StateName> = new Set<StateName>([
  'forcing-down',
  'planning',
  'handing-over',
  'task granted',
  'task requested',
]);

function planned(
  random: Random,
  { host, atMs }: PlannedFailure,
  { kind, state: during }: Pair,
  { settleMs }: PlanLimits,
): PlannedFault {
  const quick = PASSES_QUICKLY.has(during);
  return {
    kind,
    host,
    during,
    fromMs: during === 'none' ? Math.max(0, atMs - wholeBetween(random, 0, 20_000)) : Math.max(0, atMs - 1000),
    skip: ASKED_SELDOM.has(kind) || happens(random, quick ? 0.7 : 0.5) ? 0 : wholeBetween(random, 1, quick ? 2 : 8),
    afterMs: wholeBetween(random, 0, quick ? 60 : happens(random, 0.5) ? 1_000 : 20_000),
    times: happens(random, 0.7) ? 1 : wholeBetween(random, 2, 4),
    forMs: LASTING.has(kind) && happens(random, 0.7) ? wholeBetween(random, 2_000, 120_000) : 0,
    sizeMs: sizeOf(random, kind, settleMs),
  };
}

function sizeOf(random: Random, kind: FaultKind, settleMs: number): number {
  switch (kind) {
    case 'nova-late-effect':
      // Nova acts within the settle time or not at all: what salvor assumes.
      return wholeBetween(random, 0, settleMs - 20_000);
    case 'evacuation-slow':
      return wholeBetween(random, 30_000, 400_000);
    case 'conductor-lingers':
    case 'host-field-late':
      return wholeBetween(random, 500, 60_000);
    case 'message-delayed':
      return wholeBetween(random, 1_000, 240_000);
    case 'message-duplicated':
      return wholeBetween(random, 0, 60_000);
    case 'clock-behind':
    case 'clock-ahead':
      return wholeBetween(random, 1_000, 1_000_000);
    case 'nova-slow':
    case 'bmc-slow':
    case 'index-lags':
    case 'bmc-late-effect':
      return wholeBetween(random, 500, 9_000);
    default:
      return wholeBetween(random, 1_000, 60_000);
  }
}
