import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, candidates, contenders, pickDestination } from '#shared/domain/destinations.ts';
import { aHypervisor, aService } from '#test/support/builders.ts';

const aCandidate = (host: string, overrides: Partial<Candidate> = {}): Candidate => ({
  host,
  inFlight: 0,
  freeMemoryMb: 64_000,
  ...overrides,
});
const anInstance = { memoryMb: 2048, failedAt: [] as readonly string[] };

describe('candidates', () => {
  const failed = { host: 'compute-1', zone: 'nova' };
  const of = (services: readonly ReturnType<typeof aService>[], suspects: readonly string[] = []) =>
    candidates(services, [aHypervisor('compute-2', 5000)], failed, new Set(suspects), { 'compute-2': 3 });

  it('have what Nova says of their memory, and what is in flight to them', () => {
    expect(of([aService({ host: 'compute-2' })])).toEqual([{ host: 'compute-2', inFlight: 3, freeMemoryMb: 5000 }]);
  });

  it('are taken to have room when Nova does not say', () => {
    expect(of([aService({ host: 'compute-3' })])).toEqual([
      { host: 'compute-3', inFlight: 0, freeMemoryMb: Number.POSITIVE_INFINITY },
    ]);
  });

  it.each([
    ['down', aService({ host: 'compute-3', state: 'down' })],
    ['disabled', aService({ host: 'compute-3', status: 'disabled' })],
    ['forced down', aService({ host: 'compute-3', forcedDown: true })],
    ['in another zone', aService({ host: 'compute-3', zone: 'other' })],
    ['the failed host', aService({ host: 'compute-1' })],
    ['under suspicion', aService({ host: 'compute-9' })],
  ])('are none that is %s', (_, service) => {
    expect(of([service], ['compute-9'])).toEqual([]);
  });
});

describe('a destination', () => {
  it('is the least busy host that has room, of those the one with most memory, of those the first', () => {
    const memoryMb = fc.integer({ min: 1, max: 3 });
    const host = fc.record({ inFlight: fc.integer({ min: 0, max: 3 }), freeMemoryMb: memoryMb });
    fc.assert(
      fc.property(fc.array(host, { maxLength: 5 }), memoryMb, (hosts, needed) => {
        const among = hosts.map((each, index) => aCandidate(`h${index}`, each));
        const fit = among.filter((each) => each.freeMemoryMb >= needed && each.inFlight < 3);
        const [best] = fit.toSorted((a, b) => a.inFlight - b.inFlight || b.freeMemoryMb - a.freeMemoryMb);
        const picked = pickDestination(structuredClone(among), { memoryMb: needed, failedAt: [] }, 3);
        expect(picked.pick === 'host' ? picked.host : undefined).toBe(best?.host);
      }),
    );
  });

  it('takes the instance into account at once', () => {
    const among = [aCandidate('a', { freeMemoryMb: 5000 })];
    pickDestination(among, anInstance, 10);
    expect(among).toEqual([{ host: 'a', inFlight: 1, freeMemoryMb: 2952 }]);
  });

  it('is none in which it failed', () => {
    const among = [aCandidate('a'), aCandidate('b', { inFlight: 5 })];
    expect(pickDestination(among, { ...anInstance, failedAt: ['a'] }, 10)).toEqual({ pick: 'host', host: 'b' });
  });

  it('is waited for while every host that would do has its share', () => {
    const among = [aCandidate('a', { inFlight: 2 }), aCandidate('b', { freeMemoryMb: 100 })];
    expect(pickDestination(among, anInstance, 2)).toEqual({ pick: 'full' });
    expect(among[0]?.inFlight).toBe(2);
  });

  it.each([
    ['there is none', []],
    ['none has room', [aCandidate('a', { freeMemoryMb: 2047 })]],
    ['it failed at all of them', [aCandidate('b')]],
  ])('is left to Nova when %s', (_, among) => {
    expect(pickDestination(among, { ...anInstance, failedAt: ['b'] }, 10)).toEqual({ pick: 'scheduler' });
  });

  it('spreads a burst evenly over equal hosts, and never beyond the share of one', () => {
    const burst = fc.record({ hosts: fc.integer({ min: 1, max: 20 }), instances: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(burst, fc.integer({ min: 1, max: 30 }), ({ hosts, instances }, share) => {
        const among = Array.from({ length: hosts }, (_, index) => aCandidate(`h${index}`, { freeMemoryMb: 1e9 }));
        const picks = Array.from({ length: instances }, () => pickDestination(among, anInstance, share));
        const loads = among.map((each) => each.inFlight);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        expect(picks.filter(({ pick }) => pick === 'host')).toHaveLength(Math.min(instances, hosts * share));
      }),
    );
  });

  it('never has less memory than its instances need, whatever the hosts are like', () => {
    const host = fc.record({ free: fc.integer({ min: 0, max: 10_000 }), inFlight: fc.integer({ min: 0, max: 5 }) });
    const sizes = fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(host, { maxLength: 10 }), sizes, (hosts, memories) => {
        const among = hosts.map(({ free, inFlight }, index) =>
          aCandidate(`h${index}`, { freeMemoryMb: free, inFlight }),
        );
        for (const memoryMb of memories) pickDestination(among, { memoryMb, failedAt: [] }, 8);
        expect(among.every(({ freeMemoryMb, inFlight }) => freeMemoryMb >= 0 && inFlight <= 8)).toBe(true);
      }),
    );
  });
});

describe('the destinations that are recorded with a choice', () => {
  it('are the one that would be picked and the next best, of those that would do', () => {
    const among = [
      aCandidate('compute-2', { inFlight: 2 }),
      aCandidate('compute-3', { inFlight: 1 }),
      aCandidate('compute-4', { inFlight: 3 }),
      aCandidate('compute-5', { freeMemoryMb: 2047 }),
      aCandidate('compute-6'),
    ];
    const instance = { ...anInstance, failedAt: ['compute-6'] };
    expect(contenders(among, instance, 10).map(({ host }) => host)).toEqual(['compute-3', 'compute-2']);
  });
});
