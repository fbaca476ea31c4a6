import { describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import type { HostState } from '#shared/domain/host.ts';
import { countingDownClaims, decideReports, lastSeenUpMs } from '#shared/domain/reports.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  anEvent,
  aPolicy,
  aProof,
  aSegment,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';

const ended = (endedAtMs: number, claims: HostState['claims'] = {}) =>
  aHost({ claims, lastIncident: { id: uuid(1, 8), endedAtMs, outcome: 'recovered' } });

function decide(host: HostState, events: readonly HostEvent[], segment: ReturnType<typeof aSegment> | undefined) {
  const received = events.map((event) => ({ event, reporter: event.source, receivedAtMs: NOW_MS }));
  return decideReports(host, { events: received, segment, newIncidentId: uuid(1, 9) }, aPolicy(), NOW_MS);
}
const typesOf = (host: HostState, events: readonly HostEvent[]) =>
  decide(host, events, aSegment()).map(({ type }) => type);
const aProcessDown = (atMs = NOW_MS): HostEvent => ({
  ...anEvent({ atMs }),
  type: 'process.down',
  data: { schemaVersion: 1, host: 'compute-1', process: 'libvirtd' },
});

describe('what is said of a process', () => {
  it('does not stand for a word of its reporter on the host, also of the same moment', () => {
    expect(typesOf(aHost(), [aProcessDown(), anEvent()])).toEqual(['recorded', 'reported', 'incident-opened']);
  });

  it('is recorded although its reporter has said something newer of the host', () => {
    const claims = { '/monitor/a': aClaim('up', NOW_MS - seconds(1)) };
    expect(typesOf(aHost({ claims }), [aProcessDown(NOW_MS - seconds(9))])).toEqual(['recorded']);
  });

  it('changes no incident: only what is said of the host does', () => {
    const claims = { '/monitor/a': aClaim('up', NOW_MS - seconds(8)) };
    const host = { ...aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(5) }) }), claims };
    expect(typesOf(host, [aProcessDown()])).toEqual(['recorded']);
    expect(typesOf(host, [])).toEqual([]);
  });
});

describe('words of one reporter in one batch', () => {
  it('are facts of their own where they differ, in the order in which it saw them', () => {
    const said = [9, 8, 7, 6].map((ago, index) =>
      anEvent({ type: index === 2 ? 'host.up' : 'host.down', atMs: NOW_MS - seconds(ago) }),
    );
    expect(decide(aHost(), said, aSegment())).toMatchObject([
      { says: 'down', repeats: 1, occurredAtMs: NOW_MS - seconds(8) },
      { says: 'up', repeats: 0 },
      { says: 'down', repeats: 0, occurredAtMs: NOW_MS - seconds(6) },
      { type: 'incident-opened' },
    ]);
  });

  it('are counted, heartbeats too', () => {
    const beats = [3, 2, 1].map((ago) => anEvent({ type: 'host.heartbeat', atMs: NOW_MS - seconds(ago) }));
    const doubted = aHost({ claims: { '/monitor/b': aClaim('down') } });
    expect(decide(doubted, beats, aSegment())).toMatchObject([{ type: 'reported', says: 'up', repeats: 2 }]);
  });
});

describe('an incident that several reporters open', () => {
  it('names them in the order of their names', () => {
    const said = ['/c', '/a', '/b'].map((source, index) => anEvent({ source, atMs: NOW_MS - seconds(9 - index) }));
    expect(decide(aHost(), said, aSegment()).at(-1)).toMatchObject({
      type: 'incident-opened',
      because: 'reported down by /a, /b, /c',
    });
  });
});

describe('a word that is read back from the audit', () => {
  it('is written down when it stands for others, however soon after the last one', () => {
    const claims = { '/monitor/a': aClaim('down', NOW_MS - seconds(1)) };
    const again = (standsFor: number) => {
      const received = { event: anEvent(), reporter: '/monitor/a', receivedAtMs: NOW_MS, standsFor };
      const input = { events: [received], segment: undefined, newIncidentId: uuid(1, 9) };
      return decideReports(aHost({ claims }), input, aPolicy(), NOW_MS);
    };
    expect(again(0)).toEqual([]);
    expect(again(1)).toMatchObject([{ type: 'reported', says: 'down', repeats: 1 }]);
  });

  it('counts when it is a heartbeat that nobody needed: an older salvor wrote those down too', () => {
    const beat = { event: anEvent({ type: 'host.heartbeat' }), reporter: '/monitor/a', receivedAtMs: NOW_MS };
    const input = { events: [beat], segment: aSegment(), newIncidentId: uuid(1, 9) };
    expect(decideReports(aHost(), input, aPolicy(), NOW_MS)).toEqual([]);
    expect(decideReports(aHost(), { ...input, everyBeat: true }, aPolicy(), NOW_MS)).toHaveLength(1);
  });
});

