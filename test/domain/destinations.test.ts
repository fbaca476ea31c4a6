import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asleep } from '#shared/domain/asleep.ts';
import {
  type Candidate,
  candidates,
  claimed,
  contenders,
  type HostsSeen,
  pickDestination,
  placesFor,
  taken,
  type Wanting,
} from '#shared/domain/destinations.ts';
import { placedGroup } from '#shared/domain/placed-groups.ts';
import { aHypervisor, anAggregate, aSegment, aService, type SegmentInput } from '#test/support/builders.ts';

const aCandidate = (host: string, overrides: Partial<Candidate> = {}): Candidate => ({
  host,
  inFlight: 0,
  freeMemoryMb: 64_000,
  ...overrides,
});
const anInstance: Wanting = { memoryMb: 2048, notAt: [] };
const destinationsOf = (destinations: SegmentInput['destinations'] = {}) => aSegment({ destinations }).destinations;
const seen = (services: readonly ReturnType<typeof aService>[], over: Partial<HostsSeen> = {}): HostsSeen => ({
  services,
  hypervisors: [aHypervisor('compute-2', 5000)],
  aggregates: [],
  failed: { host: 'compute-1', zone: 'nova' },
  suspects: new Set(['compute-9']),
  inFlightTo: { 'compute-2': 3 },
  isInSegment: () => true,
  ...over,
});
const namesOf = (all: readonly Candidate[]) => all.map(({ host }) => host);

