/** What is asked for an instance that is down, and everything that keeps salvor from asking. */
import { describe, expect, it } from 'vitest';
import { decideInstance } from '#shared/domain/instance-recovery/decide.ts';
import type { InstanceClaim, InstanceFact } from '#shared/domain/instance-recovery/instance.ts';
import type { InstanceSight, SeenInstance } from '#shared/domain/instance-recovery/sight.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { Signs } from '#shared/domain/seen.ts';
import { aPolicy, NOW_MS, type PolicyInput, type SegmentInput, seconds, uuid } from '#test/support/builders.ts';
import { anInstanceIn, anInstanceSight } from '#test/support/instances.ts';

type Recovery = NonNullable<SegmentInput['instanceRecovery']>;

function decided(
  sight: Parameters<typeof decideInstance>[1],
  {
    state = anInstanceIn('suspected') as Parameters<typeof decideInstance>[0],
    recovery = {} as Recovery,
    segment = {} as Partial<SegmentInput>,
    policy: given = {} as Partial<PolicyInput>,
  } = {},
) {
  const instanceRecovery = { protect: 'all' as const, confirmSeconds: 0, ...recovery };
  const policy = aPolicy(given, { instanceRecovery, ...segment });
  return decideInstance(state, sight, { policy, segment: policy.segments[0] as Segment }, NOW_MS);
}

const inShort = ([fact]: readonly InstanceFact[]): string => {
  if (fact?.type === 'instance-request-intended') return `${fact.request.action}: ${fact.request.ask}`;
  if (fact?.type === 'instance-held') return `waits: ${fact.holds.map(({ hold }) => hold).join(', ')}`;
  return fact?.type === 'instance-incident-closed' ? `${fact.outcome}: ${fact.because}` : (fact?.type ?? 'nothing');
};

const said = (reason: InstanceClaim['reason'], ...reporters: readonly string[]) =>
  Object.fromEntries(
    reporters.map((reporter) => [reporter, { reason, occurredAtMs: NOW_MS, receivedAtMs: NOW_MS } as const]),
  );
const restarts = (count: number, action: 'restart' | 'move' = 'restart') =>
  Array.from({ length: count }, () => ({ action, atMs: NOW_MS - seconds(600) }));

