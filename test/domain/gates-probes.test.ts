import { describe, expect, it } from 'vitest';
import { askGates } from '#shared/domain/gates/ask.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import type { Probes } from '#shared/domain/gates/probes.ts';
import { aService, type PolicyInput, servicesOf } from '#test/support/builders.ts';
import { because, closed, someProbes, someReadings } from '#test/support/readings.ts';

const devices = (answered: number, silent: number): Probes =>
  someProbes({
    devices: [
      ...Array.from({ length: answered }, (_, index) => ({ host: `a-${index}`, answered: true, detail: 'On' })),
      ...Array.from({ length: silent }, (_, index) => ({ host: `s-${index}`, answered: false, detail: 'no answer' })),
    ],
  });

describe('the observer', () => {
  it.each<[answered: number, silent: number, open: boolean]>([
    [0, 0, true],
    [2, 2, true],
    [2, 3, false],
    [0, 1, false],
  ])('whom %d other devices answer and %d do not', (answered, silent, open) => {
    expect(closed(someReadings(), devices(answered, silent))).toEqual(open ? [] : ['observer']);
  });

  it('names who is silent, a few of them', () => {
    expect(because(someReadings(), 'observer', devices(1, 4))).toBe(
      'Nova sees 9 of 9 other hosts up (100 %, at least 50 %); 1 of 5 other devices answer (20 %, at least 50 %); s-0: no answer; s-1: no answer; s-2: no answer',
    );
  });

  const seeing = (up: number, down: number, observer: PolicyInput['observer'] = {}) => {
    const services = [
      ...servicesOf(up),
      ...Array.from({ length: down }, (_, index) => aService({ host: `compute-${50 + index}`, state: 'down' })),
    ];
    const readings = someReadings({}, {}, { observer });
    return { ...readings, live: { ...readings.live, segmentServices: services, allServices: services } };
  };

  it('must have most hosts up by Nova', () => {
    expect(closed(seeing(2, 2))).toEqual([]);
    expect(closed(seeing(2, 3))).toEqual(['observer']);
    expect(closed(seeing(2, 3, { minHostsUpPercent: 40 }))).toEqual([]);
  });

  it('has nothing to see where there is no other host', () => {
    expect(closed(seeing(0, 0), devices(0, 0))).toEqual(['healthy-hosts']);
    expect(because(seeing(0, 0), 'observer', devices(0, 0))).toBe(
      'Nova sees 0 of 0 other hosts up (100 %, at least 50 %); no other device to ask',
    );
  });

  it('has nothing to see where Nova lists no host at all', () => {
    const { live, ...readings } = someReadings();
    const nothing = { ...readings, live: { ...live, allServices: [] } };
    expect(because(nothing, 'observer', devices(0, 0))).toMatch(/^Nova sees 0 of 0 other hosts up \(100 %/);
    expect(closed(nothing, devices(0, 0))).not.toContain('observer');
  });

  it('says that its devices were not tried', () => {
    const readings = someReadings();
    const gates = askGates(gatherEvidence(readings), readings);
    expect(gates.find(({ gate }) => gate === 'observer')).toMatchObject({
      open: false,
      because:
        'Nova sees 9 of 9 other hosts up (100 %, at least 50 %); devices: it was not tried: another gate was closed',
    });
  });

  it('is asked once it was tried, also when another gate has closed since', () => {
    expect(closed(seeing(0, 0), devices(0, 1))).toEqual(['healthy-hosts', 'observer']);
  });

  it('is not looked at while another gate is closed', () => {
    const readings = seeing(0, 3);
    const gates = askGates(gatherEvidence(readings), readings).map(({ gate }) => gate);
    expect(gates).not.toContain('observer');
    expect(gates).not.toContain('dependencies');
  });
});

describe('the services that an evacuation needs', () => {
  const probes = someProbes({
    services: [
      { service: 'keystone', answers: true, detail: 'answered 200' },
      { service: 'glance', answers: false, detail: 'answered 503' },
    ],
  });

  it('must all answer', () => {
    expect(closed(someReadings(), probes)).toEqual(['dependencies']);
    expect(because(someReadings(), 'dependencies', probes)).toBe('1 of 2 do not answer: glance (answered 503)');
  });

  it('but for those that the policy leaves out', () => {
    const readings = someReadings({}, {}, { dependencies: { ignore: ['glance'] } });
    expect(closed(readings, probes)).toEqual([]);
    expect(because(readings, 'dependencies', probes)).toBe('all 1 answer: keystone');
  });
});
