import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState } from '#shared/domain/host.ts';
import { decideHome, type HomeCandidate, type HomeSight } from '#shared/domain/return/home.ts';
import type { GoingHome } from '#shared/domain/return/returning.ts';
import { aPolicy, INSTANCE_ID, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { aMove, aReturn, aReturningHost, RETURN_ID } from '#test/support/returns.ts';

const RULES = (() => {
  const policy = aPolicy({}, { hostReturn: { goHome: true } });
  return { policy, segment: policy.segments[0] ?? null };
})();
const SERVER = {
  ...{ host: 'compute-2', vmState: 'active', taskState: null, locked: false, metadata: {} },
  ...{ flavorName: 'tiny', extraSpecs: {}, projectId: 'p' },
};
const next = (server: Partial<NonNullable<HomeCandidate['server']>> | null = {}): HomeCandidate => ({
  instanceId: INSTANCE_ID,
  name: 'web-1',
  broughtTo: 'compute-2',
  server: server && { ...SERVER, ...server },
  lastMigrationId: 4,
});
const sight = (overrides: Partial<HomeSight> = {}): HomeSight => ({
  atMs: NOW_MS,
  host: 'compute-1',
  halted: null,
  service: { state: 'up', status: 'enabled', forcedDown: false },
  moving: null,
  next: next(),
  ...overrides,
});
const decide = (seen: HomeSight, returning: GoingHome = aReturn('going-home'), rules = RULES) =>
  decideHome(returning, seen, rules, 0.5);

describe('the next instance', () => {
  it('is asked for, to the host that it came from', () => {
    expect(decide(sight())).toEqual([
      {
        type: 'move-intended',
        of: RETURN_ID,
        instanceId: INSTANCE_ID,
        name: 'web-1',
        from: 'compute-2',
        to: 'compute-1',
        attempt: 1,
        intendedAtMs: NOW_MS,
        lastMigrationId: 4,
      },
      { type: 'return-goes-on', shut: [], nextLookAtMs: NOW_MS + seconds(5) },
    ]);
  });

  it.each([
    ['it was deleted', null],
    ['it is on compute-4 by now', { host: 'compute-4' }],
    ['it is on no host by now', { host: null }],
    ['it is stopped', { vmState: 'stopped' }],
    ['it has a task, resize_prep', { taskState: 'resize_prep' }],
    ['it is locked', { locked: true }],
    ['opted out: metadata HA_Enabled is false', { metadata: { HA_Enabled: 'False' } }],
    ['opted out: flavor evacuable is no', { extraSpecs: { evacuable: 'no' } }],
    ['excluded: it is an amphora, which Octavia replaces by itself', { flavorName: 'amphora' }],
  ])('stays: %s', (because, server) => {
    expect(decide(sight({ next: next(server) }))).toEqual([
      { type: 'home-left-out', returnId: RETURN_ID, instanceId: INSTANCE_ID, because, atMs: NOW_MS },
    ]);
  });

  it('stays when no segment is left to protect it', () => {
    expect(decide(sight(), aReturn('going-home'), { ...RULES, segment: null })).toMatchObject([
      { type: 'home-left-out', because: 'no segment protects it' },
    ]);
  });

  it('waits while salvor is switched off', () => {
    expect(decide(sight({ halted: 'salvor is disarmed by ann' }))).toMatchObject([
      { type: 'return-goes-on', shut: [{ check: 'armed' }], nextLookAtMs: NOW_MS + seconds(10) },
    ]);
  });
});

describe('the end', () => {
  it.each([
    ['none is left', { next: null }, 'Nova sees it up'],
    ['the host is down', { service: { state: 'down', status: 'enabled', forcedDown: false } }, 'the host is not in'],
    ['the host is disabled', { service: { state: 'up', status: 'disabled', forcedDown: false } }, 'the host is not in'],
    [
      'the host is forced down',
      { service: { state: 'up', status: 'enabled', forcedDown: true } },
      'the host is not in',
    ],
    ['Nova knows the host no more', { service: null }, 'the host is not in'],
  ] as const)('comes when %s', (_, seen, because) => {
    const [fact] = decide(sight(seen), aReturn('going-home', { home: 2, stayed: 1 }));
    expect(fact).toMatchObject({
      type: 'return-ended',
      outcome: 'returned',
      because: expect.stringContaining(because),
    });
    expect(fact).toMatchObject({ because: expect.stringMatching(/; 2 instances went home, 1 stayed$/) });
  });
});

describe('one that is on its way', () => {
  const move = aMove({ from: 'compute-2', to: 'compute-1' });
  const moving = (server: { host: string; taskState: string | null }, status?: string) => ({
    instanceId: INSTANCE_ID,
    server,
    migration: status === undefined ? null : { id: 8, status },
  });
  const on = aReturn('going-home', { move });
  it.each([
    [
      'has arrived',
      { host: 'compute-1', taskState: null },
      { outcome: 'moved', host: 'compute-1' },
      { home: 1, stayed: 0 },
    ],
    ['landed elsewhere', { host: 'compute-3', taskState: null }, { outcome: 'moved' }, { home: 0, stayed: 1 }],
  ] as const)('is counted when it %s', (_, server, fact, counts) => {
    const facts = decide(sight({ moving: moving(server) }), on);
    expect(facts).toMatchObject([{ type: 'move-ended', ...fact }]);
    const after = facts.reduce<HostState>(evolveHost, aReturningHost(on));
    expect(after.returning).toMatchObject({ ...counts, move: null, tick: on.tick + 1 });
  });

  it('is asked for once', () => {
    const facts = decide(sight({ moving: moving({ host: 'compute-2', taskState: null }, 'error') }), on);
    expect(facts).toMatchObject([{ type: 'move-ended', outcome: 'failed', retryAtMs: null }]);
  });

  it('is waited for, and found when nobody has heard its answer', () => {
    const running = moving({ host: 'compute-2', taskState: 'migrating' });
    expect(decide(sight({ moving: running }), on)).toMatchObject([{ type: 'return-goes-on' }]);
    const unheard = aReturn('going-home', { move: { ...move, answer: 'none' } });
    expect(decide(sight({ moving: running }), unheard)).toMatchObject([{ type: 'move-found' }, {}]);
    expect(decide(sight(), on)).toMatchObject([{ type: 'return-goes-on' }]);
  });

  it('is the one that is told of', () => {
    const other = { type: 'move-ended', of: RETURN_ID, instanceId: uuid(3, 9), outcome: 'moved' } as const;
    const fact = { ...other, because: '', host: null, atMs: NOW_MS, retryAtMs: null };
    expect(evolveHost(aReturningHost(on), fact).returning).toEqual(on);
  });
});
