import { describe, expect, it } from 'vitest';
import { type GrantInput, grant } from '#shared/domain/grant.ts';
import { isInFlight, type TaskFact, type TaskState } from '#shared/domain/task.ts';
import type { TierSummary } from '#shared/domain/tiers.ts';
import type { Migration, Server } from '#shared/ports.ts';
import {
  aMigration,
  anAttempt,
  aSegment,
  aServer,
  aTask,
  INSTANCE_ID,
  NOW_MS,
  type SegmentInput,
  seconds,
  uuid,
} from '#test/support/builders.ts';

interface Story {
  readonly onHost?: readonly Server[];
  readonly elsewhere?: ReadonlyMap<string, Server | null>;
  readonly evacuations?: readonly Migration[];
  readonly otherMigrations?: readonly Migration[];
  /** Evacuations in flight by destination. */
  readonly busy?: Readonly<Record<string, number>>;
  readonly segment?: Partial<SegmentInput>;
  readonly tiersBefore?: GrantInput['tiersBefore'];
  readonly asleep?: GrantInput['asleep'];
  readonly groups?: GrantInput['groups'];
  readonly inFlight?: number;
  readonly inFlightElsewhere?: number;
  readonly maxInFlightOverAll?: number;
  readonly proofIsYoung?: boolean;
}

const input = ({ onHost = [aServer()], evacuations = [], otherMigrations = [], ...story }: Story): GrantInput => ({
  forcedDown: true,
  sight: {
    atMs: NOW_MS,
    evacuationsOf: Map.groupBy(evacuations, (each) => each.instanceId),
    onHost: new Map(onHost.map((server) => [server.id, server])),
    elsewhere: story.elsewhere ?? new Map(),
  },
  segment: aSegment(story.segment),
  candidates: Object.entries(story.busy ?? { 'compute-2': 0 }).map(([host, inFlight]) => ({
    host,
    inFlight,
    freeMemoryMb: 64_000,
  })),
  asleep: story.asleep ?? [],
  groups: story.groups ?? [],
  tiersBefore: story.tiersBefore ?? (() => []),
  otherMigrations: new Map(otherMigrations.map((each) => [each.instanceId, each])),
  inFlight: story.inFlight ?? 0,
  inFlightElsewhere: story.inFlightElsewhere ?? 0,
  maxInFlightOverAll: story.maxInFlightOverAll ?? 100,
  proofIsYoung: story.proofIsYoung ?? true,
});

const factsFor = (task: TaskState, story: Story = {}): readonly TaskFact[] =>
  grant([task], input(story)).changes[0]?.facts ?? [];
const waiting = aTask('waiting');
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => aTask('waiting', {}, { instanceId: uuid(3, index) }));
const serversFor = (tasks: readonly TaskState[]) => tasks.map(({ instanceId }) => aServer({ id: instanceId }));

describe('a waiting task is granted', () => {
  it('its first attempt, with what was seen', () => {
    const evacuations = [aMigration({ id: 7, status: 'failed' }), aMigration({ id: 4, status: 'completed' })];
    expect(factsFor(waiting, { evacuations })).toEqual([
      {
        type: 'granted',
        attempt: {
          number: 1,
          way: 'as-it-was',
          destination: 'compute-2',
          grantedAtMs: NOW_MS,
          places: 31,
          lastMigrationId: 7,
        },
        checks: {
          seenAtMs: NOW_MS,
          forcedDown: true,
          vmState: 'active',
          taskState: null,
          inFlight: 1,
          inFlightLimit: 50,
        },
      },
    ]);
  });

  it('its first attempt in its own way, whatever comes after a failure', () => {
    const task = aTask('waiting', {}, { way: 'leave-stopped', wayAgain: 'reset-and-leave-stopped' });
    expect(factsFor(task)).toMatchObject([{ attempt: { number: 1, way: 'leave-stopped', lastMigrationId: 0 } }]);
  });

  it('a further attempt, another way if need be, although the failed one left it in ERROR', () => {
    const task = aTask('waiting', {}, { attempts: 2, wayAgain: 'reset-and-leave-stopped' });
    const story: Story = { onHost: [aServer({ vmState: 'error' })], segment: { instances: { inError: 'leave' } } };
    expect(factsFor(task, story)).toMatchObject([
      { type: 'granted', attempt: { number: 3, way: 'reset-and-leave-stopped' } },
    ]);
  });

  it('without a destination when no host would do: Nova chooses', () => {
    expect(factsFor(waiting, { busy: {} })).toMatchObject([{ attempt: { destination: null } }]);
  });
});

