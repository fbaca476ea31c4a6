import { describe, expect, it } from 'vitest';
import { askGates, askHostGates } from '#shared/domain/gates/ask.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/evidence.ts';
import type { GateName, GateResult } from '#shared/domain/gates/gate.ts';
import { NO_GUARD, percentOf, type Ticket, ticketsInWindow, withTicket } from '#shared/domain/guards.ts';
import type { HostState } from '#shared/domain/host.ts';
import {
  aClaim,
  aHost,
  aPolicy,
  aService,
  HOST_KEY,
  NOW_MS,
  type SegmentInput,
  seconds,
  servicesOf,
  uuid,
} from '#test/support/builders.ts';
import { someReadings } from '#test/support/readings.ts';

const ask = (readings: Readings): readonly GateResult[] => askGates(gatherEvidence(readings), readings);
const closed = (input: Readings): readonly GateName[] => ask(input).flatMap((gate) => (gate.open ? [] : [gate.gate]));
const because = (input: Readings, name: GateName): string =>
  ask(input).find((gate) => gate.gate === name)?.because ?? 'not asked';

const tickets = (count: number, atMs = NOW_MS - seconds(60)): readonly Ticket[] =>
  Array.from({ length: count }, (_, index) => ({ hostKey: `other-${index}`, incidentId: uuid(1, 100 + index), atMs }));
const withTickets = (all: readonly Ticket[]) => ({ tickets: all, stopped: null });
const withService = (service: Partial<ReturnType<typeof aService>>): Readings => {
  const input = someReadings();
  return { ...input, live: { ...input.live, service: aService({ state: 'down', ...service }) } };
};
const live = (of: Partial<Readings['live']>): Readings => {
  const input = someReadings();
  return { ...input, live: { ...input.live, ...of } };
};
const claims = (of: HostState['claims'], segment: Partial<SegmentInput> = {}): Readings =>
  someReadings({ host: aHost({ claims: of }) }, segment);

it('lets a dead, protected host pass, and records what each gate was answered with', () => {
  expect(closed(someReadings())).toEqual([]);
  expect(ask(someReadings()).map(({ gate, because: words }) => `${gate}: ${words}`)).toEqual([
    "protected: segments that hold it now: az1; the incident's: az1",
    'in-service: its service is enabled',
    'segment-not-stopped: nothing has stopped the segment',
    'fence-device: redfish at https://bmc.test/redfish/v1/Systems/compute-1',
    'nova-sees-it-down: Nova sees the service down; asked for: down',
    'reporters: 1 of 1 needed say down: /monitor/a',
    'segment-storm: it would be host 1 of at most 3, 10 % of 10 hosts (at most 34 %), in 3600 s',
    'global-storm: it would be host 1 of at most 5, 10 % of 10 hosts (at most 34 %), in 3600 s',
    'healthy-hosts: 9 other healthy hosts in the segment; at least 1 are asked for',
  ]);
});

describe('each gate is closed by itself', () => {
  const stopped = { ...NO_GUARD, stopped: { reason: 'a device lied', incidentId: uuid(1, 5), atMs: NOW_MS } };
  const onlyTwo = {
    fenceDevices: { 'compute-2': { driver: 'redfish', url: 'https://b2/', credentials: 'bmc' } },
  } as const;
  const few = [
    aService({ state: 'down' }),
    ...servicesOf(9)
      .slice(1)
      .map((each) => ({ ...each, state: 'down' as const })),
  ];
  const suspects = (segment: string) => Array.from({ length: 3 }, (_, index) => ({ hostKey: `key-${index}`, segment }));

  it.each<[why: string, input: Readings, gates: readonly GateName[]]>([
    ['no segment holds it now', live({ segments: [] }), ['protected']],
    ['two segments hold it now', live({ segments: ['az1', 'az2'] }), ['protected']],
    ['another segment holds it now', live({ segments: ['az2'] }), ['protected']],
    ['it is in maintenance', withService({ status: 'disabled', disabledReason: 'new memory' }), ['in-service']],
    ['it is in maintenance and forced down', withService({ status: 'disabled', forcedDown: true }), ['in-service']],
    ['Nova has another service of its name', withService({ id: uuid(2, 77) }), ['in-service']],
    ['its segment is stopped', someReadings({ segmentGuard: stopped }), ['segment-not-stopped']],
    ['it has no fence device', someReadings({ policy: aPolicy(onlyTwo) }), ['fence-device']],
    ['its claim has expired', claims({ '/monitor/a': aClaim('down', NOW_MS - seconds(900)) }), ['reporters']],
    ['too few agree', claims({ a: aClaim('down'), b: aClaim('up', 1) }, { reporters: { required: 2 } }), ['reporters']],
    ['Nova sees it up', withService({ state: 'up' }), ['nova-sees-it-down']],
    ['three of its segment were fenced', someReadings({ segmentGuard: withTickets(tickets(3)) }), ['segment-storm']],
    ['five of the cloud were fenced', someReadings({ globalGuard: withTickets(tickets(5)) }), ['global-storm']],
    ['too few others are healthy', live({ segmentServices: few }), ['healthy-hosts']],
    [
      'three others are under suspicion too',
      someReadings({ openIncidents: suspects('az1') }),
      ['segment-storm', 'global-storm'],
    ],
    ['they are in another segment', someReadings({ openIncidents: suspects('az2') }), ['global-storm']],
  ])('%s', (_, input, gates) => {
    expect(closed(input)).toEqual(gates);
  });

  it('Nova knows no such service: nothing about it is known', () => {
    expect(closed(live({ service: undefined, segments: [] }))).toEqual([
      'protected',
      'in-service',
      'nova-sees-it-down',
    ]);
  });
});

