import { describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import { closeIncident, handOver } from '#shared/domain/follow.ts';
import type { HostState } from '#shared/domain/host.ts';
import { pause } from '#shared/domain/pause.ts';
import { decideReports } from '#shared/domain/reports.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  anEvent,
  anIncident,
  aPolicy,
  aProof,
  aSegment,
  aTask,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';
import { FACTS } from '#test/support/host-facts.ts';

const TTL_SECONDS = 600;
const segment = aSegment({ reporters: { claimTtlSeconds: TTL_SECONDS } });
const ago = (count: number): number => NOW_MS - seconds(count);
const typesOf = (host: HostState, ...events: readonly HostEvent[]) => {
  const received = events.map((event) => ({ event, reporter: event.source, receivedAtMs: NOW_MS }));
  const input = { events: received, segment, newIncidentId: uuid(1, 9) };
  return decideReports(host, input, aPolicy(), NOW_MS).map(({ type }) => type);
};

describe('a host whose incident was dismissed', () => {
  const ENDED_AGO = 300;
  const dismissed = (claims: HostState['claims']) => {
    const lastIncident = { id: uuid(1, 8), endedAtMs: ago(ENDED_AGO), outcome: 'dismissed' } as const;
    return aHost({ claims, lastIncident: { ...lastIncident, knownDown: ['/monitor/a'] } });
  };
  const OPENS = ['reported', 'incident-opened'];

  it.each<[who: string, claims: HostState['claims'], types: readonly string[]]>([
    ['who has said so ever since', { '/monitor/a': aClaim('down', ago(TTL_SECONDS - 1)) }, ['reported']],
    ['who had fallen silent', { '/monitor/a': aClaim('down', ago(TTL_SECONDS)) }, OPENS],
    ['who said up in between', { '/monitor/a': aClaim('up', ago(ENDED_AGO + 1)) }, OPENS],
    ['of whose words none is left', {}, OPENS],
    [
      'after another saw it up',
      { '/monitor/a': aClaim('down', ago(60)), '/b': aClaim('up', ago(ENDED_AGO - 1)) },
      OPENS,
    ],
    [
      'after another saw it up, but not since',
      { '/monitor/a': aClaim('down', ago(60)), '/b': aClaim('up', ago(ENDED_AGO)) },
      ['reported'],
    ],
  ])('is called down by a reporter that called it so then, %s', (_, claims, types) => {
    expect(typesOf(dismissed(claims), anEvent())).toEqual(types);
  });

  it('is called down by another reporter, with a grace period of its own', () => {
    const host = dismissed({ '/monitor/a': aClaim('down', ago(60)) });
    const events = [{ event: anEvent({ source: '/monitor/b' }), reporter: '/monitor/b', receivedAtMs: NOW_MS }];
    const facts = decideReports(host, { events, segment, newIncidentId: uuid(1, 9) }, aPolicy(), NOW_MS);
    expect(facts.at(-1)).toMatchObject({ type: 'incident-opened', graceEndsAtMs: NOW_MS + seconds(180) });
  });

  it('is not called down by an up, although a down counts that is newer', () => {
    const host = dismissed({ '/monitor/a': aClaim('down', ago(1)) });
    expect(typesOf(host, anEvent({ type: 'host.up', source: '/monitor/b', atMs: ago(2) }))).toEqual(['reported']);
  });

  it('remembers who called it down then', () => {
    const claims = { '/monitor/a': aClaim('down'), '/monitor/b': aClaim('up'), '/monitor/c': aClaim('down') };
    const closed = evolveHost({ ...aHostIn('held'), claims }, { ...FACTS['incident-closed'], outcome: 'dismissed' });
    expect(closed.lastIncident).toMatchObject({ knownDown: ['/monitor/a', '/monitor/c'] });
    const recovered = evolveHost({ ...aHostIn('held'), claims }, FACTS['incident-closed']);
    expect(recovered.lastIncident).not.toHaveProperty('knownDown');
  });
});

describe('what was said of a host before it was released', () => {
  const claims = {
    before: aClaim('up', NOW_MS - 1),
    at: aClaim('up', NOW_MS),
    after: aClaim('up', NOW_MS + 1),
    down: aClaim('down', NOW_MS - 1),
  };

  it('counts no more where it was up, once it contradicted the device of a stopped host', () => {
    expect(evolveHost({ ...aHostIn('stopped', { proof: aProof() }), claims }, FACTS.released).claims).toEqual({
      ...claims,
      before: { ...claims.before, overruled: true },
      at: { ...claims.at, overruled: true },
    });
  });

  it('counts as before when gates of a held host were released, or a stopped one is dismissed', () => {
    expect(evolveHost({ ...aHostIn('held'), claims }, FACTS.released).claims).toEqual(claims);
    expect(evolveHost({ ...aHostIn('stopped', { proof: aProof() }), claims }, FACTS.dismissed).claims).toEqual(claims);
  });
});

describe('an incident that is handed over', () => {
  it('goes on to its end although its host is seen up', () => {
    const host = { ...aHostIn('handing-over'), claims: {} };
    expect(typesOf(host, anEvent({ type: 'host.up' }))).toEqual(['reported']);
  });

  it('is not taken for dismissed when it was its deadline', () => {
    expect(evolveHost(aHostIn('evacuating'), FACTS['deadline-passed']).incident).toMatchObject({ dismissed: false });
  });

  it('tells of each task why, and what was its last state', () => {
    const because = (dismissed: boolean) => {
      const [fact] = handOver(aTask('unknown'), anIncident('handing-over', { reason: 'by hand', dismissed }), NOW_MS);
      return fact?.type === 'task-ended' ? fact.because : undefined;
    };
    expect(because(true)).toBe('an operator has dismissed the incident: by hand; the last state of this one: unknown');
    expect(because(false)).toBe('by hand; the last state of this one: unknown');
  });

  it('closes as dismissed, however well its tasks have ended', () => {
    expect(closeIncident([aTask('ended')], '', NOW_MS, true)).toMatchObject({ outcome: 'dismissed' });
  });
});

describe('an incident', () => {
  it('that is held or confirmed right after its grace period begins anew', () => {
    expect(evolveHost(aHostIn('suspected'), FACTS.held).incident).toMatchObject({ sinceMs: NOW_MS, powerOffs: 0 });
    expect(evolveHost(aHostIn('suspected'), FACTS.confirmed).incident).toMatchObject({ powerOffs: 0 });
  });

  it('that is paused looks again after 10 s, and records its reason once', () => {
    const because = 'disarmed by ann';
    const nextLookAtMs = NOW_MS + seconds(10);
    expect(pause(anIncident('fencing'), because, NOW_MS)).toEqual({
      type: 'paused',
      because,
      atMs: NOW_MS,
      nextLookAtMs,
    });
    const again = pause(anIncident('fencing', { pausedBy: because }), because, NOW_MS);
    expect(again).toEqual({ type: 'still-paused', nextLookAtMs });
  });
});