describe('what it is', () => {
  const STOP = { action: 'stop', requestId: 'req-2', userId: 'owner' };
  const BY_NOVA = { ...STOP, userId: null };
  const START = { action: 'start', requestId: 'req-3', userId: 'owner' };

  it.each<[string, Parameters<typeof anInstanceSight>, string]>([
    ['it runs', [], 'restart: reboot'],
    ['it is in ERROR', [{ vmState: 'error' }], 'restart: reboot'],
    ['its owner has stopped it', [{ vmState: 'stopped' }, { actions: [STOP] }], 'left: its owner has stopped it'],
    ['nobody knows who has', [{ vmState: 'stopped' }, { actions: [] }], 'left: its owner has stopped it'],
    ['Nova itself has stopped it', [{ vmState: 'stopped' }, { actions: [BY_NOVA] }], 'restart: reboot'],
    [
      'its owner has stopped it after Nova had',
      [{ vmState: 'stopped' }, { actions: [STOP, START, BY_NOVA] }],
      'left: its owner has stopped it',
    ],
    ['it is paused', [{ vmState: 'paused' }], 'left: its owner has paused it'],
    ['it is suspended', [{ vmState: 'suspended' }], 'left: its owner has suspended it'],
    ['it is in rescue', [{ vmState: 'rescued' }], 'left: its owner has it in rescue'],
    ['it is resized', [{ vmState: 'resized' }], 'left: its resize waits for confirmation'],
    ['it is shelved', [{ vmState: 'shelved_offloaded', host: null }], 'left: it is shelved'],
    ['it is built', [{ vmState: 'building' }], 'left: it is being built'],
    ['it is deleted', [{ taskState: 'deleting' }], 'left: it is being deleted'],
    ['a state of tomorrow', [{ vmState: 'frozen' }], 'left: its state is frozen, which salvor does not know'],
    ['it is locked', [{ locked: true }], 'left: it is locked'],
    ['it has a task', [{ taskState: 'powering-off' }], 'waits: task'],
    ['it has moved and runs', [{ host: 'compute-2' }], 'left: it runs on compute-2 by now'],
    [
      'it has moved and is stopped by Nova',
      [
        { host: 'compute-2', vmState: 'stopped' },
        { actions: [BY_NOVA], segments: ['az2'] },
      ],
      'restart: reboot',
    ],
  ])('%s', (_name, sight, what) => {
    expect(inShort(decided(anInstanceSight(...sight)))).toBe(what);
  });

  it('is gone', () => {
    const sight: InstanceSight = { ...anInstanceSight(), server: null };
    expect(inShort(decided(sight))).toBe('left: it is gone');
  });

  it.each([
    ['opted-in', {}, 'left: not opted in: metadata HA_Enabled is absent, nor by image, flavor, aggregate'],
    ['opted-in', { HA_Enabled: 'True' }, 'restart: reboot'],
    ['all', {}, 'restart: reboot'],
    ['all', { HA_Enabled: 'False' }, 'left: opted out: metadata HA_Enabled is false'],
  ] as const)('%s with %j', (protect, metadata, what) => {
    expect(inShort(decided(anInstanceSight({ metadata }), { recovery: { protect } }))).toBe(what);
  });

  it.each<[string, Partial<SeenInstance>, Signs]>([
    ['image', {}, { image: { id: 'image-1', tags: ['evacuable'], properties: {} } }],
    ['flavor', { extraSpecs: { evacuable: 'true' } }, {}],
    ['aggregate', {}, { aggregates: [{ name: 'ha', metadata: { evacuable: 'yes' } }] }],
  ])('opted in by its %s', (_name, server, signs) => {
    const recovery = { protect: 'opted-in' } as const;
    expect(inShort(decided(anInstanceSight(server, { signs }), { recovery }))).toBe('restart: reboot');
    const segment = { instances: { saidIn: ['metadata' as const] } };
    expect(inShort(decided(anInstanceSight(server, { signs }), { recovery, segment }))).toMatch(/^left: not opted in/);
  });

  it('an amphora is left to Octavia', () => {
    const name = `amphora-${uuid(1, 1)}`;
    expect(inShort(decided(anInstanceSight({ name })))).toMatch(/^left: excluded: it is an amphora/);
  });

  describe('evacuated by way of an empty disk', () => {
    const actions = [{ ...STOP, action: 'evacuate', requestId: 'req-4' }, BY_NOVA];
    const localDisks = { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false };
    const what = (vmState: string, done: readonly (typeof STOP | typeof BY_NOVA)[], shared = false) =>
      inShort(
        decided(anInstanceSight({ vmState, localDisks }, { actions: done }), {
          segment: { instances: { sharedInstanceStorage: shared } },
        }),
      );

    it.each(['stopped', 'error'])('is not started when it is %s', (vmState) => {
      expect(what(vmState, actions)).toBe('left: it was evacuated, and its disk is not the one that it ran from');
    });

    it('is like any other once it has run since, and where disks are shared', () => {
      expect(what('error', [{ ...START, action: 'reboot' }, ...actions])).toBe('restart: reboot');
      expect(what('active', actions)).toBe('restart: reboot');
      expect(what('stopped', actions, true)).toBe('restart: reboot');
    });
  });

  it('in ERROR is left where the policy leaves those alone', () => {
    const segment = { instances: { inError: 'leave' } } as const;
    expect(inShort(decided(anInstanceSight({ vmState: 'error' }), { segment }))).toMatch(/^left: it is in ERROR/);
  });
});

