import { describe, expect, it } from 'vitest';
import { askGates } from '#shared/domain/gates/ask.ts';
import type { Evidence } from '#shared/domain/gates/evidence.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import type { HostState } from '#shared/domain/host.ts';
import { aClaim, aHostIn, NOW_MS, seconds, servicesOf } from '#test/support/builders.ts';
import { aGuard, aSuspect, someReadings, ticketsOf } from '#test/support/readings.ts';

/** A cloud in which everything is as large as it gets. */
function aLargeCloud() {
  const services = servicesOf(1999);
  const claims: HostState['claims'] = Object.fromEntries(
    Array.from({ length: 64 }, (_, index) => [`/monitor/${String(index).padEnd(500, 'x')}`, aClaim('down')]),
  );
  const tickets = ticketsOf(900).map((ticket, index) => ({ ...ticket, atMs: NOW_MS - seconds(900 - index) }));
  const domainsOf = (host: string) => Array.from({ length: 4 }, (_, index) => `rack-${host}-${index}`);
  const live = { service: services[0], segments: ['az1'], segmentServices: services, allServices: services, domainsOf };
  return someReadings(
    {
      host: { ...aHostIn('suspected'), claims },
      live,
      segmentGuard: aGuard({ tickets }),
      globalGuard: aGuard({ tickets }),
      openIncidents: Array.from({ length: 1000 }, (_, index) => aSuspect(902 + index)),
    },
    { storm: { maxHosts: 5000, maxPercent: 100 } },
  );
}

describe('the evidence of a decision', () => {
  it('gives the same answers when it is read back from the audit', () => {
    for (const readings of [someReadings(), aLargeCloud()]) {
      const evidence = gatherEvidence(readings);
      const readBack = JSON.parse(JSON.stringify(evidence)) as Evidence;
      expect(readBack).toEqual(evidence);
      expect(askGates(readBack, readings)).toEqual(askGates(evidence, readings));
    }
  });

  it('stays small however many hosts there are', () => {
    expect(JSON.stringify(gatherEvidence(someReadings())).length).toBeLessThan(1500);
    expect(JSON.stringify(gatherEvidence(aLargeCloud())).length).toBeLessThan(128 * 1024);
  });

  it('counts what was left out of its lists: rather too many failed hosts than too few', () => {
    const { ofSegment } = gatherEvidence(aLargeCloud());
    expect(ofSegment).toMatchObject({ openOthers: 1000, leftOut: 400 });
    expect(ofSegment.confirmedAtMs[0]).toBe(NOW_MS - seconds(1));
    const storm = askGates(gatherEvidence(aLargeCloud()), aLargeCloud()).find(({ gate }) => gate === 'segment-storm');
    expect(storm?.because).toMatch(/^it would be host 1901 of/);
  });
});
