import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cameTo, type Round, shareOf } from '#shared/domain/rounds.ts';
import { NOW_MS } from '#test/support/builders.ts';

const MINUTE_MS = 60_000;
const hosts = Array.from({ length: 10 }, (_, index) => `compute-${String.fromCharCode(97 + index)}`);

/** Runs once a minute; each comes to at most so many hosts. @returns what each run came to */
function runs(count: number, everySeconds: number, capacity = Number.POSITIVE_INFINITY, jitterMs = 0): string[][] {
  let round: Round | undefined;
  return Array.from({ length: count }, (_, index) => {
    const nowMs = NOW_MS + index * MINUTE_MS + (index % 2 === 0 ? jitterMs : -jitterMs);
    const share = shareOf(hosts, round, everySeconds, nowMs);
    const done = share.hosts.slice(0, capacity);
    round = cameTo(share, new Set(done), hosts, nowMs);
    return [...done];
  });
}

describe('a round', () => {
  it('comes to each host once, evenly over its runs', () => {
    const five = runs(5, 300);
    expect(five.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]);
    expect(five.flat()).toEqual(hosts);
  });

  it('is followed by the next at its time, whatever the clock of the runs does', () => {
    for (const jitterMs of [0, 5000, -5000])
      expect(runs(15, 300, Number.POSITIVE_INFINITY, jitterMs).flat()).toEqual([...hosts, ...hosts, ...hosts]);
  });

  it('comes to all in each run where it is that short', () => {
    expect(runs(3, 60).map(({ length }) => length)).toEqual([10, 10, 10]);
    expect(runs(3, 5).map(({ length }) => length)).toEqual([10, 10, 10]);
  });

  it('makes good for a run that could not come to all, and is never cut short', () => {
    const slow = runs(20, 300, 1).flat();
    expect(slow).toEqual([...hosts, ...hosts]);
    const gap = shareOf(
      hosts,
      { startedAtMs: NOW_MS, after: 'compute-b', wholeAtMs: null },
      300,
      NOW_MS + 3 * MINUTE_MS,
    );
    expect(gap.hosts).toEqual(hosts.slice(2, 8));
  });

  it('tells when it was whole', () => {
    const share = shareOf(hosts, undefined, 60, NOW_MS);
    expect(cameTo(share, new Set(hosts), hosts, NOW_MS)).toMatchObject({ after: 'compute-j', wholeAtMs: NOW_MS });
    expect(cameTo(share, new Set(hosts.slice(0, 9)), hosts, NOW_MS)).toMatchObject({
      after: 'compute-i',
      wholeAtMs: null,
    });
    expect(cameTo(share, new Set(hosts.slice(1)), hosts, NOW_MS)).toMatchObject({ after: null, wholeAtMs: null });
  });

  it('is of nobody where there is nobody', () => {
    expect(shareOf([], undefined, 300, NOW_MS).hosts).toEqual([]);
  });
});

it('leaves out no host for as long as two rounds, and one run more for each in which others join behind', async () => {
  await fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 4 }), { minLength: 12, maxLength: 12 }),
      (changes) => {
        const all = new Set(Array.from({ length: 12 }, (_, index) => `host-${String(index).padStart(2, '0')}`));
        const seen = new Map([...all].map((host) => [host, 0]));
        /** When others joined. */
        const joined: number[] = [];
        let round: Round | undefined;
        for (const [minute, changed] of changes.entries()) {
          const before = new Set(all);
          for (const number of changed) {
            const host = `host-${String(number).padStart(2, '0')}`;
            if (number > 11 && !all.delete(host)) all.add(host);
          }
          if (!all.isSubsetOf(before)) joined.push(minute);
          const names = [...all];
          const share = shareOf(names, round, 180, NOW_MS + minute * MINUTE_MS);
          round = cameTo(share, new Set(share.hosts), names, NOW_MS + minute * MINUTE_MS);
          for (const host of share.hosts) seen.set(host, minute);
          for (let number = 0; number < 12; number += 1) {
            const seenAt = seen.get(`host-${String(number).padStart(2, '0')}`) ?? 0;
            expect(minute - seenAt).toBeLessThan(6 + joined.filter((at) => at > seenAt).length);
          }
        }
      },
    ),
  );
});
