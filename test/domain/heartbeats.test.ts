import { describe, expect, it } from 'vitest';
import {
  beatOfLease,
  decideSilence,
  type Hearing,
  heard,
  isBeat,
  type Lease,
  renewedLease,
  SILENCE_REPORTER,
  silenceOf,
} from '#shared/domain/heartbeats.ts';
import { anEvent, aPolicy, HOST_KEY, iso, NOW_MS, seconds } from '#test/support/builders.ts';

const policy = aPolicy();
const settings = policy.heartbeats;
const host = { host: 'compute-1', key: HOST_KEY };

const aLease = (overrides: Partial<Lease> = {}): Lease => ({
  host: 'compute-1',
  hostKey: HOST_KEY,
  reporter: '/agents/beat',
  eventId: 'beat-1',
  beatAtMs: NOW_MS,
  cameAtMs: NOW_MS,
  endsAtMs: (overrides.cameAtMs ?? NOW_MS) + seconds(settings.timeoutSeconds),
  saidAtMs: null,
  ...overrides,
});

/** A heartbeat of `compute-1` that came so many seconds after `NOW_MS`, by a clock that is `skew` seconds ahead. */
function aBeat(after: number, { skew = 0, reporter = '/agents/beat' } = {}) {
  const atMs = NOW_MS + seconds(after);
  const event = anEvent({ type: 'host.heartbeat', source: reporter, atMs: atMs + seconds(skew) });
  const received = { event, reporter, receivedAtMs: atMs };
  if (!isBeat(received)) throw new Error('it is a heartbeat');
  return received;
}

describe('a lease', () => {
  const renewed = (before: Lease | undefined, ...beats: ReturnType<typeof aBeat>[]) =>
    renewedLease(before, host, beats, settings);

  it('begins with the first heartbeat, and is of the newest by the clock of its host', () => {
    const newest = aBeat(5);
    expect(renewed(undefined, aBeat(1), newest, aBeat(3))).toEqual(
      aLease({ eventId: newest.event.id, beatAtMs: NOW_MS + seconds(5), cameAtMs: NOW_MS + seconds(5) }),
    );
    expect(renewed(undefined)).toBeUndefined();
  });

  it('is renewed by the first heartbeat after half of it, and by none before', () => {
    expect(renewed(aLease(), aBeat(29.999))).toBeUndefined();
    expect(renewed(aLease(), aBeat(30))?.endsAtMs).toBe(NOW_MS + seconds(90));
  });

  it('is renewed each minute, however long it lasts', () => {
    const long = { timeoutSeconds: 3600 };
    expect(renewedLease(aLease(), host, [aBeat(59.999)], long)).toBeUndefined();
    expect(renewedLease(aLease(), host, [aBeat(60)], long)?.endsAtMs).toBe(NOW_MS + seconds(3660));
  });

  it('is renewed at once when its host was said to be silent, and begins anew with another service of its name', () => {
    expect(renewed(aLease({ saidAtMs: NOW_MS }), aBeat(1))).toMatchObject({ saidAtMs: null });
    expect(renewed(aLease({ hostKey: 'another' }), aBeat(-1))).toMatchObject({ hostKey: HOST_KEY });
  });

  it('is not renewed by a heartbeat that is not newer, however late it comes; but its host is heard', () => {
    const late = { ...aBeat(0), receivedAtMs: NOW_MS + seconds(50) };
    const wentBack = {
      eventId: late.event.id,
      beatAtMs: NOW_MS,
      cameAtMs: NOW_MS + seconds(50),
      endsAtMs: NOW_MS + seconds(110),
    };
    expect(renewed(aLease(), late)).toEqual({ ...aLease(), wentBack });
    expect(renewed(aLease({ saidAtMs: NOW_MS }), late)).toMatchObject({ endsAtMs: aLease().endsAtMs, saidAtMs: null });
    expect(renewed(aLease(), { ...late, receivedAtMs: NOW_MS + seconds(29) })).toBeUndefined();
  });

  it('is written down no more often because a clock went back, and begins anew once it has caught up', () => {
    const back = renewed(aLease(), aBeat(30, { skew: -600 }));
    expect(renewed(back, aBeat(59, { skew: -600 }))).toBeUndefined();
    expect(renewed(back, aBeat(60, { skew: -600 }))).toMatchObject({ beatAtMs: NOW_MS, wentBack: expect.anything() });
    expect(renewed(back, aBeat(59))).toBeUndefined();
    expect(renewed(back, aBeat(60))).toEqual({
      ...aLease({ cameAtMs: NOW_MS + seconds(60) }),
      beatAtMs: NOW_MS + seconds(60),
      eventId: expect.any(String),
    });
  });

  it('hears no heartbeat twice: one that was recorded and is sent again keeps no dead host alive', () => {
    const again = (after: number, of = aBeat(0)) => ({ ...of, receivedAtMs: NOW_MS + seconds(after) });
    const first = aBeat(0, { skew: 40 });
    const lease = renewed(undefined, first);
    expect(lease?.beatAtMs).toBe(NOW_MS);
    expect(renewed(lease, again(60, first))).toBeUndefined();
    const old = aBeat(30, { skew: -600 });
    const back = renewed(lease, old);
    expect(renewed(back, again(90, old), again(90, first))).toBeUndefined();
  });

  it('is not of a time that is still to come: a clock that was ahead is put right', () => {
    const ahead = renewed(undefined, aBeat(0, { skew: 55 }));
    expect(ahead?.beatAtMs).toBe(NOW_MS);
    expect(renewed(ahead, aBeat(30))).toMatchObject({ cameAtMs: NOW_MS + seconds(30) });
  });

  it('has its last heartbeat to say when somebody says that its host is down, as long as that is believed', () => {
    expect(beatOfLease(aLease(), policy, NOW_MS + seconds(900))).toEqual({
      event: {
        specversion: '1.0',
        id: 'beat-1',
        source: '/agents/beat',
        type: 'host.heartbeat',
        time: iso(NOW_MS),
        data: { schemaVersion: 1, host: 'compute-1' },
      },
      reporter: '/agents/beat',
      receivedAtMs: NOW_MS,
    });
    expect(beatOfLease(aLease(), policy, NOW_MS + seconds(900) + 1)).toBeUndefined();
  });
});

