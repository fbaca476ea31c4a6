import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, FAULTS, type FaultKind, type StateName } from '#cli/simulate/faults.ts';
import { scenarioOf } from '#cli/simulate/generate.ts';
import { REACHABLE, REASONS } from '#cli/simulate/reach.ts';
import { focusOf } from '#cli/simulate/schedule.ts';

/** Each seed has at least so many failures. */
const FAILURES = [0, 1, 2] as const;

/** How often each pair has its turn in the first seeds. */
function turns(seeds: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= seeds; seed += 1)
    for (const failure of FAILURES) {
      const { state, kinds } = focusOf(seed, failure);
      for (const kind of kinds) counts.set(`${kind} in ${state}`, (counts.get(`${kind} in ${state}`) ?? 0) + 1);
    }
  return counts;
}

const pairs = FAULT_KINDS.flatMap((kind) => REACHABLE[kind].map((state) => `${kind} in ${state}`));

describe('the schedule of faults', () => {
  it('gives every reachable pair of fault and state its turn within 1500 seeds, and no other', () => {
    expect([...turns(1500).keys()].sort()).toEqual([...pairs].sort());
  });

  it('gives each pair of a state the same share, or a greater one to what misses its moment', () => {
    const counts = turns(5000);
    for (const state of new Set(Object.values(REACHABLE).flat()))
      for (const by of ['call', 'event'] as const) {
        const shares = FAULT_KINDS.filter((kind) => FAULTS[kind].by === by && REACHABLE[kind].includes(state))
          .map((kind) => counts.get(`${kind} in ${state}`) ?? 0)
          .sort((a, b) => a - b);
        const [least = 0] = shares;
        const usual = shares[Math.floor(shares.length / 2)] ?? 0;
        expect(least, `${by}s in ${state}`).toBeGreaterThan(0.6 * usual);
      }
  });

  it('does not give a kind the same company each time', () => {
    const companies = new Set<string>();
    for (let seed = 1; seed <= 3000; seed += 1) {
      const { state, kinds } = focusOf(seed, 0);
      if (state === 'fencing' && kinds.includes('bmc-stuck')) companies.add(kinds.toSorted().join(' '));
    }
    expect(companies.size).toBeGreaterThan(2);
  });

  it('is what the failures of a seed are planned by', () => {
    for (const seed of [1, 2, 3, 4, 6]) {
      const { failures, faults } = scenarioOf(seed);
      for (const [index, { host }] of failures.entries()) {
        const { state, kinds } = focusOf(seed, index);
        const planned = faults.filter((fault) => fault.host === host && fault.during === state).map(({ kind }) => kind);
        expect(planned).toEqual(expect.arrayContaining([...kinds]));
      }
    }
  });
});

describe('one seed in five', () => {
  it.each([5, 10, 15])('lets its first host fail once more when it may be given back: %i', (seed) => {
    const { failures } = scenarioOf(seed);
    const [first, last] = [failures.at(0), failures.at(-1)];
    expect(last?.host).toBe(first?.host);
    expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(900_000);
  });
});

describe('the table of reasons', () => {
  it('has each kind of fault once', () => {
    expect(REASONS.flatMap(({ kinds }) => kinds).sort()).toEqual([...FAULT_KINDS].sort());
  });

  it('leaves out no state that a kind is planned to lead to', () => {
    const left = (kind: FaultKind, state: StateName): boolean => !REACHABLE[kind].includes(state);
    for (const seed of Array.from({ length: 200 }, (_, index) => index + 1))
      for (const { kind, during } of scenarioOf(seed).faults)
        if (during !== 'any') expect(left(kind, during), `${kind} in ${during}`).toBe(false);
  });
});
