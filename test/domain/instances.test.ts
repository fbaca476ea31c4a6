import { describe, expect, it } from 'vitest';
import { type InstanceContext, judgeInstance, type Verdict } from '#shared/domain/instances.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { Server } from '#shared/ports.ts';
import { aMigration, aSegment, aServer, type SegmentInput } from '#test/support/builders.ts';

const contextOf = (instances: SegmentInput['instances'] = {}, overrides: Partial<InstanceContext> = {}) => ({
  instances: aSegment({ instances }).instances,
  signs: {},
  runningEvacuation: undefined,
  runningMigration: undefined,
  ...overrides,
});

/** A verdict in one word for the table: what is done, and how. */
function inShort(verdict: Verdict): string {
  if (verdict.kind === 'evacuate') return `evacuate ${verdict.way}, then ${verdict.wayAgain}`;
  return verdict.kind === 'leave' ? `leave: ${verdict.outcome}` : verdict.kind;
}

const RUNS = 'evacuate as-it-was, then as-it-was';
const STAYS_STOPPED = 'evacuate as-it-was, then reset-and-leave-stopped';
const IS_STOPPED = 'evacuate leave-stopped, then reset-and-leave-stopped';
const IS_RESET = 'evacuate reset-and-leave-stopped, then reset-and-leave-stopped';

interface Row {
  readonly instance: Partial<Server>;
  readonly policy?: Partial<Segment['instances']>;
  readonly becomes: string;
  readonly because: RegExp;
}

/** One row for each branch, by default policy unless the row says otherwise. */
const BY_STATE: readonly Row[] = [
  { instance: { vmState: 'active' }, becomes: RUNS, because: /^it ran$/ },
  { instance: { vmState: 'active', locked: true }, becomes: RUNS, because: /^it ran$/ },
  { instance: { taskState: 'rebooting' }, becomes: RUNS, because: /rebooting was cut short/ },
  { instance: { taskState: 'image_snapshot' }, becomes: RUNS, because: /image_snapshot was cut short/ },
  ...[
    'powering-off',
    'pausing',
    'suspending',
    'rescuing',
    'shelving',
    'shelving_image_pending_upload',
    'shelving_image_uploading',
    'shelving_offloading',
  ].map((taskState) => ({
    instance: { taskState },
    becomes: IS_STOPPED,
    because: new RegExp(`asked for ${taskState}`),
  })),
  { instance: { vmState: 'stopped' }, becomes: STAYS_STOPPED, because: /stays so/ },
  { instance: { vmState: 'stopped', taskState: 'powering-on' }, becomes: STAYS_STOPPED, because: /stays so/ },
  { instance: { vmState: 'error' }, becomes: RUNS, because: /in ERROR; Nova starts it/ },
  {
    instance: { vmState: 'error' },
    policy: { inError: 'leave' },
    becomes: 'leave: not-recoverable',
    because: /policy/,
  },
  ...['paused', 'rescued'].flatMap((vmState) => [
    { instance: { vmState }, becomes: IS_RESET, because: new RegExp(`${vmState}, which is lost with the host`) },
    {
      instance: { vmState },
      policy: { lostStates: 'leave' } as const,
      becomes: 'leave: not-recoverable',
      because: /policy leaves/,
    },
  ]),
  { instance: { vmState: 'suspended' }, becomes: 'person', because: /an evacuation would lose it/ },
  { instance: { vmState: 'resized' }, becomes: 'person', because: /waits for confirmation/ },
  { instance: { vmState: 'shelved' }, becomes: 'leave: left', because: /its image is safe/ },
  { instance: { vmState: 'shelved_offloaded' }, becomes: 'leave: left', because: /on no host/ },
  { instance: { vmState: 'building' }, becomes: 'leave: not-recoverable', because: /nothing of it exists/ },
  { instance: { vmState: 'dreaming' }, becomes: 'person', because: /dreaming, which salvor does not know/ },
  { instance: { vmState: 'deleted' }, becomes: 'leave: left', because: /being deleted/ },
  { instance: { vmState: 'soft-delete' }, becomes: 'leave: left', because: /being deleted/ },
  { instance: { vmState: 'soft_deleted' }, becomes: 'leave: left', because: /being deleted/ },
  { instance: { taskState: 'deleting' }, becomes: 'leave: left', because: /being deleted/ },
  { instance: { taskState: 'soft-deleting' }, becomes: 'leave: left', because: /being deleted/ },
  {
    instance: { vmState: 'soft-delete', taskState: 'restoring' },
    becomes: 'person',
    because: /taking its deletion back/,
  },
  ...['rebuilding', 'rebuild_block_device_mapping', 'rebuild_spawning'].map((taskState) => ({
    instance: { taskState },
    becomes: 'person',
    because: /was rebuilding it/,
  })),
  {
    instance: { taskState: 'migrating' },
    becomes: 'person',
    because: /^it was being migrated or resized: it may run on the other host$/,
  },
  { instance: { taskState: 'resize_finish' }, becomes: 'person', because: /may run on the other host/ },
];

