import { describe, expect, it } from 'vitest';
import { domainFailures, failureDomainGate } from '#shared/domain/gates/domains.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/gather.ts';
import { cliffGate } from '#shared/domain/gates/witnesses.ts';
import type { Ticket } from '#shared/domain/guards.ts';
import { sourcesOf } from '#shared/domain/reporters.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  aPolicy,
  aService,
  HOST_KEY,
  NOW_MS,
  type PolicyInput,
  seconds,
  servicesOf,
  uuid,
} from '#test/support/builders.ts';
import { aSuspect, someReadings } from '#test/support/readings.ts';

const withLive = (live: Partial<Readings['live']>, of: Partial<Readings> = {}): Readings => {
  const readings = someReadings(of);
  return { ...readings, live: { ...readings.live, ...live } };
};

describe('what is gathered for the gates', () => {
  it('counts the host itself neither among the others that failed nor among those that are well', () => {
    const itself = { ...aSuspect(1), hostKey: HOST_KEY };
    const services = [aService(), ...servicesOf(3).slice(1)];
    const readings = withLive({ segmentServices: services }, { openIncidents: [itself, aSuspect(2)] });
    expect(gatherEvidence(readings).ofSegment).toMatchObject({
      openOthers: 1,
      upOthers: 3,
      healthyOthers: 2,
      suspectOthers: 1,
    });
  });

  it('counts a failed host that Nova no longer knows', () => {
    expect(gatherEvidence(someReadings({ openIncidents: [aSuspect(99)] })).ofAll.openOthers).toBe(1);
  });

  it('has the moments at which incidents opened, its own too', () => {
    const host = aHostIn('suspected', { openedAtMs: NOW_MS - seconds(50) });
    const openIncidents = [aSuspect(2, { openedAtMs: NOW_MS - seconds(40) })];
    const openedAt = (of: Partial<Readings>) => gatherEvidence(someReadings(of)).ofSegment.openedAtMs;
    expect(openedAt({ host, openIncidents })).toEqual([NOW_MS - seconds(40), NOW_MS - seconds(50)]);
    expect(openedAt({ host: aHost() })).toEqual([]);
  });

  it('keeps a reason for a maintenance short', () => {
    const service = aService({ status: 'disabled', disabledReason: 'x'.repeat(256) });
    expect(gatherEvidence(withLive({ service })).service?.disabledReason).toBe('x'.repeat(255));
  });

  it('has the sources that accuse the host in the order of their names', () => {
    const claims = { '/z': aClaim('down'), '/b/2': aClaim('down'), '/a': aClaim('down') };
    const reporterGroups = { c: ['/a'] };
    const { accusations } = gatherEvidence(someReadings({ host: aHost({ claims }) }, {}, { reporterGroups }));
    expect(accusations.map(({ source }) => source)).toEqual(['/b/2', '/z', 'c']);
  });

  it('finds a host that Nova no longer has in no failure domain', () => {
    const domainsOf = (host: string | undefined) => [`rack of ${host}`];
    const gone = withLive({ allServices: servicesOf(2).slice(1), domainsOf });
    expect(gatherEvidence(gone).domains.own).toEqual([]);
    expect(gatherEvidence(withLive({ domainsOf })).domains.own).toMatchObject([{ name: 'rack of compute-1' }]);
  });
});

describe('a source that was not counted when the evidence was gathered', () => {
  it('accuses this host only: the groups of another policy', () => {
    const readings = someReadings({ host: aHost({ claims: { '/monitor/a': aClaim('down') } }) });
    const policy = aPolicy({ reporterGroups: { others: ['/monitor/*'] } });
    expect(cliffGate(gatherEvidence(readings), { policy, segment: readings.segment })).toMatchObject({
      open: true,
      because: expect.stringContaining('others says down of 1 of 10 hosts'),
    });
  });

  it('is made of its reporters in the order of their names', () => {
    expect(sourcesOf(['x?2', 'x?1'], {})).toEqual([{ name: 'x', reporters: ['x?1', 'x?2'] }]);
  });
});

const key = (number: number) => `key-${number}`;
const aTicket = (number: number, atMs: number): Ticket => ({ hostKey: key(number), incidentId: uuid(1, 1), atMs });
/** Each host is in a domain of its own. */
const alone = (hostKey: string) => [`rack of ${hostKey}`];

describe('failed hosts by their failure domains', () => {
  it('are kept of the newest hundred other domains, those with an open incident first', () => {
    // Every third is older than the one before it, so that the order of the tickets is not that of their times.
    const at = (number: number) => NOW_MS + number * 10 - (number % 3) * 25;
    const tickets = Array.from({ length: 150 }, (_, number) => aTicket(number, at(number)));
    const open = new Set([key(7), key(3)]);
    const { own, others, leftOut } = domainFailures('none', open, tickets, alone);
    const times = Array.from({ length: 150 }, (_, number) => number).filter((number) => ![3, 7].includes(number));
    const newest = times
      .map(at)
      .sort((a, b) => b - a)
      .slice(0, 98);
    expect(own).toMatchObject([{ name: 'rack of none', openOthers: 0, confirmedAtMs: [] }]);
    expect(others.map(({ confirmedAtMs }) => confirmedAtMs)).toEqual([null, null, ...newest]);
    expect(leftOut).toBe(50);
  });

  it('are counted in eight domains of the host at most', () => {
    const many = () => Array.from({ length: 9 }, (_, index) => `domain-${index}`);
    const { own, others } = domainFailures('a', new Set(['b']), [], many);
    expect(own.map(({ openOthers }) => openOthers)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(others.map(({ name }) => name)).toEqual(['domain-8']);
  });
});

describe('the gate of the failure domains', () => {
  const ask = (
    open: readonly number[],
    failureDomains: PolicyInput['failureDomains'],
    domainsOf: (hostKey: string) => readonly string[],
  ) => {
    const domains = domainFailures(key(0), new Set(open.map(key)), [], domainsOf);
    const { segment } = someReadings();
    return failureDomainGate(
      { ...gatherEvidence(someReadings()), domains },
      { policy: aPolicy({ failureDomains }), segment },
    );
  };

  it('counts the domains that were left out', () => {
    const failed = Array.from({ length: 200 }, (_, index) => index + 1);
    expect(ask(failed, { maxDomains: 200 }, alone)).toMatchObject({
      open: false,
      because: expect.stringContaining('in 201 of at most 200 failure domains'),
    });
    expect(ask(failed, { maxDomains: 201 }, alone)).toMatchObject({ open: true });
    expect(ask(failed, { maxDomains: 1 }, alone)).toMatchObject({ open: false });
  });

  it('lets one host pass whose domains are more than may fail', () => {
    expect(ask([], { maxDomains: 1 }, () => ['rack', 'room', 'power'])).toMatchObject({ open: true });
  });

  it('is closed by one domain of several', () => {
    const domainsOf = (hostKey: string) => (hostKey === key(0) ? ['room', 'rack'] : ['rack']);
    expect(ask([1], { maxHostsPerDomain: 1 }, domainsOf)).toMatchObject({ open: false });
    expect(ask([1], { maxHostsPerDomain: 2 }, domainsOf)).toMatchObject({ open: true });
  });
});