const hearing = (overrides: Partial<Hearing> = {}): Hearing => ({
  sinceMs: NOW_MS - seconds(3600),
  cameAtMs: NOW_MS,
  readAtMs: NOW_MS,
  ...overrides,
});

describe('our own hearing', () => {
  const news = (before: Hearing | undefined, readAfter: number, ...beats: ReturnType<typeof aBeat>[]) =>
    heard(before, beats, settings, NOW_MS + seconds(readAfter));

  it('begins with the first heartbeat', () => {
    expect(news(undefined, 1, aBeat(0))).toEqual({
      sinceMs: NOW_MS + seconds(1),
      cameAtMs: NOW_MS,
      readAtMs: NOW_MS + seconds(1),
    });
    expect(news(undefined, 1)).toBeUndefined();
  });

  it('goes on, noted sixteen times in a timeout at most', () => {
    expect(news(hearing(), 4, aBeat(3.7))).toBeUndefined();
    expect(news(hearing(), 4, aBeat(3.75))).toEqual({
      ...hearing(),
      cameAtMs: NOW_MS + seconds(3.75),
      readAtMs: NOW_MS + seconds(4),
    });
  });

  it('begins anew after a gap of more than three tenths of a timeout', () => {
    expect(news(hearing(), 18, aBeat(18))?.sinceMs).toBe(hearing().sinceMs);
    expect(news(hearing(), 18.001, aBeat(18.001))?.sinceMs).toBe(NOW_MS + seconds(18.001));
    expect(news(hearing(), 18.001, aBeat(17))?.sinceMs).toBe(NOW_MS + seconds(18.001));
  });

  it('begins anew with a heartbeat that was read late, however fresh others of its batch are', () => {
    expect(news(hearing(), 15, aBeat(0), aBeat(14))?.sinceMs).toBe(hearing().sinceMs);
    expect(news(hearing(), 15, aBeat(-0.001), aBeat(14))?.sinceMs).toBe(NOW_MS + seconds(15));
    const anew = hearing({ sinceMs: NOW_MS + seconds(12) });
    expect(news(anew, 15, aBeat(-1))).toBeUndefined();
  });
});

