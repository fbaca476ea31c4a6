import { describe, expect, it } from 'vitest';
import { askHostGates } from '#shared/domain/gates/ask.ts';
import type { GateName } from '#shared/domain/gates/gate.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/gather.ts';
import { NO_GUARD, withStop } from '#shared/domain/guards.ts';
import type { HostState } from '#shared/domain/host.ts';
import {
  aClaim,
  aHost,
  aPolicy,
  aService,
  NOW_MS,
  type SegmentInput,
  seconds,
  servicesOf,
  uuid,
} from '#test/support/builders.ts';
import { aGuard, answers, aSuspect, because, closed, someReadings, ticketsOf } from '#test/support/readings.ts';

const withService = (service: Partial<ReturnType<typeof aService>>): Readings =>
  live({ service: aService({ state: 'down', ...service }) });
const live = (of: Partial<Readings['live']>, segment: Partial<SegmentInput> = {}): Readings => {
  const readings = someReadings({}, segment);
  return { ...readings, live: { ...readings.live, ...of } };
};
const claims = (of: HostState['claims'], segment: Partial<SegmentInput> = {}): Readings =>
  someReadings({ host: aHost({ claims: of }) }, segment);

it('lets a dead, protected host pass, and records what each gate was answered with', () => {
  expect(closed(someReadings())).toEqual([]);
  expect(answers(someReadings()).map(({ gate, because: words }) => `${gate}: ${words}`)).toEqual([
    "protected: segments that hold it now: az1; the incident's: az1",
    'in-service: its service is enabled',
    'segment-not-stopped: nothing has stopped the segment',
    'armed: nobody has switched salvor off',
    'fence-device: redfish at https://bmc.test/redfish/v1/Systems/compute-1',
    'settling: no pause is asked for after a start',
    'nova-sees-it-down: Nova sees the service down; asked for: down',
    'reporters: 1 of 1 needed say down: /monitor/a',
    'reporter-cliff: nobody is discounted (at most 20 %, or 3 hosts): /monitor/a says down of 1 of 10 hosts (10 %)',
    'segment-storm: it would be host 1 of at most 3, 10 % of 10 hosts (at most 34 %), in 3600 s, and host 1 of at most 6 in 24 h',
    'segment-rate: it would be host 1 of at most 3 in 60 s',
    'segment-cool-down: no storm limit was ever hit',
    'global-storm: it would be host 1 of at most 5, 10 % of 10 hosts (at most 34 %), in 3600 s, and host 1 of at most 10 in 24 h',
    'global-rate: it would be host 1 of at most 5 in 60 s',
    'global-cool-down: no storm limit was ever hit',
    'failure-domain: it is in no failure domain that Nova or the policy names',
    'healthy-hosts: 9 other healthy hosts in the segment; at least 1 are asked for',
    'observer: Nova sees 9 of 9 other hosts up (100 %, at least 50 %); 3 of 3 other devices answer (100 %, at least 50 %)',
    'dependencies: all 2 answer: keystone, nova',
  ]);
});

describe('each gate is closed by itself', () => {
  const stopped = withStop(NO_GUARD, { reason: 'a device lied', incidentId: uuid(1, 5), atMs: NOW_MS });
  const off = { by: 'ann', reason: 'network test', atMs: NOW_MS - 1, untilMs: NOW_MS + 1 };
  const disarmed = { ...NO_GUARD, disarmed: off };
  const armedAgain = { ...NO_GUARD, disarmed: { ...off, untilMs: NOW_MS } };
  const onlyTwo = {
    fenceDevices: { 'compute-2': { driver: 'redfish', url: 'https://b2/', credentials: 'bmc' } },
  } as const;
  const allDown = servicesOf(9).map((each) => ({ ...each, state: 'down' as const }));
  const suspects = (segment: string) => [2, 3, 4].map((number) => aSuspect(number, { segment, claims: {} }));

  it.each<[why: string, readings: Readings, gates: readonly GateName[]]>([
    ['no segment holds it now', live({ segments: [] }), ['protected']],
    ['two segments hold it now', live({ segments: ['az1', 'az2'] }), ['protected']],
    ['another segment holds it now', live({ segments: ['az2'] }), ['protected']],
    ['it is in maintenance', withService({ status: 'disabled', disabledReason: 'new memory' }), ['in-service']],
    ['it is in maintenance and forced down', withService({ status: 'disabled', forcedDown: true }), ['in-service']],
    ['Nova has another service of its name', withService({ id: uuid(2, 77) }), ['in-service']],
    ['its segment is stopped', someReadings({ segmentGuard: stopped }), ['segment-not-stopped']],
    ['its segment is disarmed', someReadings({ segmentGuard: disarmed }), ['armed']],
    ['salvor is disarmed', someReadings({ globalGuard: disarmed }), ['armed']],
    ['no longer disarmed', someReadings({ globalGuard: armedAgain, segmentGuard: armedAgain }), []],
    ['it has no fence device', someReadings({ policy: aPolicy(onlyTwo) }), ['fence-device']],
    ['its claim has expired', claims({ '/monitor/a': aClaim('down', NOW_MS - seconds(900)) }), ['reporters']],
    ['too few agree', claims({ a: aClaim('down'), b: aClaim('up', 1) }, { reporters: { required: 2 } }), ['reporters']],
    ['Nova sees it up', withService({ state: 'up' }), ['nova-sees-it-down']],
    [
      'three of its segment were fenced',
      someReadings({ segmentGuard: aGuard({ tickets: ticketsOf(3) }) }),
      ['segment-storm'],
    ],
    [
      'five of the cloud were fenced',
      someReadings({ globalGuard: aGuard({ tickets: ticketsOf(5) }) }),
      ['global-storm'],
    ],
    ['too few others are healthy', live({ segmentServices: allDown }), ['healthy-hosts']],
    [
      'three others are under suspicion too',
      someReadings({ openIncidents: suspects('az1') }),
      ['segment-storm', 'global-storm'],
    ],
    ['they are in another segment', someReadings({ openIncidents: suspects('az2') }), ['global-storm']],
  ])('%s', (_, readings, gates) => {
    expect(closed(readings)).toEqual(gates);
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
    expect(names).toEqual([
      'protected',
      'in-service',
      'segment-not-stopped',
      'armed',
      'fence-device',
      'settling',
      'nova-sees-it-down',
    ]);
  });
});