describe('a waiting task is not granted', () => {
  it.each<[why: string, task: TaskState, story: Story]>([
    ['its pause is not over', aTask('waiting', { notBeforeMs: NOW_MS + 1 }), {}],
    ['every destination has its share', waiting, { busy: { 'compute-2': 10 } }],
    ['other incidents have all the tokens', waiting, { inFlightElsewhere: 100 }],
    ['other incidents have more than all', waiting, { inFlightElsewhere: 200 }],
    ['somebody else evacuates it', waiting, { evacuations: [aMigration({ status: 'accepted' })] }],
    ['it has left the host and was not looked up yet', waiting, { onHost: [] }],
  ])('while %s', (_, task, story) => {
    expect(grant([task], input(story)).changes).toEqual([]);
  });

  it('without a listing of the host', () => {
    const full = input({});
    expect(grant([waiting], { ...full, sight: { ...full.sight, onHost: undefined } }).changes).toEqual([]);
  });

  it.each(['granted', 'requested', 'accepted', 'unknown', 'ended'] as const)('once it is %s', (status) => {
    expect(factsFor(aTask(status))).toEqual([]);
  });
});

describe('a waiting task ends instead', () => {
  const elsewhere = new Map([[INSTANCE_ID, aServer({ host: 'compute-8' })]]);
  it.each<[why: string, outcome: string, task: TaskState, story: Story]>([
    ['its attempts are used up', 'person', aTask('waiting', {}, { attempts: 5 }), {}],
    ['it was deleted', 'gone', waiting, { onHost: [], elsewhere: new Map([[INSTANCE_ID, null]]) }],
    ['it is elsewhere', 'gone', waiting, { onHost: [], elsewhere }],
    ['it is being deleted', 'left', waiting, { onHost: [aServer({ taskState: 'deleting' })] }],
    ['it was opted out', 'not-protected', waiting, { onHost: [aServer({ metadata: { HA_Enabled: 'no' } })] }],
    ['it is migrated', 'person', waiting, { otherMigrations: [aMigration({ status: 'running' })] }],
    [
      'it is in ERROR before its first attempt, and the policy leaves those',
      'not-recoverable',
      waiting,
      { onHost: [aServer({ vmState: 'error' })], segment: { instances: { inError: 'leave' } } },
    ],
  ])('when %s: %s', (_, outcome, task, story) => {
    expect(factsFor(task, story)).toMatchObject([{ type: 'task-ended', outcome }]);
  });

  it('with the reason of the last failure when its attempts are used up', () => {
    const task = aTask('waiting', { because: 'its evacuation ended as failed' }, { attempts: 5 });
    const because = 'its evacuation ended as failed, after 5 attempts';
    expect(factsFor(task)).toMatchObject([{ type: 'task-ended', outcome: 'person', because }]);
  });

  it('as recovered when an evacuation that nobody waited for any more has brought it away', () => {
    const evacuations = [aMigration({ id: 9, status: 'done', destinationHost: 'compute-8' })];
    expect(factsFor(waiting, { onHost: [], elsewhere, evacuations })).toMatchObject([
      { type: 'task-ended', outcome: 'recovered', destination: 'compute-8', because: expect.stringContaining('9') },
    ]);
  });
});