describe('a word that is said again within a minute', () => {
  const claims = { '/monitor/a': aClaim('down', NOW_MS - seconds(10)) };
  const open = (['suspected', 'held', 'fencing', 'forcing-down', 'planning', 'evacuating'] as const).map(
    (status) => [`its host is ${status}`, { ...aHostIn(status), claims }] as const,
  );

  it.each<readonly [string, HostState]>([['no incident is open', aHost({ claims })], ...open.slice(0, 3)])(
    'of down is written while it may decide: %s',
    (_, host) => {
      expect(typesOf(host, [anEvent()])).toContain('reported');
    },
  );

  it.each<readonly [string, HostState]>(open.slice(3))(
    'of down is left out while it decides nothing: %s',
    (_, host) => {
      expect(typesOf(host, [anEvent()])).toEqual([]);
    },
  );

  it('of a host that no segment protects is left out, and never expires', () => {
    expect(decide(aHost({ claims }), [anEvent()], undefined)).toEqual([]);
  });

  it.each([
    [900, 60],
    [60, 30],
  ])('of a TTL of %d s is written again after %d s', (claimTtlSeconds, afterSeconds) => {
    const segment = aSegment({ graceSeconds: 5, reporters: { claimTtlSeconds } });
    const factsAfter = (ms: number) =>
      decide({ ...aHostIn('evacuating'), claims: { '/monitor/a': aClaim('down', NOW_MS - ms) } }, [anEvent()], segment);
    expect(factsAfter(seconds(afterSeconds) - 1)).toEqual([]);
    expect(factsAfter(seconds(afterSeconds))).toHaveLength(1);
  });
});

describe('a further incident of a host', () => {
  const graceSeconds = 180;
  const graceAfter = (host: HostState, ...events: readonly HostEvent[]) => {
    const opened = decide(host, events, aSegment({ graceSeconds })).at(-1);
    return opened?.type === 'incident-opened' ? opened.graceEndsAtMs - NOW_MS : undefined;
  };

  it('has its own grace period when the down replaces an up of the same reporter in its batch', () => {
    const up = anEvent({ type: 'host.up', atMs: NOW_MS - seconds(50) });
    expect(graceAfter(ended(NOW_MS - seconds(100)), up, anEvent())).toBe(seconds(graceSeconds));
  });

  it('waits when the last up is from the end of the one before, or no word was up', () => {
    const end = NOW_MS - seconds(100);
    expect(graceAfter(ended(end, { '/monitor/b': aClaim('up', end) }), anEvent())).toBe(seconds(500));
    expect(graceAfter(ended(end), anEvent())).toBe(seconds(500));
  });

  it('comes with a grace period of its own once the wait is over anyhow', () => {
    expect(graceAfter(ended(NOW_MS - seconds(7200)), anEvent())).toBe(seconds(graceSeconds));
  });
});

describe('an up that an operator has overruled', () => {
  const overruled = { ...aClaim('up', NOW_MS - seconds(5)), overruled: true } as const;

  it('speaks neither for its host nor against it', () => {
    expect(countingDownClaims({ '/a': overruled }, 900, NOW_MS)).toEqual([]);
    expect(lastSeenUpMs({ '/a': overruled, '/b': aClaim('up', NOW_MS - seconds(9)) })).toBe(NOW_MS - seconds(9));
    const claims = { '/a': overruled, '/b': aClaim('down', NOW_MS - seconds(6)) };
    expect(countingDownClaims(claims, 900, NOW_MS)).toEqual(['/b']);
  });

  it('keeps no incident open when another up comes', () => {
    const host = { ...aHostIn('suspected'), claims: { '/a': overruled } };
    const up = anEvent({ type: 'host.up', source: '/b', atMs: NOW_MS - seconds(9) });
    expect(typesOf(host, [up])).toEqual(['reported', 'incident-closed']);
  });
});
