import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState } from '#shared/domain/host.ts';
import {
  decideDisabling,
  decideDraining,
  endsMaintenance,
  type SeenService,
} from '#shared/domain/maintenance/decide-maintenance.ts';
import { sortOut } from '#shared/domain/maintenance/drain-sight.ts';
import {
  type Disabling,
  type DrainSight,
  disabledReasonOf,
  type Ready,
} from '#shared/domain/maintenance/maintenance.ts';
import { aHost, aPolicy, INSTANCE_ID, NOW_MS, SERVICE_ID, seconds, uuid } from '#test/support/builders.ts';
import { aMaintenance, aMove } from '#test/support/returns.ts';

const LIMITS = aPolicy().maintenance;
const OURS = 'salvor maintenance by ann: memory';

describe('a host that is to be disabled', () => {
  const service = (overrides: Partial<SeenService> = {}): SeenService => ({
    id: SERVICE_ID,
    status: 'enabled',
    disabledReason: null,
    state: 'up',
    forcedDown: false,
    ...overrides,
  });
  const decide = (seen: SeenService | null, maintenance: Partial<Disabling> = {}) =>
    decideDisabling(aHost(), aMaintenance('disabling', maintenance), seen, NOW_MS, 1);

  it('is disabled with a reason by which salvor knows it again', () => {
    expect(decide(service())).toMatchObject({
      do: 'disable',
      reason: OURS,
      facts: [{ type: 'service-change-intended', of: 'm1', change: 'disable', reason: OURS }],
    });
    expect(disabledReasonOf({ by: 'ann', reason: 'x'.repeat(1000) })).toHaveLength(255);
  });

  it('that somebody has disabled before is left as it is, but not one that has disabled itself', () => {
    expect(decide(service({ status: 'disabled', disabledReason: 'bob' })).facts).toEqual([
      { type: 'maintenance-began', maintenanceId: 'm1', disabledReason: 'bob', atMs: NOW_MS },
    ]);
    expect(decide(service({ status: 'disabled', disabledReason: 'AUTO: no libvirt' })).do).toBe('disable');
  });

  it('is reconciled from Nova when nobody has heard the answer', () => {
    expect(decide(service({ status: 'disabled', disabledReason: OURS }), { asked: true }).facts).toMatchObject([
      { type: 'service-changed', change: 'disable', reason: OURS },
      { type: 'maintenance-began' },
    ]);
    expect(decide(service(), { asked: true, failures: 1 }).facts).toMatchObject([
      { type: 'service-change-failed', retryAtMs: NOW_MS + seconds(10) },
    ]);
  });

  it.each([null, service({ id: 'another' })])('is in maintenance no more when its service is gone: %j', (seen) => {
    expect(decide(seen)).toMatchObject({ do: 'commit', facts: [{ type: 'maintenance-ended', unsettled: null }] });
    expect(decide(seen, { asked: true }).facts).toMatchObject([{ unsettled: 'disable' }]);
  });
});

const ready = (number: number, overrides: Partial<Ready> = {}): Ready => ({
  instanceId: uuid(3, number),
  name: `web-${number}`,
  memoryMb: 2048,
  vcpus: 1,
  lastMigrationId: 3,
  candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 9000 }],
  ...overrides,
});
const sight = (overrides: Partial<DrainSight> = {}): DrainSight => ({
  atMs: NOW_MS,
  host: 'compute-1',
  halted: null,
  moving: [],
  ready: [],
  waiting: 0,
  left: [],
  leftOut: 0,
  ...overrides,
});
const drain = (seen: DrainSight, maintenance: Parameters<typeof aMaintenance<'draining'>>[1] = {}) =>
  decideDraining(aMaintenance('draining', maintenance), seen, LIMITS, 1);
const moving = (number: number, host: string | null, taskState: string | null = null) => ({
  instanceId: uuid(3, number),
  server: host === null ? null : { host, taskState },
  migration: null,
});
const moves = (...numbers: readonly number[]) =>
  Object.fromEntries(numbers.map((number) => [uuid(3, number), aMove({ instanceId: uuid(3, number) })]));