describe('candidates', () => {
  const of = (services: readonly ReturnType<typeof aService>[], over: Partial<HostsSeen> = {}) =>
    candidates(seen(services, over), destinationsOf());

  it('have what Nova says of their memory, and what is in flight to them', () => {
    expect(of([aService({ host: 'compute-2' })])).toEqual([{ host: 'compute-2', inFlight: 3, freeMemoryMb: 5000 }]);
  });

  it('are taken to have room when Nova does not say', () => {
    expect(of([aService({ host: 'compute-3' })])).toEqual([
      { host: 'compute-3', inFlight: 0, freeMemoryMb: Number.POSITIVE_INFINITY },
    ]);
  });

  it('have as much room as the allocation ratios give them', () => {
    const ratios = destinationsOf({ ramAllocationRatio: 1.5, cpuAllocationRatio: 4 });
    const hypervisors = [{ ...aHypervisor('compute-2', 5000), vcpusUsed: 60 }];
    expect(candidates(seen([aService({ host: 'compute-2' })], { hypervisors }), ratios)).toEqual([
      { host: 'compute-2', inFlight: 3, freeMemoryMb: 6000 * 1.5 - 1000, freeVcpus: 64 * 4 - 60 },
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
    expect(of([service])).toEqual([]);
  });

  const three = [2, 3, 4].map((number) => aService({ host: `compute-${number}` }));

  it('are kept within the segment where the policy asks for it', () => {
    const isInSegment = ({ host }: { readonly host: string }) => host === 'compute-3';
    expect(namesOf(candidates(seen(three, { isInSegment }), destinationsOf()))).toHaveLength(3);
    expect(namesOf(candidates(seen(three, { isInSegment }), destinationsOf({ within: 'segment' })))).toEqual([
      'compute-3',
    ]);
  });

  const storage = (value: string, ...hosts: readonly string[]) => ({
    ...anAggregate(value, ...hosts),
    metadata: { storage: value, rack: hosts.join() },
  });

  it('have the storage of the failed host', () => {
    const aggregates = [storage('ceph-a', 'compute-1', 'compute-3'), storage('ceph-b', 'compute-2')];
    const destinations = destinationsOf({ storageAggregateKey: 'storage' });
    expect(namesOf(candidates(seen(three, { aggregates }), destinations))).toEqual(['compute-3']);
    const untold = { aggregates, failed: { host: 'compute-7', zone: 'nova' } };
    expect(namesOf(candidates(seen(three, untold), destinations))).toEqual(['compute-4']);
  });

  it('have all of its storages, in whatever order they are told', () => {
    const aggregates = [
      storage('ceph-a', 'compute-1', 'compute-2', 'compute-3'),
      storage('ceph-b', 'compute-3', 'compute-1'),
      storage('ceph-a', 'compute-3'),
    ];
    const destinations = destinationsOf({ storageAggregateKey: 'storage' });
    expect(namesOf(candidates(seen(three, { aggregates }), destinations))).toEqual(['compute-3']);
  });
});

describe('reserved hosts', () => {
  const reserved = { names: ['compute-3'] };
  const kept = aService({ host: 'compute-3', status: 'disabled', disabledReason: 'salvor: reserved' });

  it('are asleep while they are disabled for that reason', () => {
    const destinations = destinationsOf({ reservedHosts: reserved });
    expect(asleep(seen([kept]), destinations)).toEqual([
      {
        ...{ host: 'compute-3', inFlight: 0, freeMemoryMb: Number.POSITIVE_INFINITY, reserved: true },
        ...{ serviceId: kept.id, reason: 'salvor: reserved' },
      },
    ]);
    expect(candidates(seen([kept]), destinations)).toEqual([]);
  });

  it.each([
    ['another reason', { disabledReason: 'disk replaced' }],
    ['no reason', { disabledReason: null }],
    ['its being down', { state: 'down' as const }],
    ['its being forced down', { forcedDown: true }],
    ['another zone', { zone: 'other' }],
    ['its being awake', { status: 'enabled' as const }],
  ])('are not there with %s', (_, over) => {
    expect(asleep(seen([{ ...kept, ...over }]), destinationsOf({ reservedHosts: reserved }))).toEqual([]);
  });

  describe('that join the aggregates of the failed host', () => {
    const joining = destinationsOf({ reservedHosts: reserved, joinAggregates: true, storageAggregateKey: 'storage' });
    const of = (name: string, over: Partial<ReturnType<typeof anAggregate>>, ...hosts: string[]) => ({
      ...anAggregate(name, ...hosts),
      id: name.length,
      ...over,
    });
    const ceph = of('ceph', { metadata: { storage: 'ceph' } }, 'compute-1');
    const own = of('all', {}, 'compute-1', 'compute-3');
    const zone = of('zone-a', { availabilityZone: 'zone-a' }, 'compute-1');
    const failed = { host: 'compute-1', zone: 'zone-a' };

    it('are told those that they are not in yet, and taken as they will be then', () => {
      const aggregates = [ceph, own, zone];
      expect(asleep(seen([kept], { aggregates, failed }), joining)).toMatchObject([
        {
          host: 'compute-3',
          missing: [
            { id: 4, name: 'ceph' },
            { id: 6, name: 'zone-a' },
          ],
        },
      ]);
      const leaving = { ...joining, joinAggregates: false };
      expect(asleep(seen([{ ...kept, zone: 'zone-a' }], { aggregates, failed }), leaving)).toEqual([]);
    });

    it('miss none once they are in all', () => {
      const aggregates = [ceph, zone].map((each) => ({ ...each, hosts: ['compute-1', 'compute-3'] }));
      const [spare] = asleep(seen([{ ...kept, zone: 'zone-a' }], { aggregates, failed }), joining);
      expect(spare).not.toHaveProperty('missing');
    });

    it('are in no zone but their own, which Nova would not let them leave', () => {
      const other = of('zone-bb', { availabilityZone: 'zone-b' }, 'compute-3');
      const services = [{ ...kept, zone: 'zone-b' }];
      expect(asleep(seen(services, { aggregates: [ceph, zone, other], failed }), joining)).toEqual([]);
    });
  });

  it('are none unless the policy names them', () => {
    expect(asleep(seen([kept]), destinationsOf())).toEqual([]);
    expect(asleep(seen([kept]), destinationsOf({ reservedHosts: { names: ['compute-4'] } }))).toEqual([]);
  });

  it('are told by an aggregate, and by another word of the reason', () => {
    const destinations = destinationsOf({ reservedHosts: { aggregate: 'spare' }, reservedReason: 'disk' });
    const aggregates = [anAggregate('spare', 'compute-3'), anAggregate('ssd', 'compute-4')];
    const services = ['compute-3', 'compute-4'].map((host) => ({ ...kept, host, disabledReason: 'disk' }));
    expect(namesOf(asleep(seen(services, { aggregates }), destinations))).toEqual(['compute-3']);
  });

  it('are candidates like others once they are awake, and are told', () => {
    const destinations = destinationsOf({ reservedHosts: reserved });
    expect(candidates(seen([{ ...kept, status: 'enabled' }]), destinations)).toMatchObject([{ reserved: true }]);
  });
});

/** One after the other, each beside those before it. */
function placed(among: readonly Candidate[], memories: readonly number[], share: number) {
  let left = among;
  const picks = memories.map((memoryMb) => {
    const wanting: Wanting = { memoryMb, notAt: [] };
    const picked = pickDestination(left, wanting, share);
    if (picked.pick === 'host') left = taken(left, picked.host, wanting);
    return picked;
  });
  return { among: left, picks };
}

describe('a destination', () => {
  it('is the least busy host that has room, of those the one with most memory, of those the first', () => {
    const memoryMb = fc.integer({ min: 1, max: 3 });
    const host = fc.record({ inFlight: fc.integer({ min: 0, max: 3 }), freeMemoryMb: memoryMb });
    fc.assert(
      fc.property(fc.array(host, { maxLength: 5 }), memoryMb, (hosts, needed) => {
        const among = hosts.map((each, index) => aCandidate(`h${index}`, each));
        const fit = among.filter((each) => each.freeMemoryMb >= needed && each.inFlight < 3);
        const [best] = fit.toSorted((a, b) => a.inFlight - b.inFlight || b.freeMemoryMb - a.freeMemoryMb);
        const picked = pickDestination(among, { memoryMb: needed, notAt: [] }, 3);
        expect(picked.pick === 'host' ? picked.host : undefined).toBe(best?.host);
      }),
    );
  });

  it('takes the instance into account at once', () => {
    const among = [aCandidate('a', { freeMemoryMb: 5000 }), aCandidate('b', { freeVcpus: 3 })];
    const after = taken(taken(among, 'a', anInstance), 'b', { ...anInstance, vcpus: 2 });
    expect(after).toEqual([
      { host: 'a', inFlight: 1, freeMemoryMb: 2952 },
      { host: 'b', inFlight: 1, freeMemoryMb: 61_952, freeVcpus: 1 },
    ]);
    expect(taken(after, 'b', anInstance)[1]).toMatchObject({ freeVcpus: 1 });
  });

  it('has less room while an instance is on its way to it that Nova has not counted yet', () => {
    const among = [aCandidate('a', { freeMemoryMb: 5000, freeVcpus: 3 }), aCandidate('b')];
    expect(claimed(among, 'a', { ...anInstance, vcpus: 2 })).toEqual([
      { host: 'a', inFlight: 0, freeMemoryMb: 2952, freeVcpus: 1 },
      aCandidate('b'),
    ]);
  });

  it('is none in which it failed', () => {
    const among = [aCandidate('a'), aCandidate('b', { inFlight: 5 })];
    expect(pickDestination(among, { ...anInstance, notAt: ['a'] }, 10)).toEqual({ pick: 'host', host: 'b' });
  });

  it('is waited for while every host that would do has its share', () => {
    const among = [aCandidate('a', { inFlight: 2 }), aCandidate('b', { freeMemoryMb: 100 })];
    expect(pickDestination(among, anInstance, 2)).toEqual({ pick: 'full' });
  });

  it('has vCPUs enough, where they are counted', () => {
    const among = [aCandidate('a', { freeVcpus: 3 }), aCandidate('b', { freeMemoryMb: 3000, freeVcpus: 4 })];
    expect(pickDestination(among, { ...anInstance, vcpus: 4 }, 10)).toEqual({ pick: 'host', host: 'b' });
  });

  const group = (policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity', ...on: string[]) =>
    placedGroup(
      { id: 'g', policy, maxPerHost: 1, members: on.map((_, index) => `m${index}`) },
      new Map(on.map((host, index) => [`m${index}`, host])),
    );
  const among = [aCandidate('a'), aCandidate('b', { inFlight: 1 }), aCandidate('c', { inFlight: 2 })];

  it.each([
    [group('anti-affinity', 'a'), 'b'],
    [group('anti-affinity'), 'a'],
    [group('affinity', 'c'), 'c'],
    [group('affinity'), 'a'],
    [group('soft-anti-affinity', 'a', 'a', 'b'), 'c'],
    [group('soft-anti-affinity', 'a', 'a', 'b', 'c'), 'b'],
    [group('soft-affinity', 'b', 'c', 'c'), 'c'],
    [group('soft-affinity', 'z'), 'a'],
  ])('suits its server group: %j', (wanted, host) => {
    expect(pickDestination(among, { ...anInstance, group: wanted }, 10)).toEqual({ pick: 'host', host });
  });

  it.each<[because: string, among: readonly Candidate[], wanting: Wanting]>([
    ['no other host is healthy', [], anInstance],
    ['no host has room for 2048 MB', [aCandidate('a', { freeMemoryMb: 2047 })], anInstance],
    ['no host has room for 2048 MB and 8 vCPUs', [aCandidate('a', { freeVcpus: 7 })], { ...anInstance, vcpus: 8 }],
    [
      'it failed at each host that has room, or Nova refused it: b',
      [aCandidate('b'), aCandidate('c', { freeMemoryMb: 1 })],
      { ...anInstance, notAt: ['b'] },
    ],
    [
      'its server group allows 1 on a host, and that many are on a, b, c',
      among,
      { ...anInstance, group: group('anti-affinity', 'c', 'b', 'a') },
    ],
    ['its server group must stay together on z', among, { ...anInstance, group: group('affinity', 'z') }],
    [
      'no host that its server group allows has room for 2048 MB',
      [aCandidate('a'), aCandidate('b', { freeMemoryMb: 1 })],
      { ...anInstance, group: group('anti-affinity', 'a') },
    ],
    [
      'it failed at each host that its server group allows that has room, or Nova refused it: b',
      among.slice(0, 2),
      { ...anInstance, notAt: ['b'], group: group('anti-affinity', 'a') },
    ],
  ])('is none, and why: %s', (because, hosts, wanting) => {
    expect(pickDestination(hosts, wanting, 10)).toEqual({ pick: 'none', because });
    expect(pickDestination(contenders(hosts, wanting, 10), wanting, 10)).toEqual({ pick: 'none', because });
  });

  it('spreads a burst evenly over equal hosts, and never beyond the share of one', () => {
    const burst = fc.record({ hosts: fc.integer({ min: 1, max: 20 }), instances: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(burst, fc.integer({ min: 1, max: 30 }), ({ hosts, instances }, share) => {
        const empty = Array.from({ length: hosts }, (_, index) => aCandidate(`h${index}`, { freeMemoryMb: 1e9 }));
        const { among: after, picks } = placed(
          empty,
          Array.from({ length: instances }, () => 2048),
          share,
        );
        const loads = after.map((each) => each.inFlight);
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
        const { among: after } = placed(among, memories, 8);
        expect(after.every(({ freeMemoryMb, inFlight }) => freeMemoryMb >= 0 && inFlight <= 8)).toBe(true);
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
    const instance = { ...anInstance, notAt: ['compute-6'] };
    expect(contenders(among, instance, 10).map(({ host }) => host)).toEqual(['compute-3', 'compute-2']);
  });
});

describe('places for instances of a size', () => {
  it.each<[string, readonly Candidate[], Partial<Wanting>, number]>([
    [
      'whole ones, over all hosts',
      [aCandidate('a', { freeMemoryMb: 5000 }), aCandidate('b', { freeMemoryMb: 2048 })],
      {},
      3,
    ],
    ['none where it is too large', [aCandidate('a', { freeMemoryMb: 2047 })], {}, 0],
    ['no more than there are vCPUs for', [aCandidate('a', { freeVcpus: 5 })], { vcpus: 2 }, 2],
    ['none where it failed', [aCandidate('a'), aCandidate('b', { freeMemoryMb: 2048 })], { notAt: ['a'] }, 1],
    ['many, where nobody knows', [aCandidate('a', { freeMemoryMb: Number.POSITIVE_INFINITY })], {}, 1000],
    ['many, where it takes nothing', [aCandidate('a')], { memoryMb: 0 }, 1000],
  ])('are %s', (_, among, over, expected) => {
    expect(placesFor(among, { ...anInstance, ...over })).toBe(expected);
  });
});