describe('a service that is disabled', () => {
  it.each([
    ['AUTO: Connection to libvirt lost: 1', true],
    ['AUTO: ', true],
    ['salvor: process libvirtd down', true],
    ['not salvor: process libvirtd down', false],
    ['auto: reboot', false],
    ['replace the AUTO: part', false],
    [null, false],
  ])('with the reason %s', (disabledReason, open) => {
    const readings = withService({ status: 'disabled', disabledReason });
    expect(closed(readings)).toEqual(open ? [] : ['in-service']);
    expect(because(readings, 'in-service')).toContain(disabledReason ?? 'no reason given');
  });
});

describe('corroboration by Nova', () => {
  it('is given by forced down as well', () => {
    expect(closed(withService({ state: 'up', forcedDown: true }))).toEqual([]);
  });
  it('is not asked for where the policy does not', () => {
    expect(closed(live({ service: aService() }, { requireNovaDown: false }))).toEqual([]);
  });
});

describe('healthy hosts', () => {
  const storm = { maxHosts: 99, maxPercent: 100 };
  const of = (healthy: number, suspects: number, minHealthyHosts: number) => {
    const services = servicesOf(healthy);
    const openIncidents = Array.from({ length: suspects }, (_, index) => aSuspect(index + 2, { claims: {} }));
    const readings = someReadings({ openIncidents }, { minHealthyHosts, storm }, { global: { storm } });
    return { ...readings, live: { ...readings.live, segmentServices: services, allServices: services } };
  };

  it.each([
    [3, 0, 3, []],
    [2, 0, 3, ['healthy-hosts']],
    [5, 2, 3, []],
    [5, 3, 3, ['healthy-hosts']],
  ] as const)('%d, %d of them under suspicion, where %d are asked for', (healthy, suspects, least, gates) => {
    expect(closed(of(healthy, suspects, least))).toEqual(gates);
  });

  it('are told from those under suspicion', () => {
    expect(because(of(5, 2, 3), 'healthy-hosts')).toBe(
      '3 other healthy hosts in the segment (2 more are under suspicion themselves); at least 3 are asked for',
    );
  });
});

describe('a closed gate says why', () => {
  const stopped = withStop(NO_GUARD, { reason: 'a device lied', incidentId: uuid(1, 5), atMs: NOW_MS });
  const nobody = { ...someReadings().live, service: undefined, segments: [] };
  it.each<[gate: GateName, readings: Readings, words: string]>([
    ['protected', someReadings({ live: nobody }), "segments that hold it now: none; the incident's: az1"],
    [
      'in-service',
      withService({ id: uuid(2, 77) }),
      `the compute service is ${uuid(2, 77)} now, the report was about ${uuid(2, 1)}`,
    ],
    ['segment-not-stopped', someReadings({ segmentGuard: stopped }), 'the segment is stopped: a device lied'],
    ['reporters', claims({}), '0 of 1 needed say down: nobody'],
    ['nova-sees-it-down', someReadings({ live: nobody }), 'Nova sees the service unknown; asked for: down'],
    [
      'nova-sees-it-down',
      live({ service: aService() }, { requireNovaDown: false }),
      'Nova sees the service up; asked for: nothing',
    ],
  ])('%s', (gate, readings, words) => {
    expect(because(readings, gate)).toBe(words);
  });
});
