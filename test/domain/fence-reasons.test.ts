import { describe, expect, it } from 'vitest';
import { bindingFault } from '#shared/domain/device-binding.ts';
import { decideFencing, evidenceApart } from '#shared/domain/fence.ts';
import type { TimedReading } from '#shared/domain/fence-levels.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/gather.ts';
import type { Fencing, IncidentFact } from '#shared/domain/host.ts';
import { aClaim, aHostIn, anIncident, aProof, aService, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { FACTS } from '#test/support/host-facts.ts';
import { aSuspect, someReadings } from '#test/support/readings.ts';

const aReading = (power: TimedReading['power']): TimedReading => ({
  power,
  systemUuid: power === 'unknown' ? null : uuid(4, 1),
  detail: `PowerState ${power}`,
  durationMs: 12,
  askedAtMs: NOW_MS,
});
function factsOf(incident: Fencing, power: TimedReading['power'], input: Partial<Readings> = {}, fault?: string) {
  const readings = someReadings({ host: { ...aHostIn('fencing'), incident }, ...input });
  return decideFencing(incident, aReading(power), fault ?? null, gatherEvidence(readings), readings, 0.5).facts;
}
const last = (facts: readonly IncidentFact[]) => facts.at(-1);
const disabled = { ...someReadings().live, service: aService({ status: 'disabled' }) };
const seenUp = { '/monitor/a': aClaim('down', NOW_MS - 2), '/monitor/b': aClaim('up', NOW_MS - 1) };

describe('a device that does not answer', () => {
  it('is not taken for another host’s, although it tells no system UUID: it is asked again', () => {
    const known = { boundTo: null, boundSystem: uuid(4, 1), configured: uuid(4, 1) };
    const fault = bindingFault(aReading('unknown'), known, 'key-1');
    expect(fault).not.toBeNull();
    expect(last(factsOf(anIncident('fencing'), 'unknown', {}, fault ?? undefined))).toMatchObject({
      type: 'fence-failed',
      because: 'no power state: PowerState unknown',
    });
  });
});

describe('a host that was held at the last moment', () => {
  it.each(['on', 'off'] as const)('is looked at again after 10 s: found %s', (power) => {
    expect(last(factsOf(anIncident('fencing'), power, { live: disabled }))).toMatchObject({
      type: 'held',
      nextLookAtMs: NOW_MS + seconds(10),
    });
  });
});

describe('a power-off that comes long after the confirmation, as its device was out of reach', () => {
  const confirmedAgo = (ms: number) => anIncident('fencing', { confirmedAtMs: NOW_MS - ms });
  const shut = ['reporter-cliff', 'segment-storm', 'global-storm'] as const;
  const manyMore = { openIncidents: [2, 3, 4, 5, 6].map((number) => aSuspect(number)) };

  it('is held when many more hosts have failed since', () => {
    const held = last(factsOf(confirmedAgo(seconds(61)), 'on', manyMore));
    expect(held).toMatchObject({ type: 'held', atMs: NOW_MS, nextLookAtMs: NOW_MS + seconds(10) });
    const gates = held?.type === 'held' ? held.gates : [];
    expect(gates.filter(({ open }) => !open).map(({ gate }) => gate)).toEqual(shut);
  });

  it('goes on when a person has released what holds it', () => {
    const release = {
      by: 'ann',
      reason: 'looked',
      atMs: NOW_MS,
      gates: shut,
      untilMs: NOW_MS + 1,
    };
    const incident = { ...confirmedAgo(seconds(61)), release };
    expect(last(factsOf(incident, 'on', manyMore))).toMatchObject({ type: 'power-off-intended' });
  });

  it('goes on when no more have, and tells what was counted', () => {
    const intended = last(factsOf(confirmedAgo(seconds(61)), 'on'));
    expect(intended).toMatchObject({ type: 'power-off-intended' });
    const checks = intended?.type === 'power-off-intended' ? intended.checks : [];
    expect(checks.map(({ gate }) => gate).slice(-5)).toEqual([
      'reporter-cliff',
      'segment-storm',
      'global-storm',
      'failure-domain',
      'healthy-hosts',
    ]);
  });

  it.each([
    ['while its confirmation is young', confirmedAgo(seconds(60)), 'on', 'power-off-intended'],
    ['when it was found off', confirmedAgo(seconds(61)), 'off', 'proof-made'],
    [
      'while evacuations may be under way',
      { ...confirmedAgo(seconds(61)), evacuatingSinceMs: NOW_MS - 1 },
      'on',
      'power-off-intended',
    ],
  ] as const)('does not count others %s', (_, incident, power, type) => {
    expect(last(factsOf(incident, power, manyMore))).toMatchObject({ type });
  });
});

describe('a host that came back before any evacuation could leave', () => {
  const host = { ...aHostIn('fencing'), claims: seenUp };
  const cameBack = 'the host was seen up and its power is on: it has come back';

  it.each([
    ['was powered off once', anIncident('fencing', { powerOffs: 1 }), cameBack],
    [
      'may be forced down',
      anIncident('fencing', { earlierProof: aProof() }),
      `${cameBack}; if Nova has it forced down, give it back by hand`,
    ],
  ])('is left alone, and a person is told what is left to do: it %s', (_, incident, because) => {
    expect(last(factsOf(incident, 'on', { host: { ...host, incident } }))).toMatchObject({
      type: 'incident-closed',
      because,
    });
  });
});

describe('a host that salvor has powered off', () => {
  it('is proven off although it was seen up before: that was before', () => {
    const incident = anIncident('fencing', { powerOffs: 1 });
    const host = { ...aHostIn('fencing'), incident, claims: seenUp };
    expect(last(factsOf(incident, 'off', { host }))).toMatchObject({ type: 'proof-made' });
  });

  it('and whose evacuations may have begun is powered off again without asking the gates', () => {
    const incident = anIncident('fencing', { powerOffs: 1, evacuatingSinceMs: NOW_MS - 1 });
    expect(last(factsOf(incident, 'on', { live: disabled }))).toMatchObject({ type: 'power-off-intended', checks: [] });
  });
});

describe('what the gates were asked of', () => {
  const apart = (reading: TimedReading, fault: string | null, facts: readonly IncidentFact[]) =>
    evidenceApart(reading, fault, facts, FACTS.confirmed.evidence);
  const read = FACTS['power-read'];

  it('is recorded beside the facts where none of them carries it', () => {
    const { evidence } = FACTS.confirmed;
    expect(apart(aReading('off'), null, [read, FACTS['proof-made']])).toBe(evidence);
    expect(apart(aReading('off'), null, [read, FACTS['incident-closed']])).toBe(evidence);
  });

  it.each([
    ['a fact carries it', aReading('on'), null, [read, FACTS.held]],
    ['the device told no power', aReading('unknown'), null, [read]],
    ['the device is not the host’s own', aReading('on'), 'bound to another host', [read]],
  ] as const)('is not recorded twice, nor where nothing depended on it: %s', (_, reading, fault, facts) => {
    expect(apart(reading, fault, facts)).toBeNull();
  });
});
