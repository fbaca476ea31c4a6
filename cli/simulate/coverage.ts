import { FAULT_KINDS, type FaultKind, INCIDENT_STATES, type StateName, TASK_STATES } from './faults.ts';
import { REACHABLE } from './reach.ts';
import { pairOf, type Tally } from './tally.ts';

const STATES: readonly StateName[] = [...INCIDENT_STATES, ...TASK_STATES];

/** A reachable pair is covered when it was struck this often. */
export const ENOUGH = 100;

export interface Coverage {
  readonly reachable: number;
  readonly covered: number;
  readonly missing: readonly { readonly kind: FaultKind; readonly state: StateName; readonly hits: number }[];
}

export function coverageOf({ pairs }: Pick<Tally, 'pairs'>, enough: number = ENOUGH): Coverage {
  const all = FAULT_KINDS.flatMap((kind) =>
    REACHABLE[kind].map((state) => ({ kind, state, hits: pairs[pairOf(kind, state)] ?? 0 })),
  );
  const missing = all.filter(({ hits }) => hits < enough);
  return { reachable: all.length, covered: all.length - missing.length, missing };
}

const SHORT: Readonly<Record<string, string>> = { 'forcing-down': 'forcing', 'handing-over': 'handing' };
const headOf = (state: string): string => (SHORT[state] ?? state.replace('task ', 't.')).slice(0, 9);

/** Faults by the states they struck in. */
export function coverageTable({ pairs, byKind }: Tally): string {
  const width = Math.max(...FAULT_KINDS.map((kind) => kind.length));
  const cell = (kind: FaultKind, state: StateName): string => {
    const hits = pairs[pairOf(kind, state)] ?? 0;
    return REACHABLE[kind].includes(state) ? String(hits) : hits === 0 ? '.' : `(${hits})`;
  };
  const row = (head: string, cells: readonly string[]): string =>
    `${head.padEnd(width)} ${cells.map((text) => text.padStart(10)).join('')}`;
  return [
    row('', ['struck', ...STATES.map(headOf)]),
    ...FAULT_KINDS.map((kind) => row(kind, [String(byKind[kind] ?? 0), ...STATES.map((state) => cell(kind, state))])),
    'a dot: out of reach; in brackets: only with another fault at the same moment, or in a call that was overtaken (cli/simulate/reach.ts)',
  ].join('\n');
}
