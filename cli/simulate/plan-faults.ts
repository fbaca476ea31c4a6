import type { Random } from '#sim/random.ts';
import { happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { FaultKind, PlannedFault, StateName } from './faults.ts';
import { type Lead, leadsTo, type Range } from './leads.ts';
import { OF_NOVA_CHANGES } from './reach.ts';
import type { PlannedFailure, PolicyInput } from './scenario.ts';
import type { Focus } from './schedule.ts';

/** Faults that last: they strike every such call for a while. */
const LASTING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'nova-read-fails',
  'nova-read-refused',
  'nova-not-sent',
  'nova-429',
  'service-seen-up',
  'service-seen-down',
  'service-silent',
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

/** Events that end the state they strike in: others come first. */
const ENDING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'host-comes-back',
  'host-back-silently',
  'false-up',
  'flapping',
  'clock-behind',
  'clock-ahead',
  'service-disabled',
  'forced-up',
  'unprotected',
  'dismissed',
  'released',
]);

export interface PlanLimits {
  /** How long after a request of unknown fate nothing may come of it any more. */
  readonly settleMs: number;
  readonly policy: PolicyInput;
}

/** The faults that a failure is for, and what leads to their moment. They wait for it in the recovery of its host. */
export function faultsOf(
  random: Random,
  failure: PlannedFailure,
  focus: Focus,
  limits: PlanLimits,
): readonly PlannedFault[] {
  const leads = leadsTo(focus, (among) => pickOne(random, among));
  return [
    ...leads.map((lead) => leading(random, failure, lead, limits)),
    ...focus.kinds.map((kind) => planned(random, failure, kind, focus.state, limits)),
  ].filter(({ kind }) => isPossible(kind, limits.policy));
}

/** Whose device it is can be told only where the policy names the systems: docs/safety.md, what it rests on. */
const isPossible = (kind: FaultKind, { fenceDevices }: PolicyInput): boolean =>
  kind !== 'bmc-wrong-host' ||
  Object.values(fenceDevices).every((entry) => 'systemUuid' in entry && entry.systemUuid !== undefined);

/** What is asked for once or twice in a recovery is not let pass. */
const ASKED_SELDOM: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'killed-before-ack',
  'message-delayed',
  'ack-lost',
  'send-failed',
  'send-unknown',
  'service-silent',
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
  'bmc-lies-off',
  ...OF_NOVA_CHANGES,
]);

const PASSES_QUICKLY: ReadonlySet<StateName> = new Set<StateName>([
  'fencing',
  'forcing-down',
  'planning',
  'handing-over',
  'task granted',
  'task requested',
  'task unknown',
]);

/** A lead is not let pass, and does not wait longer than it must. */
function leading(random: Random, failure: PlannedFailure, lead: Lead, limits: PlanLimits): PlannedFault {
  const between = (range: Range = [0, 0]): number => wholeBetween(random, ...range);
  return {
    kind: lead.kind,
    host: failure.host,
    during: lead.during,
    ...(lead.function === undefined ? {} : { function: lead.function }),
    fromMs: fromOf(failure, lead.during, EARLIER_MS[0]),
    skip: lead.skip ?? 0,
    afterMs: between(lead.afterMs),
    times: between(lead.times ?? [1, 1]),
    forMs: between(lead.forMs),
    sizeMs: lead.sizeMs === undefined ? sizeOf(random, lead.kind, limits.settleMs) : between(lead.sizeMs),
  };
}

function planned(
  random: Random,
  failure: PlannedFailure,
  kind: FaultKind,
  during: StateName,
  { settleMs }: PlanLimits,
): PlannedFault {
  const quick = PASSES_QUICKLY.has(during);
  return {
    kind,
    host: failure.host,
    during,
    fromMs: fromOf(failure, during, wholeBetween(random, ...EARLIER_MS)),
    skip: ASKED_SELDOM.has(kind) || happens(random, 0.6) ? 0 : wholeBetween(random, 1, quick ? 2 : 5),
    afterMs: afterOf(random, ENDING.has(kind), quick),
    times: happens(random, 0.5) ? 1 : wholeBetween(random, 2, 3),
    forMs: LASTING.has(kind) && happens(random, 0.5) ? wholeBetween(random, 2_000, 30_000) : 0,
    sizeMs: sizeOf(random, kind, settleMs),
  };
}

/** How long before its failure faults may begin that wait for a host without an incident. */
const EARLIER_MS: Range = [20_000, 200_000];
const fromOf = ({ atMs }: PlannedFailure, during: StateName, earlierMs: number): number =>
  Math.max(0, atMs - (during === 'none' ? earlierMs : 1_000));

function afterOf(random: Random, ends: boolean, quick: boolean): number {
  if (quick)
    return ends ? wholeBetween(random, 200, 4_000) : wholeBetween(random, 0, happens(random, 0.5) ? 60 : 2_000);
  return ends ? wholeBetween(random, 3_000, 15_000) : wholeBetween(random, 0, happens(random, 0.5) ? 1_000 : 8_000);
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
