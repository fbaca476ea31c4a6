import { describe, expect, it } from 'vitest';
import { decideConfirmation, holdForOutage, waitsForProbes } from '#shared/domain/confirm.ts';
import { askGates } from '#shared/domain/gates/ask.ts';
import type { Evidence } from '#shared/domain/gates/evidence.ts';
import type { GateResult } from '#shared/domain/gates/gate.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/gather.ts';
import type { Held, Suspected } from '#shared/domain/host.ts';
import { aClaim, aHostIn, anIncident, aService, NOW_MS, type SegmentInput, seconds } from '#test/support/builders.ts';
import { someProbes, someReadings } from '#test/support/readings.ts';

function anInput(segment: Partial<SegmentInput> = {}, of: Partial<Readings['live']> = {}): Readings {
  const readings = someReadings({ host: aHostIn('suspected') }, segment);
  return { ...readings, live: { ...readings.live, ...of } };
}
/** As the shell does it: what must be tried out is. */
function evidenceOf(incident: Suspected | Held, readings: Readings): Evidence {
  const evidence = gatherEvidence(readings);
  return waitsForProbes(incident, evidence, readings) ? { ...evidence, probes: someProbes() } : evidence;
}
const decide = (incident: Suspected | Held, readings: Readings) =>
  decideConfirmation(incident, evidenceOf(incident, readings), readings);
const ask = (readings: Readings): readonly GateResult[] => askGates(evidenceOf(suspected, readings), readings);
const novaSeesItUp = () => anInput({}, { service: aService() });
const suspected = anIncident('suspected');

describe('when the grace period is over', () => {
  it('a host that every gate lets pass is confirmed, with all their answers', () => {
    const input = anInput();
    expect(decide(suspected, input)).toEqual([
      { type: 'confirmed', gates: ask(input), evidence: evidenceOf(suspected, input), atMs: NOW_MS },
    ]);
  });

  it('a host that a gate keeps is held, and looked at again soon', () => {
    const [held, ...rest] = decide(suspected, novaSeesItUp());
    expect(rest).toEqual([]);
    expect(held).toMatchObject({ type: 'held', atMs: NOW_MS, gates: ask(novaSeesItUp()) });
    expect(held).toHaveProperty(
      'nextLookAtMs',
      expect.toSatisfy((atMs: number) => atMs > NOW_MS),
    );
  });

  it('a host of which nobody says any more that it is down is left alone', () => {
    const input = anInput();
    const host = { ...input.host, claims: { '/monitor/a': aClaim('down', NOW_MS - seconds(900)) } };
    expect(decide(suspected, { ...input, host })).toMatchObject([
      { type: 'incident-closed', outcome: 'stood-down', because: 'nobody says any more that the host is down' },
    ]);
  });

  it('a host that is not protected any more is left alone, on record with every gate', () => {
    expect(decide(suspected, anInput({}, { segments: [] }))).toMatchObject([
      { type: 'held' },
      {
        type: 'incident-closed',
        outcome: 'stood-down',
        because: expect.stringMatching(
          /^the host is not protected: segments that hold it now: none; the incident's: az1/,
        ),
      },
    ]);
  });

  it('a host of a shadow segment is confirmed and left alone', () => {
    expect(decide(suspected, anInput({ mode: 'shadow' }))).toMatchObject([
      { type: 'confirmed' },
      { type: 'incident-closed', outcome: 'shadow' },
    ]);
  });

  it('a host of a shadow segment is held by the same gates', () => {
    const input = anInput({ mode: 'shadow' }, { service: aService() });
    expect(decide(suspected, input)).toMatchObject([{ type: 'held' }]);
  });
});

describe('what costs the cloud something', () => {
  it('is tried out only when it could still open the way', () => {
    const waits = (incident: Suspected | Held, readings: Readings) =>
      waitsForProbes(incident, gatherEvidence(readings), readings);
    expect(waits(suspected, anInput())).toBe(true);
    expect(waits(suspected, novaSeesItUp())).toBe(false);
    expect(waits(anIncident('suspected', { dueAtMs: NOW_MS + seconds(1) }), anInput())).toBe(false);
    expect(waitsForProbes(suspected, { ...gatherEvidence(anInput()), probes: someProbes() }, anInput())).toBe(false);
  });

  it('keeps the host as long as it was not tried out', () => {
    const [held] = decideConfirmation(suspected, gatherEvidence(anInput()), anInput());
    expect(held?.type === 'held' && held.gates.filter(({ open }) => !open).map(({ gate }) => gate)).toEqual([
      'observer',
      'dependencies',
    ]);
  });
});

describe('a tick that comes early', () => {
  it('decides nothing, and sends the next one', () => {
    const dueAtMs = NOW_MS + seconds(1);
    expect(decide(anIncident('suspected', { dueAtMs }), anInput())).toEqual([
      { type: 'grace-went-on', untilMs: dueAtMs },
    ]);
    expect(decide(anIncident('held', { dueAtMs }), anInput())).toEqual([
      { type: 'still-held', failedGates: [], nextLookAtMs: dueAtMs },
    ]);
  });

  it('is on time within the whole second of a delay', () => {
    expect(decide(anIncident('suspected', { dueAtMs: NOW_MS + 999 }), anInput())).toMatchObject([
      { type: 'confirmed' },
    ]);
  });
});

describe('a held host', () => {
  const failedGates: readonly GateResult[] = [{ gate: 'nova-sees-it-down', open: false, because: 'it is up' }];
  const held = anIncident('held', { failedGates });

  it('is confirmed as soon as its gates are open', () => {
    expect(decide(held, anInput())).toMatchObject([{ type: 'confirmed' }]);
  });

  it('makes no new record while the same gates are closed', () => {
    expect(decide(held, novaSeesItUp()).map(({ type }) => type)).toEqual(['still-held']);
  });

  it('makes a new record when other gates are closed', () => {
    const inMaintenance = aService({ state: 'down', status: 'disabled' });
    expect(decide(held, anInput({}, { service: inMaintenance })).map(({ type }) => type)).toEqual(['held']);
  });

  it('is looked at again soon at first, later at leisure', () => {
    const pauseAfter = (heldForMs: number) => {
      const incident = anIncident('held', { failedGates, sinceMs: NOW_MS - heldForMs });
      const [fact] = decide(incident, novaSeesItUp());
      return fact?.type === 'still-held' ? fact.nextLookAtMs - NOW_MS : 0;
    };
    expect([0, 60, 61, 7200].map((heldFor) => pauseAfter(seconds(heldFor)) / 1000)).toEqual([2, 2, 10, 10]);
  });
});

describe('while Nova does not answer', () => {
  it('a host is held, on record with why, and looked at again soon', () => {
    const fact = holdForOutage(suspected, 'connection refused', NOW_MS);
    expect(fact).toMatchObject({
      type: 'held',
      gates: [{ gate: 'nova-answers', open: false, because: 'connection refused' }],
    });
  });

  it('nothing new is recorded until it answers', () => {
    const gate = { gate: 'nova-answers', open: false, because: 'connection refused' } as const;
    const held = anIncident('held', { failedGates: [gate] });
    expect(holdForOutage(held, 'timed out', NOW_MS).type).toBe('still-held');
    expect(decide(held, novaSeesItUp()).map(({ type }) => type)).toEqual(['held']);
  });
});
