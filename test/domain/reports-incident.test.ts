import { describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState, IncidentOutcome } from '#shared/domain/host.ts';
import { decideReports } from '#shared/domain/reports.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  anEvent,
  aPolicy,
  aProof,
  aSegment,
  type EventInput,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';

const policy = aPolicy();
const segment = aSegment({ graceSeconds: 180 });

function decide(host: HostState, events: readonly HostEvent[], of: typeof segment | undefined = segment) {
  const received = events.map((event) => ({ event, reporter: event.source, receivedAtMs: NOW_MS }));
  return decideReports(host, { events: received, segment: of, newIncidentId: uuid(1, 9) }, policy, NOW_MS);
}

const typesAfter = (host: HostState, event: EventInput = {}) => decide(host, [anEvent(event)]).map(({ type }) => type);

describe('a down opens an incident', () => {
  it('whose grace period starts now', () => {
    expect(decide(aHost(), [anEvent()])[1]).toEqual({
      type: 'incident-opened',
      incidentId: uuid(1, 9),
      segment: 'az1',
      host: 'compute-1',
      hostKey: aHost().key,
      atMs: NOW_MS,
      graceEndsAtMs: NOW_MS + seconds(180),
      because: 'reported down by /monitor/a',
    });
  });

  it('but not of a host that no segment protects', () => {
    const received = [{ event: anEvent(), reporter: '/monitor/a', receivedAtMs: NOW_MS }];
    const input = { events: received, segment: undefined, newIncidentId: uuid(1, 9) };
    expect(decideReports(aHost(), input, policy, NOW_MS).map(({ type }) => type)).toEqual(['reported']);
  });

  it('but not beside one that is open already', () => {
    expect(typesAfter(aHostIn('suspected'), { source: '/monitor/b' })).toEqual(['reported']);
  });

  it('not for an up, and not for a heartbeat', () => {
    expect(typesAfter(aHost(), { type: 'host.up' })).toEqual(['reported']);
    expect(typesAfter(aHost(), { type: 'host.heartbeat' })).toEqual([]);
  });

  const ended = (outcome: IncidentOutcome, claims: HostState['claims']) =>
    aHost({ claims, lastIncident: { id: uuid(1, 8), endedAtMs: NOW_MS - seconds(100), outcome } });
  const nagged = { '/monitor/a': aClaim('down') };
  const returned = { '/monitor/a': aClaim('up', NOW_MS - seconds(50)) };

  it.each([
    ['nagged about after its recovery', ended('recovered', nagged), seconds(500)],
    ['nagged about after a partial recovery', ended('partly-recovered', nagged), seconds(500)],
    ['nagged about in shadow mode', ended('shadow', nagged), seconds(500)],
    ['that came back after its recovery', ended('recovered', returned), seconds(180)],
    ['of which nothing was done', ended('stood-down', nagged), seconds(180)],
  ])('of a host %s, after a wait that fits', (_, host, waitMs) => {
    expect(decide(host, [anEvent()])[1]).toMatchObject({
      type: 'incident-opened',
      graceEndsAtMs: NOW_MS + waitMs,
    });
  });
});

describe('an up', () => {
  it.each(['suspected', 'held'] as const)('ends an incident that is %s', (status) => {
    expect(decide(aHostIn(status), [anEvent({ type: 'host.up' })])[1]).toMatchObject({
      type: 'incident-closed',
      outcome: 'stood-down',
      because: 'the host was seen up after it was reported down',
    });
  });

  it.each(['suspected', 'held'] as const)('of a heartbeat does the same, %s', (status) => {
    expect(typesAfter(aHostIn(status), { type: 'host.heartbeat' })).toEqual(['reported', 'incident-closed']);
  });

  it('leaves a suspected host suspected when another reporter saw it dead later', () => {
    const claims = { '/monitor/b': aClaim('down', NOW_MS - 1) };
    const host = { ...aHostIn('suspected'), claims };
    expect(typesAfter(host, { type: 'host.up', atMs: NOW_MS - seconds(1) })).toEqual(['reported']);
  });

  it('ends the first incident of a host that flaps, and its next down opens another with a full grace period', () => {
    const up = anEvent({ type: 'host.up', atMs: NOW_MS - seconds(1) });
    const after = decide(aHostIn('suspected'), [up]).reduce(evolveHost, aHostIn('suspected') as HostState);
    expect(after.incident).toBeNull();
    expect(decide(after, [anEvent()])[1]).toMatchObject({
      type: 'incident-opened',
      graceEndsAtMs: NOW_MS + seconds(180),
    });
  });

  it.each(['forcing-down', 'planning', 'evacuating'] as const)(
    'voids the proof of an incident that is %s',
    (status) => {
      const host = aHostIn(status, { proof: aProof({ readAtMs: NOW_MS - seconds(5) }) });
      const [, voided] = decide(host, [anEvent({ type: 'host.up' })]);
      expect(voided).toMatchObject({ type: 'proof-voided' });
      const incident = decide(host, [anEvent({ type: 'host.up' })]).reduce(evolveHost, host as HostState).incident;
      expect(incident).toMatchObject({
        status: 'fencing',
        tick: host.incident.tick + 1,
        earlierProof: host.incident.proof,
      });
    },
  );

  it('from clearly before the power was read as off voids nothing', () => {
    const host = aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(5) }) });
    expect(typesAfter(host, { type: 'host.up', atMs: NOW_MS - seconds(10) })).toEqual(['reported']);
  });

  it('from within the difference of two clocks before the reading voids it: the power is read again', () => {
    const host = aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(5) }) });
    expect(typesAfter(host, { type: 'host.up', atMs: NOW_MS - seconds(9) })).toEqual(['reported', 'proof-voided']);
  });

  it.each(['fencing', 'stopped'] as const)('is only kept while %s: the next reading decides', (status) => {
    expect(typesAfter(aHostIn(status), { type: 'host.up' })).toEqual(['reported']);
  });
});
