import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState } from '#shared/domain/host.ts';
import { countingDownClaims, decideReports, lastSeenUpMs } from '#shared/domain/reports.ts';
import { aHost, anEvent, aPolicy, aSegment, NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const policy = aPolicy();
const segment = aSegment();

function deliver(host: HostState, batch: readonly HostEvent[], nowMs: number) {
  const events = batch.map((event) => ({ event, reporter: event.source, receivedAtMs: nowMs }));
  const facts = decideReports(host, { events, segment, newIncidentId: uuid(1, 9) }, policy, nowMs);
  return { facts, host: facts.reduce(evolveHost, host) };
}

/** Reports of three reporters within some minutes, to the second, so that several fall together. */
const aReport = fc.record({
  source: fc.constantFrom('/a', '/b', '__proto__'),
  type: fc.constantFrom('host.down' as const, 'host.up' as const),
  after: fc.integer({ min: 0, max: 200 }),
});
const someReports = fc
  .array(aReport, { minLength: 1, maxLength: 12 })
  .map((reports) => reports.map(({ after, ...of }) => anEvent({ ...of, atMs: NOW_MS - seconds(200 - after) })));

/** The reports in any order, each once or more often, cut into batches anywhere. */
const aDelivery = someReports.chain((reports) => {
  const extra = fc.array(fc.constantFrom(...reports), { maxLength: 12 });
  const order = extra.chain((more) =>
    fc.shuffledSubarray([...reports, ...more], { minLength: reports.length + more.length }),
  );
  return fc.record({
    reports: fc.constant(reports),
    order,
    cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 24, maxLength: 24 }),
  });
});

function inBatches(order: readonly HostEvent[], cuts: readonly number[]): readonly (readonly HostEvent[])[] {
  const batches: HostEvent[][] = [];
  let start = 0;
  for (const size of cuts) {
    if (start < order.length) batches.push(order.slice(start, start + size));
    start += size;
  }
  return batches;
}

/** What the reporters' newest words are, worked out the simple way. */
function newestWords(reports: readonly HostEvent[]) {
  const words = new Map<string, { says: string; occurredAtMs: number }>();
  for (const { source, type, time } of reports) {
    const word = { says: type === 'host.down' ? 'down' : 'up', occurredAtMs: Date.parse(time) };
    const before = words.get(source);
    const newer = before === undefined || word.occurredAtMs > before.occurredAtMs;
    if (newer || (word.occurredAtMs === before.occurredAtMs && word.says === 'up')) words.set(source, word);
  }
  return [...words].sort();
}

const wordsOf = ({ claims }: HostState) =>
  Object.entries(claims)
    .map(([source, { says, occurredAtMs }]) => [source, { says, occurredAtMs }] as const)
    .sort();

describe('any set of reports', () => {
  it('comes to the same words, in whatever order and however often they come', () => {
    fc.assert(
      fc.property(aDelivery, ({ reports, order, cuts }) => {
        const host = inBatches(order, cuts).reduce((before, batch) => deliver(before, batch, NOW_MS).host, aHost());
        expect(wordsOf(host)).toEqual(newestWords(reports));
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing new when it comes again, at once or much later', () => {
    fc.assert(
      fc.property(aDelivery, fc.integer({ min: 0, max: 7200 }), ({ order, cuts }, laterSeconds) => {
        const host = inBatches(order, cuts).reduce((before, batch) => deliver(before, batch, NOW_MS).host, aHost());
        const again = deliver(host, order, NOW_MS + seconds(laterSeconds));
        expect(again.facts).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves an incident open just when somebody saw the host dead after anybody saw it alive', () => {
    fc.assert(
      fc.property(aDelivery, ({ order, cuts }) => {
        const host = inBatches(order, cuts).reduce((before, batch) => deliver(before, batch, NOW_MS).host, aHost());
        const dead = Object.values(host.claims).some(
          ({ says, occurredAtMs }) => says === 'down' && occurredAtMs > lastSeenUpMs(host.claims),
        );
        expect(host.incident !== null).toBe(dead);
        expect(countingDownClaims(host.claims, 900, NOW_MS).length > 0).toBe(dead);
      }),
      { numRuns: 500 },
    );
  });
});