describe('a decision about a waiting task is recorded', () => {
  const basisOf = (story: Story) => grant([waiting], input(story)).changes[0]?.basis;

  it('with the destinations that it was made among', () => {
    expect(basisOf({ inFlight: 2, inFlightElsewhere: 3 })).toEqual({
      forcedDown: true,
      migration: null,
      inFlight: 2,
      inFlightElsewhere: 3,
      candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 64_000 }],
      places: 31,
    });
  });

  it('with the migration that ended it, and without destinations, which had no part in it', () => {
    expect(basisOf({ otherMigrations: [aMigration({ id: 7, status: 'running' })] })).toMatchObject({
      migration: { id: 7, sourceHost: 'compute-1', destinationHost: 'compute-2', status: 'running' },
      candidates: [],
    });
  });
});

describe('the order', () => {
  const ranked = (number: number, over: Partial<TaskState>) =>
    aTask('waiting', {}, { instanceId: uuid(3, number), ...over });
  const first = (tasks: readonly TaskState[], maxInFlight: number) =>
    grant(tasks, input({ onHost: serversFor(tasks), segment: { evacuation: { maxInFlight } } })).changes.map(
      ({ task }) => task.instanceId,
    );

  it('is by tier and priority, and of equal ones by the plan', () => {
    const tasks = [
      ranked(1, {}),
      ranked(2, { priority: 500, tier: null }),
      ranked(3, { priority: 900, tier: null }),
      ranked(4, { priority: 1, tier: 1 }),
    ];
    expect(first(tasks, 3)).toEqual([uuid(3, 4), uuid(3, 3), uuid(3, 1)]);
  });
});

describe('a task of a later tier', () => {
  const tier = (over: Partial<TierSummary>): TierSummary => ({
    ...{ tier: 1, plannedAtMs: NOW_MS, open: 1, backAtMs: null, unanswered: 0, answeredAtMs: null, lost: [] },
    ...over,
  });
  const behind = (over: Partial<TierSummary>, segment: Partial<SegmentInput> = {}): Story => ({
    tiersBefore: () => [tier(over)],
    segment,
  });
  const task = aTask('waiting', {}, { tier: 2 });

  it('says once that it waits, and on what that was decided', () => {
    const because = 'tier 1 must be up first';
    expect(factsFor(task, behind({}))).toEqual([{ type: 'task-waits', for: 'tier', because, atMs: NOW_MS }]);
    expect(grant([task], input(behind({}))).changes[0]?.basis).toMatchObject({ tiers: [tier({})], candidates: [] });
    expect(factsFor(aTask('waiting', { because }, { tier: 2 }), behind({}))).toEqual([]);
  });

  it('is granted once that is up, or goes on with a word of it', () => {
    expect(factsFor(task, behind({ open: 0, backAtMs: NOW_MS }))).toMatchObject([{ type: 'granted' }]);
    expect(factsFor(task, behind({ open: 0, backAtMs: NOW_MS }))[0]).not.toHaveProperty('checks.tier');
    const lost = behind({ open: 0, lost: ['db-1'] });
    expect(factsFor(task, lost)).toMatchObject([
      { type: 'granted', checks: { tier: 'tier 1 is not up: db-1 did not come back' } },
    ]);
  });

  it('goes to a person where the policy stops behind a tier that is not up', () => {
    const stops = behind({ open: 0, lost: ['db-1'] }, { order: { ifNotUp: 'stop' } });
    expect(factsFor(task, stops)).toMatchObject([
      { type: 'task-ended', outcome: 'person', because: 'tier 1 is not up: db-1 did not come back' },
    ]);
  });

  it('ends like any other when it is gone', () => {
    const gone = new Map([[INSTANCE_ID, null]]);
    expect(factsFor(task, { ...behind({}), onHost: [], elsewhere: gone })).toMatchObject([{ outcome: 'gone' }]);
  });
});

