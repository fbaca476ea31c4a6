/** Who is restarted from a snapshot when its disk is lost, and from which. */
import { describe, expect, it } from 'vitest';
import { judgeInstance } from '#shared/domain/instances.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { recordServer, recordSigns } from '#shared/domain/recorded.ts';
import { inWords, mayBeRestored, newestOf } from '#shared/domain/restore/snapshot.ts';
import type { SeenServer, SeenSnapshot, Signs } from '#shared/domain/seen.ts';
import { settle } from '#shared/domain/settle.ts';
import { evolveTask } from '#shared/domain/task.ts';
import { aSegment, aServer, aTask, NOW_MS, type SegmentInput, seconds } from '#test/support/builders.ts';
import { aSight } from '#test/support/sight.ts';

const DISK = { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false };
const ASKS = { 'salvor:restart_from_snapshot': 'true' };
const YOUNG: SeenSnapshot = { id: 's1', kind: 'backup', createdAtMs: NOW_MS - seconds(7200), ageSeconds: 7200 };
const POLICY = { maxAgeSeconds: 86_400 };

const judged = (
  server: Partial<SeenServer> = {},
  signs: Signs = { snapshot: YOUNG },
  restartFromSnapshot: NonNullable<SegmentInput['instances']>['restartFromSnapshot'] | null = POLICY,
  restoring = false,
) =>
  judgeInstance(aServer({ localDisks: DISK, metadata: ASKS, ...server }), {
    instances: aSegment({ instances: restartFromSnapshot === null ? {} : { restartFromSnapshot } }).instances,
    signs,
    runningEvacuation: undefined,
    runningMigration: undefined,
    restoring,
  });

describe('an instance whose root disk is lost', () => {
  it('comes back stopped, and is restarted from its snapshot', () => {
    expect(judged()).toEqual({
      kind: 'evacuate',
      way: 'leave-stopped',
      wayAgain: 'reset-and-leave-stopped',
      because: `its disks are local to the dead host: root; it is restarted from its backup s1 of ${new Date(YOUNG.createdAtMs).toISOString()}, without the 2.0 h since`,
      restore: YOUNG,
    });
    expect(judged({ localDisks: { ...DISK, swapMb: 64 } })).toMatchObject({ restore: YOUNG });
  });

  it.each<[string, Parameters<typeof judged>, string]>([
    ['there is none', [{}, { snapshot: null }], 'there is no snapshot of it to restart it from'],
    ['nobody has asked for them', [{}, {}], 'there is no snapshot of it to restart it from'],
    [
      'it is too old',
      [{}, { snapshot: { ...YOUNG, ageSeconds: 86_401 } }],
      'its newest snapshot is 24.0 h old, and the policy takes none older than 24.0 h',
    ],
    [
      'its owner has not asked',
      [{ metadata: {} }],
      'its owner has not asked for a restart from a snapshot (metadata salvor:restart_from_snapshot)',
    ],
    ['its owner has said no', [{ metadata: { 'salvor:restart_from_snapshot': 'no' } }], 'its owner has not asked'],
    ['it is locked', [{ locked: true }], 'it is locked, so it is not restarted from a snapshot'],
    ['it has an ephemeral disk', [{ localDisks: { ...DISK, ephemeralGb: 1 } }], 'its ephemeral disk is in no snapshot'],
    ['it boots from a volume', [{ localDisks: { ...DISK, root: false, swapMb: 1 } }], 'its root disk is a volume'],
    ['it was stopped', [{ vmState: 'stopped' }], 'it did not run'],
    ['it was being stopped', [{ taskState: 'powering-off' }], 'it did not run'],
    ['it was paused', [{ vmState: 'paused' }], 'it did not run'],
    ['it was in ERROR', [{ vmState: 'error' }], 'it did not run'],
  ])('is left alone when %s', (_name, given, because) => {
    expect(judged(...given)).toMatchObject({
      kind: 'leave',
      outcome: 'not-recoverable',
      because: expect.stringContaining(`; ${because}`),
    });
  });

  it('is left as ever without the policy', () => {
    expect(judged({}, { snapshot: YOUNG }, null)).toEqual({
      kind: 'leave',
      outcome: 'not-recoverable',
      because: 'its disks are local to the dead host: root; an evacuation would replace them by empty ones',
    });
  });

  it('is for a person with a vTPM, whatever its snapshots', () => {
    expect(judged({ localDisks: { ...DISK, vtpm: true } }).kind).toBe('person');
  });

  it('may be in ERROR after an evacuation of ours has failed', () => {
    expect(judged({ vmState: 'error' }, { snapshot: YOUNG }, POLICY, true)).toMatchObject({ restore: YOUNG });
  });

  it('need not be asked for where the policy takes all, by whatever key', () => {
    expect(judged({ metadata: {} }, { snapshot: YOUNG }, { ...POLICY, who: 'all' })).toMatchObject({ restore: YOUNG });
    const policy = { ...POLICY, metadataKey: 'backup_is_enough' };
    expect(judged({ metadata: { backup_is_enough: 'Yes' } }, { snapshot: YOUNG }, policy)).toMatchObject({
      restore: YOUNG,
    });
  });
});

