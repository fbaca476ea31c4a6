import { describe, expect, it } from 'vitest';
import type { GateName } from '#shared/domain/gates/gate.ts';
import { isOldFailure } from '#shared/domain/gates/old-failure.ts';
import { type GuardState, percentOf, withStorm, withTicket } from '#shared/domain/guards.ts';
import { HOST_KEY, NOW_MS, type SegmentInput, seconds, servicesOf, uuid } from '#test/support/builders.ts';
import { aGuard, aSuspect, because, closed, someReadings, ticketsOf } from '#test/support/readings.ts';

type Limits = SegmentInput['storm'];
const inSegment = (guard: Partial<GuardState>, storm: Limits = {}) =>
  someReadings({ segmentGuard: aGuard(guard) }, { storm });
const suspects = (...openedSecondsAgo: readonly number[]) =>
  openedSecondsAgo.map((ago, index) =>
    aSuspect(index + 2, { openedAtMs: NOW_MS - seconds(ago), claims: {}, segment: 'az1' }),
  );

describe('a storm', () => {
  const limits: Limits = { maxHosts: 3, maxPercent: 100, windowSeconds: 600 };

  it.each([
    ['the last of the allowed', 2, 599, []],
    ['one too many', 3, 599, ['segment-storm']],
    ['one too many, but for one that has left the window', 3, 600, []],
  ] as const)('%s', (_, count, ago, gates) => {
    const tickets = ticketsOf(count, NOW_MS - seconds(ago));
    expect(closed(inSegment({ tickets }, { ...limits, maxHostsPerDay: 99 }))).toEqual(gates);
  });

  it('counts hosts that were recovered and hosts under suspicion together, each once', () => {
    const openIncidents = suspects(10);
    const readings = (count: number) =>
      someReadings({ openIncidents, segmentGuard: aGuard({ tickets: ticketsOf(count) }) }, { storm: limits });
    expect(because(readings(2), 'segment-storm')).toMatch(/^it would be host 3 of at most 3/);
    expect(closed(readings(3))).toEqual(['segment-storm']);
  });

  it.each([
    ['in maintenance', 'in repair', []],
    ['that has disabled itself', 'AUTO: Connection to libvirt lost: 1', ['segment-storm', 'global-storm']],
  ])('counts a host under suspicion %s as the operator would', (_, disabledReason, gates) => {
    const repaired = ['compute-2', 'compute-3', 'compute-4'];
    const services = servicesOf(9).map((service) =>
      repaired.includes(service.host) ? { ...service, status: 'disabled' as const, disabledReason } : service,
    );
    const live = { ...someReadings().live, segmentServices: services, allServices: services };
    expect(closed(someReadings({ live, openIncidents: suspects(10, 10, 10) }, { storm: limits }))).toEqual(gates);
  });

  it.each([
    ['recovered', true, 'and is forced down since', []],
    ['partly-recovered', true, 'and is forced down since', []],
    ['recovered', false, 'and was given back', ['segment-storm', 'global-storm']],
    ['stood-down', true, 'and is forced down by somebody else', ['segment-storm', 'global-storm']],
  ] as const)('takes a host whose last incident was %s, forced down %s, %s', (outcome, forcedDown, _, gates) => {
    const lastIncident = { id: uuid(1, 9), endedAtMs: NOW_MS - seconds(900), outcome };
    const dead = ['compute-2', 'compute-3', 'compute-4'];
    const services = servicesOf(9).map((service) =>
      dead.includes(service.host) ? { ...service, state: 'down' as const, forcedDown } : service,
    );
    const live = { ...someReadings().live, segmentServices: services, allServices: services };
    const openIncidents = suspects(10, 10, 10).map((suspect) => ({ ...suspect, lastIncident }));
    expect(closed(someReadings({ live, openIncidents }, { storm: limits }))).toEqual(gates);
  });

  it('has no old failure of a host that Nova no longer knows', () => {
    const lastIncident = { id: uuid(1, 9), endedAtMs: NOW_MS, outcome: 'recovered' } as const;
    expect(isOldFailure({ lastIncident }, undefined)).toBe(false);
  });

  it('is not made by the host itself, whose incident was confirmed before', () => {
    const own = { hostKey: HOST_KEY, incidentId: uuid(1, 1), atMs: NOW_MS - 1 };
    expect(closed(inSegment({ tickets: [...ticketsOf(2), own] }))).toEqual([]);
  });

  it('is not made by one other host that has failed again and again', () => {
    const tickets = ticketsOf(4).map((ticket) => ({ ...ticket, hostKey: 'other' }));
    expect(because(inSegment({ tickets: tickets.slice(0, 1) }), 'segment-storm')).toMatch(/^it would be host 2 of/);
    const once = tickets.reduce(withTicket, aGuard());
    expect(once.tickets).toEqual([tickets[3]]);
  });

  it('is counted in per cent of the segment as well', () => {
    const storm = { maxHosts: 10, maxPercent: 20 };
    expect(closed(inSegment({ tickets: ticketsOf(1) }, storm))).toEqual([]);
    expect(closed(inSegment({ tickets: ticketsOf(2) }, storm))).toEqual(['segment-storm']);
  });

  it('is never one host alone, however small the segment', () => {
    expect(closed(inSegment({}, { maxPercent: 1 }))).toEqual([]);
    expect(percentOf(1, 0)).toBe(100);
  });

  it('of a whole day is counted too', () => {
    const of = (count: number, ago: number) =>
      closed(inSegment({ tickets: ticketsOf(count, NOW_MS - seconds(ago)) }, { ...limits, maxHostsPerDay: 5 }));
    expect(of(4, 86_399)).toEqual([]);
    expect(of(5, 86_399)).toEqual(['segment-storm']);
    expect(of(5, 86_400)).toEqual([]);
  });

  it('has a limit of a day and of a minute that follow the limit of the window, unless they are given', () => {
    const storm = (limit: Limits) => someReadings({}, { storm: limit }).segment.storm;
    expect(storm({ maxHosts: 7 })).toMatchObject({ maxHostsPerDay: 14, maxHostsPerMinute: 7 });
    expect(storm({ maxHosts: 7, maxHostsPerDay: 8, maxHostsPerMinute: 2 })).toMatchObject({
      maxHostsPerDay: 8,
      maxHostsPerMinute: 2,
    });
  });
});

