import { describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { countingDownClaims, decideReports } from '#shared/domain/reports.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  anEvent,
  aPolicy,
  aSegment,
  INSTANCE_ID,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';

const policy = aPolicy();

interface Delivered {
  readonly host: HostState;
  readonly facts: readonly HostFact[];
}

/** What a batch of events that arrives now says, and the host after it. */
function deliver(host: HostState, events: readonly HostEvent[], nowMs = NOW_MS, segment = aSegment()): Delivered {
  const received = events.map((event) => ({ event, reporter: event.source, receivedAtMs: nowMs }));
  const facts = decideReports(host, { events: received, segment, newIncidentId: uuid(1, 9) }, policy, nowMs);
  return { host: facts.reduce(evolveHost, host), facts };
}

const typesOf = (facts: readonly HostFact[]) => facts.map((fact) => fact.type);
const factOf = (facts: readonly HostFact[], type: HostFact['type']) => facts.find((fact) => fact.type === type);

describe('a report', () => {
  it('becomes the newest word of its reporter, with one audit fact that says all of it', () => {
    const event = anEvent({ id: 'e-1', atMs: NOW_MS - 500, data: { reason: 'no ping' } });
    const { host, facts } = deliver(aHost(), [event]);
    expect(facts[0]).toEqual({
      type: 'reported',
      reporter: '/monitor/a',
      says: 'down',
      eventId: 'e-1',
      eventType: 'host.down',
      occurredAtMs: NOW_MS - 500,
      receivedAtMs: NOW_MS,
      reason: 'no ping',
      repeats: 0,
    });
    expect(host.claims).toEqual({
      '/monitor/a': { says: 'down', occurredAtMs: NOW_MS - 500, receivedAtMs: NOW_MS },
    });
  });

  it('is folded once, however often it is in a batch and however often the batch comes', () => {
    const event = anEvent();
    const batch = Array.from({ length: 1000 }, () => event);
    const first = deliver(aHost(), batch);
    expect(typesOf(first.facts)).toEqual(['reported', 'incident-opened']);
    expect(deliver(first.host, batch).facts).toEqual([]);
    expect(deliver(first.host, batch, NOW_MS + seconds(3600)).facts).toEqual([]);
  });

  it('is counted with the ones before it in the batch that say the same', () => {
    const batch = [2, 0, 1].map((after) => anEvent({ atMs: NOW_MS - seconds(9) + seconds(after) }));
    const { host, facts } = deliver(aHost(), batch);
    expect(facts[0]).toMatchObject({ type: 'reported', repeats: 2, occurredAtMs: NOW_MS - seconds(7) });
    expect(host.claims['/monitor/a']?.occurredAtMs).toBe(NOW_MS - seconds(7));
  });

  it('that comes late does not undo a newer one of its reporter', () => {
    const { host } = deliver(aHost(), [anEvent({ atMs: NOW_MS - seconds(2) })]);
    expect(deliver(host, [anEvent({ type: 'host.up', atMs: NOW_MS - seconds(3) })]).facts).toEqual([]);
  });

  it('of up counts against a down of the same moment, whichever comes first', () => {
    const [down, up] = [anEvent(), anEvent({ type: 'host.up' })];
    expect(deliver(deliver(aHost(), [down]).host, [up]).host.claims['/monitor/a']?.says).toBe('up');
    expect(deliver(deliver(aHost(), [up]).host, [down]).host.claims['/monitor/a']?.says).toBe('up');
    expect(deliver(aHost(), [down, up]).host.claims['/monitor/a']?.says).toBe('up');
  });

  it.each([
    ['too old', NOW_MS - seconds(901), /901 s old; events.maxAgeSeconds is 900/],
    ['from far in the past', Date.parse('1970-01-01T00:00:00Z'), /s old/],
    ['too far in the future', NOW_MS + seconds(61), /^it is 61 s in the future; events.maxAheadSeconds is 60/],
    ['from the year 9999', Date.parse('9999-12-31T23:59:59Z'), /in the future/],
  ])('that is %s is recorded once with the reason, and not believed', (_, atMs, because) => {
    const event = anEvent({ atMs });
    const { host, facts } = deliver(aHost(), [event, event]);
    expect(facts).toMatchObject([{ type: 'not-believed', because: expect.stringMatching(because) }]);
    expect(host).toMatchObject({ claims: {}, incident: null });
    expect(deliver(host, [event]).facts).toEqual([]);
  });

  it('just inside both limits is believed', () => {
    const old = deliver(aHost(), [anEvent({ atMs: NOW_MS - seconds(900) })]);
    const ahead = deliver(aHost(), [anEvent({ atMs: NOW_MS + seconds(60) })]);
    expect([old, ahead].map(({ facts }) => typesOf(facts))).toEqual([
      ['reported', 'incident-opened'],
      ['reported', 'incident-opened'],
    ]);
  });

  it('about an instance or a process is recorded and says nothing of the host', () => {
    const data = { schemaVersion: 1 as const, host: 'compute-1' };
    const instance = { ...anEvent(), type: 'instance.down', data: { ...data, instanceId: INSTANCE_ID } } as const;
    const service = { ...anEvent(), type: 'process.down', data: { ...data, process: 'libvirtd' } } as const;
    const again = { ...service, id: 'again', type: 'process.up' } as const;
    const { host, facts } = deliver(aHost(), [instance, service, again]);
    expect(facts).toMatchObject([
      { type: 'recorded', about: `instance ${INSTANCE_ID}` },
      { type: 'recorded', eventType: 'process.down', about: 'process libvirtd' },
      { type: 'recorded', eventType: 'process.up', about: 'process libvirtd' },
    ]);
    expect(host).toMatchObject({ claims: {}, incident: null });
    expect(deliver(host, [instance, service, again]).facts).toEqual([]);
  });

  it('is not taken for a repeat of another reporter, who happens to use the same id', () => {
    const data = { schemaVersion: 1 as const, host: 'compute-1', process: 'libvirtd' };
    const other = { ...anEvent({ id: '1', source: '/monitor/b' }), type: 'process.down', data } as const;
    const { host } = deliver(aHost(), [other]);
    expect(typesOf(deliver(host, [anEvent({ id: '1' })]).facts)).toEqual(['reported', 'incident-opened']);
  });

  it.each(['__proto__', 'constructor', 'toString'])('counts although its reporter is named %s', (source) => {
    const { host, facts } = deliver(aHost(), [anEvent({ source })]);
    expect(typesOf(facts)).toEqual(['reported', 'incident-opened']);
    const stored = JSON.parse(JSON.stringify(host)) as HostState;
    expect(countingDownClaims(stored.claims, 900, NOW_MS)).toEqual([source]);
    expect(deliver(stored, [anEvent({ source, atMs: NOW_MS - 1 })]).facts).toEqual([]);
  });
});

describe('the newest words of reporters', () => {
  const upSaid = { '/monitor/a': aClaim('up', NOW_MS - seconds(10)) };

  it('hold no heartbeat of a host that nobody doubts, however long none was written', () => {
    const later = NOW_MS + seconds(3600);
    const refuted = { ...upSaid, '/monitor/b': aClaim('down', NOW_MS - seconds(20)) };
    for (const claims of [{}, upSaid, refuted])
      expect(deliver(aHost({ claims }), [anEvent({ type: 'host.heartbeat', atMs: later })], later).facts).toEqual([]);
  });

  it('hold the first heartbeat after a down that stands without an incident, and then no more', () => {
    const doubted = aHost({ claims: { ...upSaid, '/monitor/b': aClaim('down', NOW_MS - seconds(5)) } });
    const { host, facts } = deliver(doubted, [anEvent({ type: 'host.heartbeat' })]);
    expect(typesOf(facts)).toEqual(['reported']);
    const later = NOW_MS + seconds(10);
    expect(deliver(host, [anEvent({ type: 'host.heartbeat', atMs: later })], later).facts).toEqual([]);
  });

  it('hold a heartbeat that comes with a down, whichever is newer', () => {
    const beat = anEvent({ type: 'host.heartbeat', source: '/itself' });
    const older = deliver(aHost(), [beat, anEvent({ atMs: NOW_MS - seconds(1) })]);
    expect(typesOf(older.facts)).toEqual(['reported', 'reported']);
    expect(older.host.incident).toBeNull();
    const newer = deliver(aHost(), [beat, anEvent({ atMs: NOW_MS + seconds(1) })]);
    expect(typesOf(newer.facts)).toEqual(['reported', 'reported', 'incident-opened']);
  });

  it('hold an up that was said once, also when heartbeats of its reporter come with it', () => {
    const up = anEvent({ type: 'host.up', atMs: NOW_MS - seconds(1) });
    const { facts } = deliver(aHost(), [up, anEvent({ type: 'host.heartbeat' })]);
    expect(facts).toMatchObject([{ type: 'reported', eventType: 'host.up', eventId: up.id }]);
  });

  it('are written for each heartbeat while an incident is open: the newest decides', () => {
    const host = { ...aHostIn('evacuating'), claims: upSaid };
    expect(typesOf(deliver(host, [anEvent({ type: 'host.heartbeat' })]).facts)).toContain('reported');
  });

  it('hold an up that a reporter says only once, so that its own late down does not outlive it', () => {
    const up = deliver(aHost({ claims: upSaid }), [anEvent({ type: 'host.up' })]);
    const late = deliver(up.host, [anEvent({ atMs: NOW_MS - seconds(5) })]);
    expect(late.facts).toEqual([]);
    expect(late.host.claims['/monitor/a']?.says).toBe('up');
  });

  it('hold the newest down while it may decide, so that an up from before it changes nothing', () => {
    const first = deliver(aHost(), [anEvent({ atMs: NOW_MS - seconds(10) })]);
    const second = deliver(first.host, [anEvent()]);
    const late = deliver(second.host, [anEvent({ type: 'host.up', atMs: NOW_MS - seconds(5) })]);
    expect(late.facts).toEqual([]);
    expect(late.host.incident?.status).toBe('suspected');
  });

  it('hold a down of the same reporter again when its last one does not count any more', () => {
    const first = deliver(aHost(), [
      anEvent({ atMs: NOW_MS - seconds(9) }),
      anEvent({ type: 'host.up', source: '/monitor/b', atMs: NOW_MS - seconds(5) }),
    ]);
    expect(first.host.incident).toBeNull();
    expect(typesOf(deliver(first.host, [anEvent()]).facts)).toEqual(['reported', 'incident-opened']);
  });

  it('are renewed before they expire, however short their time', () => {
    const segment = aSegment({ graceSeconds: 5, reporters: { claimTtlSeconds: 10 } });
    let host = { ...aHostIn('evacuating'), claims: { '/monitor/a': aClaim('down', NOW_MS) } } as HostState;
    for (let after = 1; after <= 60; after += 1) {
      const nowMs = NOW_MS + seconds(after);
      host = deliver(host, [anEvent({ atMs: nowMs })], nowMs, segment).host;
      expect(countingDownClaims(host.claims, 10, nowMs)).toEqual(['/monitor/a']);
    }
  });

  it('are kept of so many reporters that the host can always be written', () => {
    let host = aHost();
    for (let number = 0; number < 500; number += 1)
      host = deliver(host, [anEvent({ source: `/pod/${number}`, atMs: NOW_MS + number })], NOW_MS + number).host;
    expect(Object.keys(host.claims)).toHaveLength(64);
    expect(host.claims['/pod/499']).toBeDefined();
    expect(Buffer.byteLength(JSON.stringify(host))).toBeLessThan(20_000);
  });
});

describe('two reporters that disagree', () => {
  const upOfB = anEvent({ type: 'host.up', source: '/monitor/b', atMs: NOW_MS - seconds(2) });

  it('leave the host alone when the one that saw it alive saw it last', () => {
    const { host, facts } = deliver(aHost(), [anEvent({ atMs: NOW_MS - seconds(3) }), upOfB]);
    expect(factOf(facts, 'incident-opened')).toBeUndefined();
    expect(countingDownClaims(host.claims, 900, NOW_MS)).toEqual([]);
  });

  it('open an incident when the one that saw it dead saw it last', () => {
    const { facts } = deliver(aHost(), [upOfB, anEvent({ atMs: NOW_MS - seconds(1) })]);
    expect(factOf(facts, 'incident-opened')).toMatchObject({ because: 'reported down by /monitor/a' });
  });
});
