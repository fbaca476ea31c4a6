import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Beat,
  decideSilence,
  type Hearing,
  heard,
  isBeat,
  type Lease,
  renewedLease,
} from '#shared/domain/heartbeats.ts';
import { anEvent, aPolicy, NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const policy = aPolicy();
const settings = policy.heartbeats;
const TIMEOUT = settings.timeoutSeconds;
const LOOK = 5;
const MINUTES = 10;

/** Heartbeats that do not reach salvor, or are read only when it is over: the network, or a function that stands still. */
interface Outage {
  readonly from: number;
  readonly length: number;
  readonly how: 'lost' | 'late';
}
interface Told {
  readonly beat: Beat;
  /** In seconds from the beginning. */
  readonly readAt: number;
}

/** From when on a host's clock is ahead of ours by so many seconds; behind, when it is negative. */
interface Step {
  readonly from: number;
  readonly ahead: number;
}

/** What each host sends, as it is read: intervals of a sixth of the timeout at most. The steps are of the first one's clock. */
function toldOf(
  intervals: readonly (readonly number[])[],
  outage: Outage | undefined,
  diesAt: number,
  steps: readonly Step[] = [],
): readonly Told[] {
  const told: Told[] = [];
  for (const [index, own] of intervals.entries()) {
    const host = `compute-${index + 1}`;
    let at = own[0] ?? 0;
    for (let beat = 0; at < MINUTES * 60; beat += 1) {
      const isOut = outage !== undefined && at >= outage.from && at < outage.from + outage.length;
      const lives = index > 0 || at < diesAt;
      const atMs = NOW_MS + seconds(at);
      const ahead = index > 0 ? 0 : (steps.findLast(({ from }) => from <= at)?.ahead ?? 0);
      const received = {
        event: anEvent({ type: 'host.heartbeat', source: host, atMs: atMs + seconds(ahead), data: { host } }),
        reporter: host,
        receivedAtMs: atMs,
      };
      if (lives && isBeat(received) && !(isOut && outage.how === 'lost'))
        told.push({ beat: received, readAt: isOut ? outage.from + outage.length : at + 0.2 });
      at += own[(beat % (own.length - 1)) + 1] ?? 10;
    }
  }
  return told.sort((a, b) => a.readAt - b.readAt);
}

/** Who is said to be silent, and when, in seconds. */
function saidIn(told: readonly Told[]): readonly { readonly host: string; readonly at: number }[] {
  const leases = new Map<string, Lease>();
  const said: { host: string; at: number }[] = [];
  let hearing: Hearing | undefined;
  let next = 0;
  for (let at = LOOK; at < MINUTES * 60; at += LOOK) {
    for (let one = told[next]; one !== undefined && one.readAt <= at; one = told[next]) {
      next += 1;
      const { host } = one.beat.event.data;
      const lease = renewedLease(leases.get(host), { host, key: uuid(2, 1) }, [one.beat], settings);
      if (lease !== undefined) leases.set(host, lease);
      hearing = heard(hearing, [one.beat], settings, NOW_MS + seconds(one.readAt)) ?? hearing;
    }
    for (const lease of decideSilence([...leases.values()], hearing, policy, NOW_MS + seconds(at)).say) {
      said.push({ host: lease.host, at });
      leases.set(lease.host, { ...lease, saidAtMs: NOW_MS + seconds(at) });
    }
  }
  return said;
}

const interval = fc.double({ min: TIMEOUT / 20, max: TIMEOUT / 6, noNaN: true });
const hosts = (minLength: number) =>
  fc.array(fc.array(interval, { minLength: 3, maxLength: 6 }), { minLength, maxLength: 8 });
const outage = (min: number, max: number) =>
  fc.record({
    from: fc.double({ min: 80, max: 300, noNaN: true }),
    length: fc.double({ min: TIMEOUT * min, max: TIMEOUT * max, noNaN: true }),
    how: fc.constantFrom('lost' as const, 'late' as const),
  });

describe('hosts that live', () => {
  it('are never accused while they are heard', () => {
    fc.assert(
      fc.property(hosts(1), (all) => {
        expect(saidIn(toldOf(all, undefined, Number.POSITIVE_INFINITY))).toEqual([]);
      }),
    );
  });

  it.each([
    ['short', 0, 1 / 6],
    ['long', 3 / 10, 4],
  ])('are never accused when salvor hears nobody for a %s while, nor afterwards', (_, min, max) => {
    fc.assert(
      fc.property(hosts(1), outage(min, max), (all, gap) => {
        expect(saidIn(toldOf(all, gap, Number.POSITIVE_INFINITY))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a host whose clock is set, again and again, within what is believed', () => {
  const step = fc.record({
    from: fc.integer({ min: 0, max: MINUTES * 60 }),
    ahead: fc.integer({ min: -850, max: 60 }),
  });
  const steps = fc.array(step, { maxLength: 5 }).map((all) => all.toSorted((a, b) => a.from - b.from));

  it('is not accused while it lives', () => {
    fc.assert(
      fc.property(hosts(2), steps, (all, set) => {
        expect(saidIn(toldOf(all, undefined, Number.POSITIVE_INFINITY, set))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is accused a timeout after its last heartbeat at the latest, and one look', () => {
    const death = fc.double({ min: 100, max: 300, noNaN: true });
    fc.assert(
      fc.property(hosts(4), death, steps, (all, diesAt, set) => {
        const told = toldOf(all, undefined, diesAt, set);
        const last = told.filter(({ beat }) => beat.event.data.host === 'compute-1').at(-1);
        const [first] = saidIn(told);
        const after = (first?.at ?? 0) - ((last?.beat.receivedAtMs ?? 0) - NOW_MS) / 1000;
        expect(first?.host).toBe('compute-1');
        expect(after).toBeGreaterThan(TIMEOUT / 2);
        expect(after).toBeLessThanOrEqual(TIMEOUT + LOOK);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a host that dies', () => {
  it('is accused between half a timeout and a whole one after its last heartbeat, and one look', () => {
    const death = fc.double({ min: 100, max: 300, noNaN: true });
    fc.assert(
      fc.property(hosts(4), death, (all, diesAt) => {
        const told = toldOf(all, undefined, diesAt);
        const last = told.filter(({ beat }) => beat.event.data.host === 'compute-1').at(-1);
        const [first] = saidIn(told);
        const after = (first?.at ?? 0) - ((last?.beat.receivedAtMs ?? 0) - NOW_MS) / 1000;
        expect(first?.host).toBe('compute-1');
        expect(after).toBeGreaterThan(TIMEOUT / 2);
        expect(after).toBeLessThanOrEqual(TIMEOUT + LOOK);
      }),
      { numRuns: 300 },
    );
  });
});