describe('the rate', () => {
  const storm: Limits = { maxHosts: 50, maxPercent: 100, maxHostsPerMinute: 2 };

  it.each([
    ['the last of the allowed', 1, 59, []],
    ['one too many', 2, 59, ['segment-rate']],
    ['a minute later', 2, 60, []],
  ] as const)('%s', (_, count, ago, gates) => {
    expect(closed(inSegment({ tickets: ticketsOf(count, NOW_MS - seconds(ago)) }, storm))).toEqual(gates);
  });

  it('counts hosts that are being fenced, not those that wait', () => {
    const whole = { global: { storm } };
    const openIncidents = suspects(10, 10, 10);
    const globalGuard = aGuard({ tickets: ticketsOf(1, NOW_MS - seconds(5)) });
    const waiting = someReadings({ openIncidents }, { storm }, whole);
    const fencing = someReadings({ openIncidents, globalGuard }, { storm }, whole);
    expect(because(waiting, 'global-rate')).toBe('it would be host 1 of at most 2 in 60 s');
    expect(because(fencing, 'global-rate')).toBe('it would be host 2 of at most 2 in 60 s');
  });
});

describe('the cool-down after a storm', () => {
  const storm: Limits = { maxHosts: 50, maxPercent: 100, coolDownSeconds: 300 };
  const stormEnded = (lastSuspicionSecondsAgo: number, ...openedSecondsAgo: readonly number[]) => {
    const lastSuspicionAtMs = NOW_MS - seconds(lastSuspicionSecondsAgo);
    const guard = aGuard({ storm: { sinceMs: lastSuspicionAtMs - seconds(60), lastSuspicionAtMs } });
    return someReadings({ segmentGuard: guard, openIncidents: suspects(...openedSecondsAgo) }, { storm });
  };
  const held: readonly GateName[] = ['segment-cool-down'];

  it.each<[why: string, readings: ReturnType<typeof stormEnded>, gates: readonly GateName[]]>([
    ['goes on', stormEnded(299), held],
    ['is over', stormEnded(300), []],
    ['begins anew with a suspicion in it', stormEnded(500, 299), held],
    ['begins anew with each of several', stormEnded(800, 550, 299), held],
    ['is over although there were several', stormEnded(800, 550, 300), []],
    ['is over before a suspicion that came later', stormEnded(700, 399), []],
    ['is over, whatever was suspected after its end', stormEnded(700, 299), []],
    ['is over with a suspicion at its very end', stormEnded(599, 299), []],
    ['takes no notice of what was suspected before', stormEnded(100, 900), held],
  ])('%s', (_, readings, gates) => {
    expect(closed(readings)).toEqual(gates);
  });

  it('can be switched off', () => {
    const read = stormEnded(0);
    const segment = { ...read.segment, storm: { ...read.segment.storm, coolDownSeconds: 0 } };
    expect(closed({ ...read, segment })).toEqual([]);
  });

  it('says how long it has been quiet', () => {
    expect(because(stormEnded(299), 'segment-cool-down')).toBe(
      'a storm limit was hit; since then no new suspicion for 299 of 300 s',
    );
  });
});

describe('the guard', () => {
  const ticket = { hostKey: HOST_KEY, incidentId: uuid(1, 1), atMs: NOW_MS };
  const stops = [{ reason: 'a device lied', incidentId: uuid(1, 5), atMs: NOW_MS }];
  const storm = { sinceMs: NOW_MS - seconds(100), lastSuspicionAtMs: NOW_MS - seconds(50) };

  it('holds a ticket of each host for a day, and what else it holds', () => {
    const old = { ...ticket, hostKey: 'old', atMs: NOW_MS - seconds(86_400) };
    const guard = aGuard({ tickets: [old, ...ticketsOf(1)], stops, storm });
    const once = withTicket(guard, ticket);
    expect(once).toEqual(aGuard({ tickets: [...ticketsOf(1), ticket], stops, storm }));
    expect(withTicket(once, ticket)).toEqual(once);
  });

  it('is not written again while nothing new is suspected', () => {
    const guard = aGuard({ storm });
    expect(withStorm(guard, storm.lastSuspicionAtMs, 300, NOW_MS)).toBe(guard);
    expect(withStorm(guard, storm.lastSuspicionAtMs, 10, NOW_MS)).toBe(guard);
  });

  it('tells a storm that goes on from a new one', () => {
    const next = storm.lastSuspicionAtMs + seconds(20);
    const sinceMs = (coolDownSeconds: number) => withStorm(aGuard({ storm }), next, coolDownSeconds, NOW_MS).storm;
    expect(sinceMs(21)).toEqual({ sinceMs: storm.sinceMs, lastSuspicionAtMs: next });
    expect(sinceMs(20)).toEqual({ sinceMs: NOW_MS, lastSuspicionAtMs: next });
    expect(withStorm(aGuard(), next, 300, NOW_MS).storm).toEqual({ sinceMs: NOW_MS, lastSuspicionAtMs: next });
  });
});