describe('an evacuation that is done', () => {
  const DONE = {
    migrations: [{ status: 'done', destinationHost: 'compute-2' }],
    server: { host: 'compute-2' },
  } as const;

  it('is where it begins', () => {
    const task = aTask('accepted', {}, { restore: YOUNG });
    const facts = settle(task, aSight(DONE), aSegment(), 0.5);
    expect(facts).toMatchObject([{ type: 'restore-begins', destination: 'compute-2', imageId: 's1' }]);
    expect(facts.reduce(evolveTask, task).progress).toMatchObject({
      status: 'restoring',
      step: 'rebuild',
      asked: null,
    });
  });

  it('is so too when nobody had waited for it', () => {
    const task = aTask('unknown', { sinceMs: NOW_MS - seconds(999) }, { restore: YOUNG });
    expect(settle(task, aSight(DONE), aSegment(), 0.5).map(({ type }) => type)).toEqual([
      'found-running',
      'restore-begins',
    ]);
  });

  it('is the end of one that keeps its disk, and of one that somebody else has evacuated', () => {
    expect(settle(aTask('accepted'), aSight(DONE), aSegment(), 0.5)).toMatchObject([{ outcome: 'recovered' }]);
  });

  it('to nowhere that Nova knows is for a person', () => {
    const task = aTask('accepted', {}, { restore: YOUNG });
    const sight = aSight({ ...DONE, migrations: [{ status: 'done', destinationHost: null }] });
    expect(settle(task, sight, aSegment(), 0.5)).toMatchObject([{ outcome: 'person' }]);
  });
});

it('takes the newest', () => {
  const at = (id: string, agoSeconds: number) =>
    ({ id, kind: 'snapshot', createdAtMs: NOW_MS - seconds(agoSeconds) }) as const;
  expect(newestOf([at('a', 30), at('b', 10), at('c', 20)], NOW_MS)).toMatchObject({ id: 'b', ageSeconds: 10 });
  expect(newestOf([at('ahead', -5)], NOW_MS)).toMatchObject({ ageSeconds: 0 });
  expect(newestOf([], NOW_MS)).toBeNull();
});

it('asks Glance only of whom it would help', () => {
  const { instances } = aSegment({ instances: { restartFromSnapshot: POLICY } });
  expect(mayBeRestored(aServer({ localDisks: DISK, metadata: ASKS }), instances)).toBe(true);
  expect(mayBeRestored(aServer({ localDisks: DISK }), instances)).toBe(false);
  expect(mayBeRestored(aServer({ localDisks: DISK, metadata: ASKS }), aSegment().instances)).toBe(false);
});

it('records what it is decided by, and of the metadata that key alone', () => {
  const segment = aSegment({ instances: { restartFromSnapshot: POLICY } });
  const server = aServer({ metadata: { ...ASKS, secret: 'x' } });
  expect(recordServer(server, segment).metadata).toEqual(ASKS);
  expect(recordSigns({ snapshot: YOUNG }, segment.instances)).toEqual({ snapshot: YOUNG });
  expect(recordSigns({ snapshot: null }, segment.instances)).toEqual({ snapshot: null });
});

it.each([
  [59, '59 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7199, '120 min'],
  [7200, '2.0 h'],
  [100_000, '27.8 h'],
])('tells %i seconds as %s', (given, words) => expect(inWords(given)).toBe(words));

it.each([
  [{ maxAgeSeconds: 3600 }, {}, []],
  [{}, {}, ['restartFromSnapshot.maxAgeSeconds']],
  [{ maxAgeSeconds: 59 }, {}, ['restartFromSnapshot.maxAgeSeconds']],
  [{ maxAgeSeconds: 3600, who: 'everybody' }, {}, ['restartFromSnapshot.who']],
  [{ maxAgeSeconds: 3600 }, { sharedInstanceStorage: true }, ['restartFromSnapshot']],
  [{ maxAgeSeconds: 3600 }, { allowRebuildFromImage: true }, ['restartFromSnapshot']],
])('is checked in the policy: %j beside %j', (restartFromSnapshot, beside, faults) => {
  const segment = { name: 'a', hosts: { availabilityZone: 'a' }, instances: { restartFromSnapshot, ...beside } };
  const { error } = policySchema.safeParse({ version: 1, segments: [segment], fenceDevices: {} });
  const paths = (error?.issues ?? []).map(({ path }) => path.slice(path.indexOf('instances') + 1).join('.'));
  expect(paths).toEqual(faults);
});