describe('a host that is drained', () => {
  it('has as many instances on their way as the policy allows', () => {
    const facts = drain(sight({ ready: [ready(2), ready(3)], moving: [moving(1, 'compute-1', 'migrating')] }), {
      moves: moves(1),
    });
    expect(facts).toMatchObject([
      { type: 'move-intended', name: 'web-2', from: 'compute-1', to: 'compute-2', attempt: 1, lastMigrationId: 3 },
      { type: 'maintenance-looked', nextLookAtMs: NOW_MS + seconds(5) },
    ]);
  });

  it('leaves the choice to Nova’s scheduler where nobody has room', () => {
    const tight = { candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 9 }] };
    expect(drain(sight({ ready: [ready(1, tight)] }))).toMatchObject([{ to: null }, {}]);
    const unknown = { candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: null as unknown as number }] };
    expect(drain(sight({ ready: [ready(1, unknown)] }))).toMatchObject([{ to: 'compute-2' }, {}]);
  });

  it('settles what has ended before it asks for more', () => {
    const facts = drain(sight({ ready: [ready(2)], moving: [moving(1, 'compute-2')] }), { moves: moves(1) });
    expect(facts).toMatchObject([{ type: 'move-ended', outcome: 'moved' }, { type: 'maintenance-looked' }]);
    const after = facts.reduce<HostState>(
      evolveHost,
      aHost({ maintenance: aMaintenance('draining', { moves: moves(1) }) }),
    );
    expect(after.maintenance).toMatchObject({ moved: 1, moves: {} });
  });

  it('tries one elsewhere that has failed, and counts how often', () => {
    const tried = { [uuid(3, 1)]: { attempts: 1, because: 'x', retryAtMs: NOW_MS, failedAt: ['compute-2'] } };
    const others = [
      { host: 'compute-2', inFlight: 0, freeMemoryMb: 9000 },
      { host: 'compute-3', inFlight: 5, freeMemoryMb: 9000 },
    ];
    expect(drain(sight({ ready: [ready(1, { candidates: others })] }), { tried })).toMatchObject([
      { to: 'compute-3', attempt: 2 },
      {},
    ]);
  });

  it('pauses while salvor is switched off, and says so once', () => {
    const halted = sight({ halted: 'salvor is disarmed by bob', ready: [ready(1)] });
    expect(drain(halted)).toMatchObject([
      { type: 'drain-paused', because: 'salvor is disarmed by bob' },
      { type: 'maintenance-looked', nextLookAtMs: NOW_MS + seconds(10) },
    ]);
    expect(drain(halted, { pausedBy: 'salvor is disarmed by bob' })).toMatchObject([{ type: 'maintenance-looked' }]);
  });

  it('has found one that runs although nobody has heard the answer', () => {
    const unheard = { [INSTANCE_ID]: aMove({ answer: 'unknown' }) };
    expect(drain(sight({ moving: [moving(1, 'compute-1', 'migrating')] }), { moves: unheard })).toMatchObject([
      { type: 'move-found' },
      {},
    ]);
  });

  it('is drained when nothing is left to be asked for or waited for', () => {
    const left = [{ instanceId: 'i', name: 'idle', because: 'it is stopped' }];
    expect(drain(sight({ left }), { moved: 3 })).toEqual([
      { type: 'drained', maintenanceId: 'm1', moved: 3, left, leftOut: 0, atMs: NOW_MS },
    ]);
    expect(drain(sight({ waiting: 1 }))).toMatchObject([{ type: 'maintenance-looked' }]);
  });
});