describe('its host', () => {
  it.each<[string, Partial<InstanceSight>, string]>([
    ['is suspected', { hostIncident: 'suspected' }, 'waits: host-incident'],
    ['is held', { hostIncident: 'held' }, 'waits: host-incident'],
    ['is fenced', { hostIncident: 'fencing' }, 'taken-over: the incident of its host has it in hand, which is fencing'],
    ['is unknown to Nova', { service: null }, 'waits: host-service'],
    ['is switched off', { disarmed: 'by ann' }, 'waits: armed'],
    ['is of a segment that is stopped', { stopped: 'a contradiction' }, 'waits: segment-not-stopped'],
    ['is of another segment by now', { segments: ['az2'] }, 'left: segments that hold its host now: az2'],
    ['is of none', { segments: [] }, 'left: segments that hold its host now: none'],
    ['is of two', { segments: ['az1', 'az2'] }, 'left: segments that hold its host now: az1, az2'],
  ])('%s', (_name, over, what) => {
    expect(inShort(decided(anInstanceSight({}, over)))).toBe(what);
  });

  it.each([
    ['in maintenance', { status: 'disabled', disabledReason: 'new disks' }, 'waits: host-service'],
    [
      'disabled by salvor itself',
      { status: 'disabled', disabledReason: 'salvor: process libvirtd down' },
      'restart: reboot',
    ],
    ['disabled by Nova itself', { status: 'disabled', disabledReason: 'AUTO: no libvirt' }, 'restart: reboot'],
    ['down in Nova', { state: 'down' }, 'waits: host-service'],
    ['forced down', { forcedDown: true }, 'waits: host-service'],
  ] as const)('is %s', (_name, service, what) => {
    const before = anInstanceSight().service;
    if (before === null) throw new Error('it has one');
    expect(inShort(decided(anInstanceSight({}, { service: { ...before, ...service } })))).toBe(what);
  });

  it('takes an instance over that Nova has stopped as well, but it is waited for: it comes back stopped', () => {
    const actions = [{ action: 'stop', requestId: 'r', userId: null }];
    const sight = anInstanceSight({ vmState: 'stopped' }, { actions, hostIncident: 'evacuating' });
    expect(inShort(decided(sight))).toBe('waits: host-incident');
  });

  it('that has an incident is waited for beyond any deadline', () => {
    const state = anInstanceIn('held', { openedAtMs: NOW_MS - seconds(80_000) });
    expect(inShort(decided(anInstanceSight({}, { hostIncident: 'held' }), { state }))).toBe('waits: host-incident');
  });
});

describe('reasons and sources', () => {
  it.each([
    [{}, 'process-gone', ['a'], 'restart: reboot'],
    [{}, 'guest-hung', ['a'], 'restart: reboot'],
    [{}, 'io-error', ['a'], 'restart: reboot'],
    [{ processGone: { do: 'move' } }, 'process-gone', ['a'], 'move: migrate'],
    [{ processGone: { sources: 2 } }, 'process-gone', ['a'], 'waits: sources'],
    [{ processGone: { sources: 2 } }, 'process-gone', ['a', 'b'], 'restart: reboot'],
    [{ noAnswer: { do: 'restart' } }, 'no-answer', ['a'], 'waits: sources'],
    [{ noAnswer: { do: 'restart' } }, 'no-answer', ['a', 'b'], 'restart: reboot'],
    [{ noAnswer: { do: 'move' } }, 'no-answer', ['a', 'b'], 'move: live-migrate'],
  ] as const)('%j: %s, say %j', (recovery, reason, reporters, what) => {
    const state = anInstanceIn('suspected', {}, { claims: said(reason, ...reporters) });
    expect(inShort(decided(anInstanceSight(), { state, recovery }))).toBe(what);
  });

  it('two of one group are one source', () => {
    const state = anInstanceIn('suspected', {}, { claims: said('no-answer', 'probe-1', 'probe-2') });
    const given = { state, recovery: { noAnswer: { do: 'restart' } } as const };
    expect(inShort(decided(anInstanceSight(), { ...given, policy: { reporterGroups: { probes: ['probe-*'] } } }))).toBe(
      'waits: sources',
    );
  });

  it('each other’s word counts whatever its reason, and the strongest reason decides', () => {
    const claims = { ...said('no-answer', 'probe'), ...said('guest-hung', 'agent') };
    const recovery = { guestHung: { do: 'restart', sources: 2 }, noAnswer: { do: 'move' } } as const;
    const state = anInstanceIn('suspected', {}, { claims });
    expect(inShort(decided(anInstanceSight(), { state, recovery }))).toBe('restart: reboot');
  });

  it('a word that is much older than the newest does not count', () => {
    const old = {
      reason: 'no-answer',
      occurredAtMs: NOW_MS - seconds(901),
      receivedAtMs: NOW_MS - seconds(901),
    } as const;
    const state = anInstanceIn('suspected', {}, { claims: { ...said('no-answer', 'a'), b: old } });
    expect(inShort(decided(anInstanceSight(), { state, recovery: { noAnswer: { do: 'restart' } } }))).toBe(
      'waits: sources',
    );
  });
});

