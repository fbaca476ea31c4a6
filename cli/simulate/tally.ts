import type { FaultKind, StateName } from './faults.ts';
import type { RunResult } from './run.ts';

/** What was reached, added up over seeds; as plain data, so that workers can send it. */
export interface Tally {
  readonly seeds: number;
  readonly incidents: number;
  /** Instances of hosts that were planned for, in all incidents. */
  readonly instances: number;
  readonly evacuations: number;
  readonly powerOffs: number;
  readonly faults: number;
  readonly byKind: Readonly<Partial<Record<FaultKind, number>>>;
  /** How often a fault struck something in a state: `kind|state`. One that lasts counts once in each. */
  readonly pairs: Readonly<Record<string, number>>;
  readonly virtualHours: number;
  readonly happenings: number;
}

export const pairOf = (kind: FaultKind, state: StateName): string => `${kind}|${state}`;

export const NOTHING: Tally = {
  seeds: 0,
  incidents: 0,
  instances: 0,
  evacuations: 0,
  powerOffs: 0,
  faults: 0,
  byKind: {},
  pairs: {},
  virtualHours: 0,
  happenings: 0,
};

export function tallyOf({
  strikes,
  simulation,
  elapsedMs,
}: Pick<RunResult, 'strikes' | 'simulation' | 'elapsedMs'>): Tally {
  const byKind: Partial<Record<FaultKind, number>> = {};
  const pairs: Record<string, number> = {};
  const counted = strikes.filter(({ fresh }) => fresh.length > 0);
  for (const { kind, fresh } of counted) {
    byKind[kind] = (byKind[kind] ?? 0) + 1;
    for (const state of fresh) pairs[pairOf(kind, state)] = (pairs[pairOf(kind, state)] ?? 0) + 1;
  }
  const facts = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const happening of simulation.log.happenings) {
    if (happening.kind === 'asked') count(asked, happening.request.act);
    if (happening.kind === 'committed')
      for (const write of happening.writes)
        if (write.kind === 'append') count(facts, (write.body.fact as { readonly type: string }).type);
  }
  return {
    seeds: 1,
    incidents: facts.get('incident-opened') ?? 0,
    instances: facts.get('task-planned') ?? 0,
    evacuations: asked.get('evacuate') ?? 0,
    powerOffs: asked.get('power-off') ?? 0,
    faults: counted.length,
    byKind,
    pairs,
    virtualHours: elapsedMs / 3_600_000,
    happenings: simulation.log.happenings.length,
  };
}

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    seeds: a.seeds + b.seeds,
    incidents: a.incidents + b.incidents,
    instances: a.instances + b.instances,
    evacuations: a.evacuations + b.evacuations,
    powerOffs: a.powerOffs + b.powerOffs,
    faults: a.faults + b.faults,
    byKind: addCounts(a.byKind, b.byKind),
    pairs: addCounts(a.pairs, b.pairs),
    virtualHours: a.virtualHours + b.virtualHours,
    happenings: a.happenings + b.happenings,
  };
}

function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sum = { ...a };
  for (const [key, value] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + value;
  return sum;
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
