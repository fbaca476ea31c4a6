import { describe, expect, it } from 'vitest';
import type { GateName } from '#shared/domain/gates/gate.ts';
import { decidesByAggregates, domainsOf } from '#shared/domain/segments.ts';
import { anAggregate, aPolicy, NOW_MS, type PolicyInput, type SegmentInput, seconds } from '#test/support/builders.ts';
import { aGuard, aSuspect, because, closed, someReadings, ticketsOf } from '#test/support/readings.ts';

const storm = { maxHosts: 99, maxPercent: 100 };

/** Racks of two: compute-1 and -2 are in rack-1, -3 and -4 in rack-2, and so on; compute-9 and -10 are in none. */
function rack(host: string): readonly string[] {
  const number = Math.ceil(Number(host.replace(/\D/g, '')) / 2);
  return number > 4 ? [] : [`rack-${number}`];
}

function readings(
  failed: readonly number[],
  failureDomains: PolicyInput['failureDomains'],
  domains: (host: string) => readonly string[] = rack,
) {
  const openIncidents = failed.map((number) => aSuspect(number, { claims: {} }));
  const read = someReadings({ openIncidents }, { storm }, { failureDomains, global: { storm } });
  return { ...read, live: { ...read.live, domainsOf: domains } };
}

describe('hosts of one failure domain', () => {
  const all = () => ['rack-1'];
  it.each<[failed: readonly number[], limit: number, gates: readonly GateName[]]>([
    [[2], 2, []],
    [[2, 3], 2, ['failure-domain']],
    [[2, 3], 3, []],
    [[], 1, []],
  ])('%j failed beside it, of at most %d', (failed, maxHostsPerDomain, gates) => {
    expect(closed(readings(failed, { maxHostsPerDomain }, all))).toEqual(gates);
  });

  it('are counted over all segments, and after their recovery too', () => {
    const read = readings([2], { maxHostsPerDomain: 2, windowSeconds: 600 }, all);
    const at = (ago: number) =>
      closed({ ...read, globalGuard: aGuard({ tickets: ticketsOf(2, NOW_MS - seconds(ago)) }) });
    expect(at(599)).toEqual(['failure-domain']);
    expect(at(600)).toEqual([]);
    const elsewhere = { ...read, openIncidents: [2, 3].map((each) => aSuspect(each, { segment: 'az2', claims: {} })) };
    expect(closed(elsewhere)).toEqual(['failure-domain']);
  });

  it('are those of a rack that fails as a whole, if the policy says so', () => {
    expect(closed(readings([2, 3, 4, 5], { maxHostsPerDomain: 40, maxDomains: 1 }, all))).toEqual([]);
    expect(closed(readings([2, 3], { maxHostsPerDomain: 40, maxDomains: 1 }))).toEqual(['failure-domain']);
  });
});

describe('failure domains that have failed hosts', () => {
  it.each<[failed: readonly number[], limit: number, gates: readonly GateName[]]>([
    [[2], 1, []],
    [[3], 1, ['failure-domain']],
    [[3, 5], 3, []],
    [[3, 5, 7], 3, ['failure-domain']],
    [[3, 4, 5], 3, []],
    [[9, 10], 1, []],
  ])('%j failed beside it, in at most %d domains', (failed, maxDomains, gates) => {
    expect(closed(readings(failed, { maxDomains }))).toEqual(gates);
  });

  it('count as long as their newest host is in the window', () => {
    const read = readings([], { maxDomains: 1, windowSeconds: 600 });
    const at = (ago: number) =>
      closed({ ...read, globalGuard: aGuard({ tickets: ticketsOf(4, NOW_MS - seconds(ago)) }) });
    expect(at(599)).toEqual(['failure-domain']);
    expect(at(600)).toEqual([]);
  });

  it('are told with every number', () => {
    expect(because(readings([2, 3], {}), 'failure-domain')).toBe(
      'it would be host 2 of at most 2 in rack-1, in 2 of at most 3 failure domains, in 3600 s',
    );
  });

  it('hold nobody who is in none', () => {
    const read = readings([2, 3, 5, 7], { maxDomains: 1, maxHostsPerDomain: 1 }, (host) =>
      host === 'compute-1' ? [] : rack(host),
    );
    expect(closed(read)).toEqual([]);
  });
});

describe('the failure domains of a host', () => {
  const aggregates = [
    { ...anAggregate('a', 'compute-1', 'compute-2'), metadata: { rack: 'r1', undefined: 'a key that nobody named' } },
    { ...anAggregate('b', 'compute-1'), metadata: { ssd: 'true' } },
    { ...anAggregate('c', 'compute-1'), metadata: { rack: 'r2' } },
  ];
  it('are named by the metadata of its aggregates, by the policy, or by both', () => {
    const of = (failureDomains: PolicyInput['failureDomains'], host = 'compute-1') =>
      domainsOf(aPolicy({ failureDomains }), host, aggregates);
    expect(of({})).toEqual([]);
    expect(of({ aggregateMetadataKey: 'rack' }, 'compute-2')).toEqual(['r1']);
    expect(of({ aggregateMetadataKey: 'rack' })).toEqual(['r1', 'r2']);
    expect(of({ hosts: { r9: ['compute-1'], r8: ['compute-2'] } })).toEqual(['r9']);
    expect(of({ hosts: { r1: ['compute-1'] }, aggregateMetadataKey: 'rack' })).toEqual(['r1', 'r2']);
    expect(of({ aggregateMetadataKey: 'rack' }, 'compute-3')).toEqual([]);
    expect(of({ hosts: { r9: ['compute-1'], r3: ['compute-1'] } })).toEqual(['r3', 'r9']);
  });

  it('need the aggregates of Nova if their key is named, as a segment by aggregate does', () => {
    const needs = (failureDomains: PolicyInput['failureDomains'], hosts: SegmentInput['hosts']) =>
      decidesByAggregates(aPolicy({ failureDomains }, { hosts }));
    expect(needs({}, { availabilityZone: 'nova' })).toBe(false);
    expect(needs({ aggregateMetadataKey: 'rack' }, { availabilityZone: 'nova' })).toBe(true);
    expect(needs({}, { aggregate: 'ssd' })).toBe(true);
  });
});