describe('limits', () => {
  it.each([
    ['restarts are left', restarts(2), {}, 'restart: reboot'],
    ['restarts are used up', restarts(3), {}, /^person: process-gone, say .*; restarts within 3600 s: 3/],
    ['it is moved then', restarts(3), { thenMove: true }, 'move: migrate'],
    ['it was moved already', [...restarts(3), ...restarts(1, 'move')], { thenMove: true }, /^person: .* moved already/],
    ['no restart is wanted at all', [], { maxRestarts: 0, thenMove: true }, 'move: migrate'],
    ['those of before the window do not count', restarts(3), { windowSeconds: 300 }, 'restart: reboot'],
  ] as const)('%s', (_name, acted, recovery, what) => {
    const state = anInstanceIn('suspected', {}, { acted });
    expect(inShort(decided(anInstanceSight(), { state, recovery }))).toEqual(
      typeof what === 'string' ? what : expect.stringMatching(what),
    );
  });

  it.each([
    [4, 4, 'restart: reboot'],
    [5, 5, 'waits: host-storm'],
    [0, 19, 'restart: reboot'],
    [0, 20, 'waits: segment-storm'],
    [5, 20, 'waits: host-storm, segment-storm'],
  ])('%i others of its host and %i of its segment', (othersOnHost, othersOfSegment, what) => {
    expect(inShort(decided(anInstanceSight({}, { othersOnHost, othersOfSegment })))).toBe(what);
  });

  it('a storm does not stop a move that is under way', () => {
    const state = anInstanceIn('held', { moved: 'migrate' });
    const sight = anInstanceSight({ vmState: 'resized', host: 'compute-2' }, { othersOnHost: 9, segments: ['az2'] });
    expect(inShort(decided(sight, { state }))).toBe('move: confirm-resize');
  });

  it('what waits too long is for a person, but not where only sources were too few', () => {
    const state = anInstanceIn('held', { openedAtMs: NOW_MS - seconds(1800) });
    expect(inShort(decided(anInstanceSight({ taskState: 'powering-off' }), { state }))).toMatch(
      /^person: no end after 1800 s: Nova is at work on it/,
    );
    expect(inShort(decided({ outage: 'Nova is away' }, { state }))).toBe('person: no end after 1800 s: Nova is away');
    expect(inShort(decided(anInstanceSight(), { state, recovery: { processGone: { sources: 2 } } }))).toMatch(
      /^stood-down: no end after 1800 s/,
    );
  });

  it('three requests without effect in a row are for a person', () => {
    const holds = [{ hold: 'no-effect', because: 'reboot: 500' }] as const;
    const state = anInstanceIn('held', { failures: 3, holds });
    expect(inShort(decided(anInstanceSight(), { state }))).toBe(
      'person: 3 requests in a row had no effect; the last: reboot: 500',
    );
  });
});

describe('time', () => {
  it('is not up yet', () => {
    const early = { dueAtMs: NOW_MS + seconds(5) };
    expect(decided(anInstanceSight(), { state: anInstanceIn('suspected', early) })).toEqual([
      { type: 'instance-waited', untilMs: early.dueAtMs },
    ]);
    expect(inShort(decided(anInstanceSight(), { state: anInstanceIn('held', early) }))).toBe('instance-still-held');
  });

  it('the same holds again are no news, and other ones are', () => {
    const state = anInstanceIn('held');
    expect(inShort(decided(anInstanceSight({ taskState: 'powering-on' }), { state }))).toBe('instance-still-held');
    expect(inShort(decided({ outage: 'Nova is away' }, { state }))).toBe('waits: nova-answers');
  });

  it('the policy may have changed meanwhile', () => {
    const policy = aPolicy();
    const rules = { policy, segment: policy.segments[0] as Segment };
    expect(inShort(decideInstance(anInstanceIn('held'), anInstanceSight(), rules, NOW_MS))).toBe(
      'left: the policy does not recover instances any more',
    );
    expect(inShort(decided(anInstanceSight(), { segment: { mode: 'shadow' } }))).toMatch(
      /^shadow: shadow mode: process-gone, .*it would be asked for now: reboot$/,
    );
  });
});

describe('a request', () => {
  it('names its place, and the newest action that Nova knew before it', () => {
    const [fact] = decided(anInstanceSight());
    expect(fact).toMatchObject({
      request: { ask: 'reboot', number: 1, action: 'restart', host: 'compute-1', lastActionId: 'req-create' },
      dueAtMs: NOW_MS + seconds(75),
    });
  });
});