describe('the gates that are asked again before each power-off', () => {
  it('are those about the host itself', () => {
    const names = askHostGates(gatherEvidence(someReadings()), someReadings()).map((gate) => gate.gate);
    expect(names).toEqual(['protected', 'in-service', 'segment-not-stopped', 'fence-device', 'nova-sees-it-down']);
  });
});

describe('corroboration by Nova', () => {
  it('is given by forced down as well', () => {
    expect(closed(withService({ state: 'up', forcedDown: true }))).toEqual([]);
  });
  it('is not asked for where the policy does not', () => {
    const input = someReadings({}, { requireNovaDown: false });
    expect(closed({ ...input, live: { ...input.live, service: aService() } })).toEqual([]);
  });
});

describe('reporters', () => {
  it('count only with a word that is newer than the newest up', () => {
    const input = claims({ a: aClaim('down', NOW_MS - 2), b: aClaim('up', NOW_MS - 1), c: aClaim('down', NOW_MS) });
    expect(because(input, 'reporters')).toBe('1 of 1 needed say down: c');
  });
});

describe('a storm', () => {
  it('is over when its tickets have left the window', () => {
    const segmentGuard = withTickets(tickets(3, NOW_MS - seconds(3600)));
    expect(closed(someReadings({ segmentGuard }))).toEqual([]);
    expect(ticketsInWindow(segmentGuard, 3601, NOW_MS)).toHaveLength(3);
  });

  it('is not made by the host itself, whose incident was confirmed before', () => {
    const own = [{ hostKey: HOST_KEY, incidentId: uuid(1, 1), atMs: NOW_MS - 1 }];
    expect(closed(someReadings({ segmentGuard: withTickets([...tickets(2), ...own]) }))).toEqual([]);
  });

  it('is not made by one other host that has failed again and again', () => {
    const again = tickets(4).map((ticket) => ({ ...ticket, hostKey: 'other-0' }));
    const segmentGuard = withTickets(again);
    expect(because(someReadings({ segmentGuard }), 'segment-storm')).toMatch(/^it would be host 2 of at most 3, 20 %/);
  });

  it('is counted in per cent of the segment as well', () => {
    const storm = { maxHosts: 10, maxPercent: 20 };
    expect(closed(someReadings({ segmentGuard: withTickets(tickets(1)) }, { storm }))).toEqual([]);
    expect(closed(someReadings({ segmentGuard: withTickets(tickets(2)) }, { storm }))).toEqual(['segment-storm']);
  });

  it('is never one host alone, however small the segment', () => {
    const input = someReadings({}, { storm: { maxPercent: 1 } });
    expect(closed(input)).toEqual([]);
    expect(percentOf(1, 0)).toBe(100);
  });
});

describe('a ticket', () => {
  const ticket: Ticket = { hostKey: HOST_KEY, incidentId: uuid(1, 1), atMs: NOW_MS };

  it('is taken once per incident, and takes the place of those that left the window', () => {
    const old = tickets(2, NOW_MS - seconds(3600));
    const once = withTicket(withTickets([...old, ...tickets(1)]), ticket, 3600);
    expect(once.tickets).toEqual([...tickets(1), ticket]);
    expect(withTicket(once, ticket, 3600)).toEqual(once);
  });

  it('leaves a stop in place', () => {
    const stopped = { reason: 'a device lied', incidentId: uuid(1, 5), atMs: NOW_MS };
    expect(withTicket({ tickets: [], stopped }, ticket, 3600).stopped).toEqual(stopped);
  });
});