describe('the instances on it', () => {
  const here = (number: number, overrides: Partial<Parameters<typeof sortOut>[1][number]> = {}) => ({
    id: uuid(3, number),
    name: `web-${number}`,
    vmState: 'active',
    taskState: null,
    memoryMb: 2048,
    vcpus: 1,
    ...overrides,
  });
  const sorted = (
    servers: Parameters<typeof sortOut>[1],
    maintenance: Parameters<typeof aMaintenance<'draining'>>[1] = {},
    free = 9,
  ) => sortOut(aMaintenance('draining', maintenance), servers, [], free, NOW_MS);

  it('are asked for in an order of their own, as many as there are places; the others wait', () => {
    const { ready: first, waiting } = sorted([here(3), here(1), here(2)], {}, 2);
    expect(first.map(({ name }) => name)).toEqual(['web-1', 'web-2']);
    expect(waiting).toBe(1);
  });

  it('that can’t be live-migrated are told once nothing else is left to do', () => {
    const stopped = here(1, { vmState: 'stopped' });
    const because = 'it is stopped: Nova live-migrates what runs';
    expect(sorted([stopped]).left).toEqual([{ instanceId: stopped.id, name: 'web-1', because }]);
    expect(sorted([stopped, here(2)]).left).toEqual([]);
    expect(sorted([stopped], { moves: moves(2) }).left).toEqual([]);
  });

  it('wait for their task, for the pause after a failure, and not for what is on its way', () => {
    const tried = (retryAtMs: number | null) => ({
      tried: { [uuid(3, 1)]: { attempts: 1, because: 'no valid host', retryAtMs, failedAt: [] } },
    });
    expect(sorted([here(1, { taskState: 'image_snapshot' })])).toMatchObject({ ready: [], waiting: 1 });
    expect(sorted([here(1, { vmState: 'stopped', taskState: 'powering-on' })])).toMatchObject({ waiting: 1, left: [] });
    expect(sorted([here(1)], tried(NOW_MS + 1))).toMatchObject({ ready: [], waiting: 1 });
    expect(sorted([here(1)], tried(NOW_MS)).ready).toHaveLength(1);
    expect(sorted([here(1)], tried(null))).toMatchObject({ left: [{ because: 'no valid host' }], waiting: 0 });
    expect(sorted([here(1)], { moves: moves(1) })).toMatchObject({ ready: [], waiting: 0 });
  });

  it('that stay are named up to five hundred', () => {
    const many = Array.from({ length: 503 }, (_, index) => here(index, { vmState: 'error' }));
    const { left, leftOut } = sorted(many);
    expect([left.length, leftOut]).toEqual([500, 3]);
  });
});

describe('the end of a maintenance', () => {
  const back = { returnId: uuid(1, 9), segment: 'az1' };
  const ends = (host: Partial<HostState>, said: Parameters<typeof endsMaintenance>[2] = null) => {
    const maintenance = host.maintenance ?? aMaintenance('away');
    return endsMaintenance(aHost(host), maintenance, said, back, NOW_MS);
  };

  it('has what salvor has disabled on its way back, asked for by whoever asked for the work', () => {
    const facts = ends({ maintenance: aMaintenance('away'), ours: { disabled: OURS } });
    expect(facts).toMatchObject([
      { type: 'maintenance-ended', because: 'its time is over', commandId: null, by: null },
      { type: 'return-opened', returnId: back.returnId, askedFor: { by: 'ann', commandId: 'm1' } },
    ]);
    const bob = { by: 'bob', reason: 'done', commandId: 'c9' };
    expect(ends({ ours: { forcedDownAtMs: 1 } }, bob)).toMatchObject([
      { by: 'bob', because: 'done', commandId: 'c9' },
      { askedFor: bob, because: 'its maintenance has ended: done' },
    ]);
  });

  it('leaves alone what somebody else has disabled', () => {
    expect(ends({}).map(({ type }) => type)).toEqual(['maintenance-ended']);
  });

  it('lets go of what is on its way', () => {
    const maintenance = aMaintenance('draining', { moves: moves(1) });
    expect(ends({ maintenance })).toMatchObject([
      { type: 'move-ended', outcome: 'left', retryAtMs: null },
      { type: 'maintenance-ended' },
    ]);
  });

  it('and whatever comes late changes nothing', () => {
    const late = { type: 'drained', maintenanceId: 'an older one', moved: 9, left: [], leftOut: 0, atMs: 1 } as const;
    const host = aHost({ maintenance: aMaintenance('draining') });
    expect(evolveHost(host, late).maintenance).toEqual(host.maintenance);
    expect(evolveHost(aHost(), late).maintenance ?? null).toBeNull();
  });
});