describe('a task for which there is no room', () => {
  const waits = { destinations: { otherwise: 'wait' } } as const;
  const because = 'no host has room for 2048 MB';
  const full = { 'compute-2': 0, 'compute-3': 0 };
  const cramped = (story: Story): GrantInput => {
    const made = input(story);
    return { ...made, candidates: made.candidates.map((each) => ({ ...each, freeMemoryMb: 100 })) };
  };
  const factFor = (task: TaskState) => grant([task], cramped({ busy: full, segment: waits })).changes[0];

  it('waits for it, with a pause that grows, and without an attempt', () => {
    expect(factFor(waiting)?.facts).toEqual([
      { type: 'no-room', because, places: 0, retryAtMs: NOW_MS + seconds(10), atMs: NOW_MS },
    ]);
    expect(factFor(aTask('waiting', {}, { roomless: 2, attempts: 9, uncounted: 9 }))?.facts).toMatchObject([
      { type: 'no-room', retryAtMs: NOW_MS + seconds(40) },
    ]);
  });

  it('is told by as few hosts as show it', () => {
    expect(factFor(waiting)?.basis.candidates).toEqual([{ host: 'compute-2', inFlight: 0, freeMemoryMb: 100 }]);
  });

  it('takes no token from the others', () => {
    const big = aTask('waiting', {}, { instanceId: uuid(3, 1), memoryMb: 100_000 });
    const small = aTask('waiting', {}, { instanceId: uuid(3, 2) });
    const segment = { ...waits, evacuation: { maxInFlight: 1 } };
    const { changes } = grant([big, small], input({ onHost: serversFor([big, small]), segment }));
    expect(changes.map(({ facts }) => facts[0]?.type)).toEqual(['no-room', 'granted']);
  });

  const PAUSED = { notBeforeMs: NOW_MS + seconds(60), for: 'room' } as const;

  it('does not wait any longer when there is more room than before', () => {
    const task = (places: number) => aTask('waiting', { ...PAUSED, places }, { roomless: 1 });
    const { changes } = grant([task(30)], input({}));
    expect(changes).toMatchObject([
      { facts: [{ type: 'granted', attempt: { destination: 'compute-2', places: 31 } }], basis: { places: 31 } },
    ]);
    expect(grant([task(31)], input({})).changes).toEqual([]);
    expect(grant([aTask('waiting', PAUSED)], input({})).changes).toEqual([]);
  });

  it('ends early as well, by what Nova says now', () => {
    const elsewhere = new Map([[INSTANCE_ID, null]]);
    const { changes } = grant([aTask('waiting', { ...PAUSED, places: 0 })], input({ onHost: [], elsewhere }));
    expect(changes).toMatchObject([{ facts: [{ outcome: 'gone' }], basis: { places: 31 } }]);
  });

  it('waits for a younger proof before it takes the room', () => {
    const task = aTask('waiting', { ...PAUSED, places: 0 });
    const old = grant([task], input({ proofIsYoung: false }));
    expect([old.changes, old.needsProof]).toEqual([[], true]);
    expect(grant([task], input({})).needsProof).toBe(false);
    const cold = { ...input({ proofIsYoung: false }), candidates: [] };
    expect(grant([task], cold).needsProof).toBe(false);
  });

  it('goes to the host that is new, not to one that refused it, while its pause lasts', () => {
    const refused = { refusedBy: ['compute-2'], refusedAll: true, roomless: 1 };
    const busy = { 'compute-2': 0, 'compute-3': 1 };
    const segment = waits;
    const early = aTask('waiting', { ...PAUSED, places: 31 }, refused);
    expect(factsFor(early, { busy, segment })).toMatchObject([{ attempt: { destination: 'compute-3' } }]);
    // The more room is at a host that refused it: nothing is said of that twice.
    expect(factsFor(aTask('waiting', { ...PAUSED, places: 30 }, refused), { segment })).toEqual([]);
    const rested = aTask('waiting', { ...PAUSED, notBeforeMs: NOW_MS, places: 62 }, refused);
    expect(factsFor(rested, { busy, segment })).toMatchObject([{ attempt: { destination: 'compute-2' } }]);
  });

  it('wakes a reserved host, one for all at a time', () => {
    const destinations: SegmentInput['destinations'] = {
      method: 'auto_priority',
      reservedHosts: { names: ['spare-1'] },
    };
    const spare = {
      host: 'spare-1',
      inFlight: 0,
      freeMemoryMb: 64_000,
      reserved: true,
      serviceId: 's',
      reason: 'r',
    } as const;
    const tasks = many(3);
    const story: Story = { onHost: serversFor(tasks), segment: { destinations }, asleep: [spare] };
    const { changes, wake } = grant(tasks, cramped(story));
    expect(changes).toEqual([]);
    expect(wake).toMatchObject({ task: tasks[0], host: spare, asleep: [spare], wanting: { memoryMb: 2048 } });
  });
});

