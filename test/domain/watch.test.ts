import { describe, expect, it } from 'vitest';
import { sightsOf, wordsFor } from '#shared/domain/watch.ts';
import type { ComputeService } from '#shared/ports.ts';
import { aService, NOW_MS, seconds } from '#test/support/builders.ts';

const silent = (host: string, forSeconds: number, more: Partial<ComputeService> = {}) =>
  aService({ host, lastReportAtMs: NOW_MS - seconds(forSeconds), ...more });
const saying = (...services: readonly ComputeService[]) =>
  Object.fromEntries([...sightsOf([silent('fresh', 0), ...services], 30)].map(([host, { says }]) => [host, says]));

const DISABLED = { status: 'disabled', state: 'down' } as const;

describe('what Nova’s list of services says', () => {
  it.each<[string, ComputeService, 'up' | 'down' | undefined]>([
    ['that reports', silent('a', 10), 'up'],
    ['that reports just in time', silent('a', 15), 'up'],
    ['that is late', silent('a', 16), undefined],
    ['that is late up to the limit', silent('a', 30), undefined],
    ['that is silent', silent('a', 31), 'down'],
    ['that Nova sees down', silent('a', 60, { state: 'down' }), 'down'],
    ['that Nova sees down sooner than silence is told', silent('a', 16, { state: 'down' }), 'down'],
    ['that Nova sees down, though it reports as the others do', silent('a', 15, { state: 'down' }), undefined],
    ['that never reported, and is down', silent('a', 0, { lastReportAtMs: null, state: 'down' }), 'down'],
    ['that never reported, and is new', silent('a', 0, { lastReportAtMs: null }), undefined],
    ['in maintenance', silent('a', 300, { status: 'disabled', state: 'down' }), undefined],
    ['that has disabled itself', silent('a', 300, { ...DISABLED, disabledReason: 'AUTO: no libvirt' }), 'down'],
    ['that salvor disabled', silent('a', 300, { ...DISABLED, disabledReason: 'salvor: process x down' }), 'down'],
    ['that is forced down', silent('a', 300, { forcedDown: true, state: 'down' }), undefined],
  ])('of one %s', (_, service, says) => {
    expect(saying(service).a).toBe(says);
  });

  it('calls nobody silent when the newest report is old: then Nova’s own clock or its message bus is', () => {
    const services = [silent('a', 300), silent('b', 310)];
    expect([...sightsOf(services, 30).values()].map(({ says }) => says)).toEqual(['up', 'up']);
  });

  const down = { state: 'down' } as const;
  it.each<[string, readonly ComputeService[]]>([
    ['all at once', [silent('a', 120, down), silent('b', 125, down), silent('c', 121, down)]],
    ['of which one was down before', [silent('a', 120, down), silent('b', 90_000, down)]],
    ['of which one is forced down', [silent('a', 120, down), silent('b', 300, { ...down, forcedDown: true })]],
    ['the only one there is', [silent('a', 120, down)]],
  ])('says nothing when it sees every service down, %s: it may be Nova that hears nobody', (_, services) => {
    expect(sightsOf(services, 30)).toEqual(new Map());
  });

  it('says who is down as soon as Nova hears anybody, though that one is disabled', () => {
    const heardStill = silent('b', 3, { status: 'disabled' });
    expect([...sightsOf([silent('a', 120, down), heardStill], 30).keys()]).toEqual(['a']);
  });

  it('accuses nobody while services come back after the message bus was away', () => {
    const back = [silent('a', 3), silent('b', 5), silent('c', 12, down)];
    expect(saying(...back)).toEqual({ fresh: 'up', a: 'up', b: 'up' });
  });

  it('says how long ago, and nothing of services that are none', () => {
    expect(sightsOf([silent('a', 0), silent('b', 90)], 30).get('b')).toEqual({
      says: 'down',
      because: 'nova-compute was last heard of 90 s before the newest report of any',
      silentMs: 90_000,
    });
    expect(sightsOf([], 30)).toEqual(new Map());
  });
});

describe('what has to be said', () => {
  const sights = sightsOf([silent('fresh', 0), silent('dead', 60), silent('late', 20), silent('free', 60)], 30);
  const words = (accused: Record<string, number>, atMs = NOW_MS) =>
    wordsFor(sights, accused, (host) => host !== 'free', atMs);

  it('is who is down, of those who are protected', () => {
    const { words: said, accused } = words({});
    expect(said).toMatchObject([{ host: 'dead', says: 'down' }]);
    expect(accused).toEqual({ dead: NOW_MS });
  });

  it('is said again each minute, and not before', () => {
    expect(words({ dead: NOW_MS }, NOW_MS + seconds(59)).words).toEqual([]);
    expect(words({ dead: NOW_MS }, NOW_MS + seconds(59)).accused).toEqual({ dead: NOW_MS });
    expect(words({ dead: NOW_MS }, NOW_MS + seconds(60)).words).toHaveLength(1);
    expect(words({ dead: NOW_MS }, NOW_MS + seconds(60)).accused).toEqual({ dead: NOW_MS + seconds(60) });
  });

  it('is who is up again of those who were called down, once', () => {
    const { words: said, accused } = words({ dead: NOW_MS, fresh: NOW_MS });
    expect(said).toMatchObject([{ host: 'fresh', says: 'up' }]);
    expect(accused).toEqual({ dead: NOW_MS });
  });

  it('keeps in mind who is neither, and forgets who is not protected any more', () => {
    const { words: said, accused } = words({ dead: NOW_MS, late: 1, 'in-maintenance': 2, free: 3 });
    expect(said).toEqual([]);
    expect(accused).toEqual({ dead: NOW_MS, late: 1, 'in-maintenance': 2 });
  });

  it('takes any name for a name', () => {
    const odd = sightsOf([silent('fresh', 0), silent('__proto__', 60), silent('constructor', 60)], 30);
    const { words: said, accused } = wordsFor(odd, {}, () => true, NOW_MS);
    expect(said.map(({ host }) => host)).toEqual(['__proto__', 'constructor']);
    expect(Object.keys(accused)).toEqual(['__proto__', 'constructor']);
  });
});