describe('a move', () => {
  it.each([
    ['begins in ERROR', null, { vmState: 'error' }, 'move: reset-state'],
    ['was reset', 'reset-state', {}, 'move: migrate'],
    ['has arrived', 'migrate', { vmState: 'resized', host: 'compute-2' }, 'move: confirm-resize'],
    ['has arrived stopped', 'confirm-resize', { vmState: 'stopped', host: 'compute-2' }, 'move: reboot'],
    ['was undone', 'migrate', {}, 'person: it is active on compute-1 in the middle of its move'],
    ['has failed', 'migrate', { vmState: 'error' }, 'person: it is error on compute-1 in the middle of its move'],
  ] as const)('that %s', (_name, moved, server, what) => {
    const state = anInstanceIn('held', { moved });
    expect(inShort(decided(anInstanceSight(server), { state, recovery: { processGone: { do: 'move' } } }))).toBe(what);
  });

  const MOVES: Recovery = { processGone: { do: 'move' } };

  it.each([
    ['names its host', 'compute-2', {}],
    ['leaves it to the scheduler', null, { hosts: { candidates: [] } }],
  ] as const)('%s', (_name, destination, over) => {
    const [fact] = decided(anInstanceSight({}, over), { recovery: MOVES });
    expect(fact).toMatchObject({ request: { ask: 'migrate', destination } });
    expect(fact).toHaveProperty('because', expect.stringContaining(destination ?? "Nova's scheduler"));
  });

  it('waits for a host where the scheduler is not to be asked, and then a person must look', () => {
    const segment = { destinations: { otherwise: 'wait' } } as const;
    const sight = anInstanceSight({}, { hosts: { candidates: [] } });
    expect(inShort(decided(sight, { recovery: MOVES, segment }))).toBe('waits: destination');
    const state = anInstanceIn('held', { openedAtMs: NOW_MS - seconds(1800) });
    expect(inShort(decided(sight, { state, recovery: MOVES, segment }))).toBe(
      'person: no end after 1800 s: no other host is healthy',
    );
  });

  it('of a group that must stay together is for a person', () => {
    const group = { id: 'g', policy: 'affinity', maxPerHost: 1, on: {} } as const;
    const hosts = { candidates: [], group };
    expect(inShort(decided(anInstanceSight({}, { hosts }), { recovery: MOVES }))).toMatch(
      /^person: process-gone, .*; its server group must stay together/,
    );
  });

  it('is tried at another host when one would not take it, three times in all', () => {
    const refused = (failures: number, ...refusedBy: readonly string[]) => ({
      state: anInstanceIn('held', { failures, refusedBy }),
      recovery: MOVES,
    });
    const candidates = ['b', 'c', 'd'].map((host) => ({ host, inFlight: 0, freeMemoryMb: 64_000 }));
    const sight = anInstanceSight({}, { hosts: { candidates } });
    expect(decided(sight, refused(1, 'b'))).toMatchObject([{ request: { destination: 'c' } }]);
    expect(decided(sight, refused(2, 'b', 'c'))).toMatchObject([{ request: { destination: null } }]);
    expect(inShort(decided(sight, refused(3, 'b', 'c')))).toMatch(/^person: 3 requests in a row/);
  });

  it('that Nova took and then failed at a host is not the move that was allowed in the window', () => {
    const acted = [{ action: 'move', atMs: NOW_MS - seconds(5) }] as const;
    const state = anInstanceIn('held', { failures: 1, refusedBy: ['compute-2'] }, { acted });
    const candidates = [{ host: 'compute-3', inFlight: 0, freeMemoryMb: 64_000 }];
    const sight = anInstanceSight({}, { hosts: { candidates } });
    expect(decided(sight, { state, recovery: MOVES })).toMatchObject([{ request: { destination: 'compute-3' } }]);
  });

  it('that could not begin is not tried over and over', () => {
    const holds = [{ hold: 'no-effect', because: 'migrate: No valid host' }] as const;
    const state = anInstanceIn('held', { failures: 1, holds });
    expect(inShort(decided(anInstanceSight(), { state, recovery: { processGone: { do: 'move' } } }))).toBe(
      'person: it could not be moved: migrate: No valid host',
    );
  });
});