describe('a task of a server group', () => {
  const tasks = many(2);
  const group = (policy: 'affinity' | 'anti-affinity', on: Record<string, number> = {}): Story => ({
    onHost: serversFor(tasks),
    busy: { 'compute-2': 0, 'compute-3': 0 },
    groups: [{ id: 'g', policy, maxPerHost: 1, members: tasks.map(({ instanceId }) => instanceId), on }],
  });
  const destinations = (story: Story) =>
    grant(tasks, input(story)).changes.map(({ facts: [fact] }) =>
      fact?.type === 'granted' ? fact.attempt.destination : fact,
    );

  it('that keeps apart goes where none of the others goes', () => {
    expect(destinations(group('anti-affinity'))).toEqual(['compute-2', 'compute-3']);
  });

  it('that keeps apart waits where no host may have it, and says why', () => {
    const waits: Story = { segment: { destinations: { otherwise: 'wait' } } };
    expect(destinations({ ...group('anti-affinity', { 'compute-2': 1 }), ...waits })).toEqual([
      'compute-3',
      expect.objectContaining({
        type: 'no-room',
        because: 'its server group allows 1 on a host, and that many are on compute-2, compute-3',
      }),
    ]);
  });

  it('that stays together goes to a person, since Nova lets none of it leave', () => {
    const { changes } = grant(tasks, input(group('affinity')));
    expect(changes.map(({ facts }) => facts)).toMatchObject(
      tasks.map(() => [
        { type: 'task-ended', outcome: 'person', because: expect.stringMatching(/leave the failed host$/) },
      ]),
    );
    expect(changes[0]?.basis).toMatchObject({ group: { id: 'g', policy: 'affinity', members: [] } });
  });

  it('that stays together joins those of it that are elsewhere', () => {
    expect(destinations(group('affinity', { 'compute-3': 1 }))).toEqual(['compute-3', 'compute-3']);
  });
});

describe('tokens', () => {
  const granted = (tasks: readonly TaskState[], story: Story) =>
    grant(tasks, input({ onHost: serversFor(tasks), inFlight: tasks.filter(isInFlight).length, ...story })).changes
      .length;

  it('are given up to the segment’s limit, those in flight included', () => {
    const inFlight = aTask('accepted', {}, { instanceId: uuid(3, 99) });
    expect(granted([...many(10), inFlight], { segment: { evacuation: { maxInFlight: 4 } } })).toBe(3);
  });

  it('are given up to the cloud’s limit, those of other incidents included', () => {
    expect(granted(many(10), { maxInFlightOverAll: 8, inFlightElsewhere: 3 })).toBe(5);
  });

  it('are given up to each destination’s share', () => {
    const segment = { evacuation: { maxInFlightPerDestination: 2 } };
    expect(granted(many(10), { segment, busy: { 'compute-2': 0, 'compute-3': 0 } })).toBe(4);
  });

  it('are not kept by a task that has to wait for its own destination', () => {
    const failed = aTask('waiting', { notBeforeMs: NOW_MS - seconds(1) }, { failedAt: ['compute-3'] });
    const tasks = [failed, aTask('waiting', {}, { instanceId: uuid(3, 50) })];
    const segment = { evacuation: { maxInFlightPerDestination: 1 } };
    const busy = { 'compute-2': 1, 'compute-3': 0 };
    const { changes } = grant(tasks, input({ onHost: serversFor(tasks), segment, busy }));
    expect(changes.map(({ task }) => task.instanceId)).toEqual([uuid(3, 50)]);
  });

  it('tell an attempt from evacuations before it: no known id is its own', () => {
    const evacuations = [3, 9, 5].map((id) => aMigration({ id, status: 'failed' }));
    expect(factsFor(waiting, { evacuations })[0]).toMatchObject({
      attempt: anAttempt({ grantedAtMs: NOW_MS, lastMigrationId: 9 }),
    });
  });
});