const named = (rows: readonly Row[]) =>
  rows.map((row) => ({ ...row, name: `${JSON.stringify(row.instance)} ${JSON.stringify(row.policy ?? {})}` }));

describe('by its state, an instance', () => {
  it.each(named(BY_STATE))('$name: $becomes', ({ instance, policy, becomes, because }) => {
    const verdict = judgeInstance(aServer(instance), contextOf(policy));
    expect(inShort(verdict)).toBe(becomes);
    expect(verdict.because).toMatch(because);
  });
});

const disks = (localDisks: Partial<Server['localDisks']>): Partial<Server> => ({
  localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false, ...localDisks },
});
const LOST = 'leave: not-recoverable';
const BY_DISK: readonly Row[] = [
  { instance: disks({}), becomes: RUNS, because: /^it ran$/ },
  { instance: disks({ root: true }), becomes: LOST, because: /dead host: root; an evacuation would replace/ },
  { instance: disks({ ephemeralGb: 10 }), becomes: LOST, because: /ephemeral \(10 GB\)/ },
  { instance: disks({ swapMb: 512 }), becomes: LOST, because: /swap \(512 MB\)/ },
  {
    instance: disks({ root: true, swapMb: 1 }),
    policy: { sharedInstanceStorage: true },
    becomes: RUNS,
    because: /ran/,
  },
  { instance: disks({ root: true }), policy: { allowRebuildFromImage: true }, becomes: RUNS, because: /ran/ },
  { instance: disks({ vtpm: true }), becomes: 'person', because: /vTPM/ },
  { instance: disks({ vtpm: true }), policy: { sharedInstanceStorage: true }, becomes: 'person', because: /vTPM/ },
  { instance: { ...disks({ root: true }), vmState: 'stopped' }, becomes: LOST, because: /root/ },
  { instance: { ...disks({ root: true }), vmState: 'suspended' }, becomes: 'person', because: /suspended/ },
];

describe('by its disks, an instance (S7)', () => {
  it.each(named(BY_DISK))('$name: $becomes', ({ instance, policy, becomes, because }) => {
    const verdict = judgeInstance(aServer(instance), contextOf(policy));
    expect(inShort(verdict)).toBe(becomes);
    expect(verdict.because).toMatch(because);
  });
});

describe('by what Nova does with it already, an instance', () => {
  const evacuation = aMigration({ id: 7, status: 'accepted' });
  const migration = aMigration({ id: 8, status: 'running', destinationHost: 'compute-5' });

  it('that is being evacuated is watched: a second evacuation would destroy it', () => {
    const verdict = judgeInstance(
      aServer({ taskState: 'rebuilding' }),
      contextOf({}, { runningEvacuation: evacuation }),
    );
    expect(verdict).toEqual({ kind: 'watch', evacuation, because: 'Nova is evacuating it already (migration 7)' });
  });

  it('that is being migrated goes to a person, with the two hosts', () => {
    const verdict = judgeInstance(aServer(), contextOf({}, { runningMigration: migration }));
    expect(verdict).toMatchObject({ kind: 'person', because: expect.stringMatching(/8, compute-1 to compute-5/) });
  });

  it('that is being deleted is left, though an evacuation of it is under way', () => {
    const verdict = judgeInstance(aServer({ taskState: 'deleting' }), contextOf({}, { runningEvacuation: evacuation }));
    expect(verdict).toMatchObject({ kind: 'leave', outcome: 'left' });
  });

  it('that is not protected is left, whatever happens to it', () => {
    const server = aServer({ metadata: { HA_Enabled: 'false' }, vmState: 'suspended' });
    expect(judgeInstance(server, contextOf({}, { runningMigration: migration }))).toMatchObject({
      kind: 'leave',
      outcome: 'not-protected',
    });
  });
});