describe('a silence', () => {
  const decide = (leases: readonly Lease[], own: Hearing | undefined = hearing()) =>
    decideSilence(leases, own, policy, NOW_MS);
  const silent = (name: string, overrides: Partial<Lease> = {}) =>
    aLease({ host: name, cameAtMs: NOW_MS - seconds(60), beatAtMs: NOW_MS - seconds(60), ...overrides });
  const alive = (name: string, overrides: Partial<Lease> = {}) => aLease({ host: name, ...overrides });
  const saidOf = (leases: readonly Lease[], own?: Hearing) => decide(leases, own).say.map((lease) => lease.host);

  it('is said from the end of a lease on', () => {
    expect(saidOf([alive('a'), silent('b')])).toEqual(['b']);
    expect(saidOf([alive('a'), silent('b', { endsAtMs: NOW_MS + 1 })])).toEqual([]);
  });

  it('is said again three times in the time for which a word counts', () => {
    const said = (ago: number) => silent('b', { saidAtMs: NOW_MS - seconds(ago) });
    expect(saidOf([alive('a'), said(299)])).toEqual([]);
    expect(saidOf([alive('a'), said(300)])).toEqual(['b']);
  });

  it('is none while heartbeats come whose clock went back, and is shown as that', () => {
    const wentBack = {
      eventId: 'b',
      beatAtMs: NOW_MS - seconds(700),
      cameAtMs: NOW_MS - seconds(59),
      endsAtMs: NOW_MS + 1,
    };
    const heardStill = silent('b', { wentBack });
    const because = 'heartbeats come, but are older than the last one that counts: its clock went back';
    expect(decide([alive('a'), heardStill])).toEqual({ say: [], withheld: [{ hosts: ['b'], because }], forget: [] });
    expect(saidOf([silent('c', { reporter: '/g' }), { ...heardStill, reporter: '/g' }])).toEqual(['c']);
    expect(saidOf([alive('a'), silent('b', { wentBack: { ...wentBack, endsAtMs: NOW_MS } })])).toEqual(['b']);
  });

  it('is forgotten after a day', () => {
    const day = silent('b', { endsAtMs: NOW_MS - seconds(86_400) });
    expect(decide([alive('a'), day])).toEqual({ say: [], withheld: [], forget: [day] });
  });

  it('of one who is the only one that somebody speaks for is said, though it may be that one', () => {
    expect(saidOf([alive('a'), silent('b', { reporter: '/b' })])).toEqual(['b']);
  });

  it('of all that somebody speaks for is not: it is that one who is silent', () => {
    const ofGateway = ['b', 'c'].map((name) => silent(name, { reporter: '/gateway' }));
    expect(decide([alive('a'), ...ofGateway])).toEqual({
      say: [],
      withheld: [
        { hosts: ['b', 'c'], because: 'every host that /gateway speaks for is silent: it may be /gateway itself' },
      ],
      forget: [],
    });
    expect(saidOf([...ofGateway, alive('d', { reporter: '/gateway' })])).toEqual(['b', 'c']);
  });

  it.each<[what: string, own: Hearing | undefined, because: RegExp]>([
    ['none was ever heard', undefined, /no heartbeat was ever heard/],
    ['nobody was heard for a quarter of a timeout', hearing({ cameAtMs: NOW_MS - seconds(15.001) }), /for 15 s/],
    ['they are heard anew for less than a timeout', hearing({ sinceMs: NOW_MS - seconds(59.999) }), /60 s only/],
  ])('is not said while it may be ours: %s', (_, own, because) => {
    const decided = decideSilence([alive('a'), silent('b')], own, policy, NOW_MS);
    expect(decided).toEqual({
      say: [],
      withheld: [{ hosts: ['b'], because: expect.stringMatching(because) }],
      forget: [],
    });
    expect(decideSilence([alive('a')], own, policy, NOW_MS).withheld).toEqual([]);
  });

  it('is said once they were heard for a whole timeout', () => {
    expect(saidOf([alive('a'), silent('b')], hearing({ sinceMs: NOW_MS - seconds(60) }))).toEqual(['b']);
    expect(saidOf([alive('a'), silent('b')], hearing({ cameAtMs: NOW_MS - seconds(15) }))).toEqual(['b']);
  });

  it('is a word of its own, whoever forwarded the heartbeats', () => {
    const said = silenceOf(silent('b'), 'an id', NOW_MS);
    expect(said).toMatchObject({ type: 'host.down', id: 'an id', reporter: SILENCE_REPORTER, time: iso(NOW_MS) });
    expect(said.data).toEqual({
      schemaVersion: 1,
      host: 'b',
      reason: `no heartbeat since about ${iso(NOW_MS - seconds(60))}, when the last came by /agents/beat`,
    });
  });

  it('is dated by the clock of a host that is behind ours, and never ahead of ours', () => {
    const by = (skew: number) => silenceOf(silent('b', { beatAtMs: NOW_MS + seconds(skew - 60) }), '1', NOW_MS).time;
    expect(by(-40)).toBe(iso(NOW_MS - seconds(40)));
    expect(by(40)).toBe(iso(NOW_MS));
  });

  it('is dated by the clock as it went back, so that the next heartbeat ends it', () => {
    const wentBack = {
      eventId: 'b',
      beatAtMs: NOW_MS - seconds(661),
      cameAtMs: NOW_MS - seconds(61),
      endsAtMs: NOW_MS,
    };
    const said = silenceOf(silent('b', { cameAtMs: NOW_MS - seconds(90), wentBack }), '1', NOW_MS);
    expect(said.time).toBe(iso(NOW_MS - seconds(600)));
    expect(said.data.reason).toContain(iso(NOW_MS - seconds(61)));
  });
});
