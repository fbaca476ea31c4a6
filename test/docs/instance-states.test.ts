/** The tables of docs/instance-states.md, read from top to bottom, say of every instance what the code says. */
import { describe, expect, it } from 'vitest';
import { type InstanceContext, judgeInstance, type Verdict } from '#shared/domain/instances.ts';
import type { Migration, Server } from '#shared/ports.ts';
import { aSegment } from '#test/support/builders.ts';
import { listOf, readPage, type TableRow, tableWith } from './markdown.ts';

const page = readPage('docs/instance-states.md');
const byState = tableWith(page, 'vm_state');
const byDisk = tableWith(page, 'disks');

/** nova/compute/vm_states.py, the API's name for soft-delete, and one that no Nova has. */
const VM_STATES =
  'active building paused suspended stopped rescued resized soft-delete soft_deleted deleted error shelved shelved_offloaded unheard-of'.split(
    ' ',
  );
/** nova/compute/task_states.py, and one that no Nova has. */
const TASK_STATES = [
  null,
  ...'scheduling block_device_mapping networking spawning image_snapshot image_snapshot_pending image_pending_upload image_uploading image_backup updating_password'.split(
    ' ',
  ),
  ...'resize_prep resize_migrating resize_migrated resize_finish resize_reverting resize_confirming'.split(' '),
  ...'rebooting reboot_pending reboot_started rebooting_hard reboot_pending_hard reboot_started_hard'.split(' '),
  ...'pausing unpausing suspending resuming powering-off powering-on rescuing unrescuing'.split(' '),
  ...'rebuilding rebuild_block_device_mapping rebuild_spawning migrating deleting soft-deleting restoring'.split(' '),
  ...'shelving shelving_image_pending_upload shelving_image_uploading shelving_offloading unshelving'.split(' '),
  'unheard-of',
];

interface Case {
  readonly server: Server;
  readonly context: InstanceContext;
}

/** What the column "if" may say. */
const CONDITIONS: Readonly<Record<string, (given: Case) => boolean>> = {
  '-': () => true,
  excluded: ({ server }) => server.name.startsWith('amphora-'),
  'opted out': (given) => nearestWord(given) === 'out',
  'not opted in': (given) => given.context.instances.protect === 'opted-in' && nearestWord(given) === undefined,
  'an evacuation of it runs': ({ context }) => context.runningEvacuation !== undefined,
  'a migration of it is unfinished': ({ context }) => context.runningMigration !== undefined,
  'inError: recover': ({ context }) => context.instances.inError === 'recover',
  'inError: leave': ({ context }) => context.instances.inError === 'leave',
  'lostStates: recover-stopped': ({ context }) => context.instances.lostStates === 'recover-stopped',
  'lostStates: leave': ({ context }) => context.instances.lostStates === 'leave',
  'sharedInstanceStorage: true': ({ context }) => context.instances.sharedInstanceStorage,
  'allowRebuildFromImage: true': ({ context }) => context.instances.allowRebuildFromImage,
};
/** The page's other table: what is nearer to the instance counts. */
function nearestWord({ server, context: { signs } }: Case): 'in' | 'out' | undefined {
  const said = [
    server.metadata.HA_Enabled,
    signs.image?.properties.ha,
    server.extraSpecs.evacuable,
    ...(signs.aggregates ?? []).map(({ metadata }) => metadata.ha),
  ].find((value) => value !== undefined);
  return said === undefined ? undefined : said === 'yes' ? 'in' : 'out';
}
/** What the column "disks" may say. */
const DISKS: Readonly<Record<string, (given: Case) => boolean>> = {
  vTPM: ({ server }) => server.localDisks.vtpm,
  'volumes only': ({ server }) => !hasLocalDisk(server),
  'some are local': ({ server }) => hasLocalDisk(server),
};
const hasLocalDisk = ({ localDisks }: Server): boolean =>
  localDisks.root || localDisks.ephemeralGb > 0 || localDisks.swapMb > 0;

function isTrue(meanings: Readonly<Record<string, (given: Case) => boolean>>, cell: string, given: Case): boolean {
  const meaning = meanings[cell];
  if (meaning === undefined) throw new Error(`nobody knows what "${cell}" means`);
  return meaning(given);
}

const isOneOf = (cell: string, value: string): boolean => cell === 'any' || listOf(cell).includes(value);

const stateRowOf = (given: Case): TableRow | undefined =>
  byState.find(
    (row) =>
      isOneOf(row.vm_state ?? '', given.server.vmState) &&
      isOneOf(row.task_state ?? '', given.server.taskState ?? 'none') &&
      isTrue(CONDITIONS, row.if ?? '', given),
  );

const diskRowOf = (given: Case): TableRow | undefined =>
  byDisk.find((row) => isTrue(DISKS, row.disks ?? '', given) && isTrue(CONDITIONS, row.if ?? '', given));

/** What the tables say, in the words of the columns; and the row that said so. */
function byTables(given: Case): { readonly row: TableRow; readonly says: string } {
  const row = stateRowOf(given);
  if (row === undefined) throw new Error('no row fits');
  const { salvor = '', outcome = '', because = '' } = row;
  if (outcome !== 'recovered') return { row, says: [salvor, '-', outcome, because].join(' | ') };
  const disk = diskRowOf(given);
  if (disk === undefined) throw new Error('no row of the disks fits');
  if (disk.outcome === 'evacuated')
    return { row, says: [salvor, row['after a failed attempt'], outcome, because].join(' | ') };
  const kind = disk.outcome === 'person' ? 'person' : 'leave';
  return { row: disk, says: [kind, '-', disk.outcome, disk.because].join(' | ') };
}

function byCode(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'evacuate':
      return [verdict.way, verdict.wayAgain, 'recovered', verdict.because].join(' | ');
    case 'leave':
      return ['leave', '-', verdict.outcome, verdict.because].join(' | ');
    case 'watch':
      return ['watch', '-', '-', verdict.because].join(' | ');
    case 'person':
      return ['person', '-', 'person', verdict.because].join(' | ');
  }
}

/** `…` stands for anything. */
const fits = (said: string, pattern: string): boolean =>
  new RegExp(`^${pattern.split('…').map(RegExp.escape).join('.+')}$`).test(said);

const migration: Migration = {
  id: 7,
  instanceId: 'i',
  sourceHost: 'compute-1',
  destinationHost: 'compute-2',
  status: 'running',
  createdAt: '2026-11-21T03:12:07Z',
};
const plain: Case = {
  server: {
    id: 'i',
    name: 'web-1',
    projectId: 'p',
    host: 'compute-1',
    status: 'ACTIVE',
    vmState: 'active',
    taskState: null,
    powerState: 1,
    locked: false,
    metadata: {},
    fault: null,
    memoryMb: 512,
    vcpus: 1,
    flavorName: 'small',
    extraSpecs: {},
    addresses: [],
    imageId: null,
    localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false },
  },
  context: {
    instances: aSegment({
      instances: { imageKey: 'ha', aggregateKey: 'ha', saidIn: ['metadata', 'image', 'flavor', 'aggregate'] },
    }).instances,
    signs: {},
    runningEvacuation: undefined,
    runningMigration: undefined,
  },
};

const withServer = (given: Case, server: Partial<Server>): Case => ({
  ...given,
  server: { ...given.server, ...server },
});
const withPolicy = (given: Case, instances: Partial<InstanceContext['instances']>): Case => ({
  ...given,
  context: { ...given.context, instances: { ...given.context.instances, ...instances } },
});
const withContext = (given: Case, context: Partial<InstanceContext>): Case => ({
  ...given,
  context: { ...given.context, ...context },
});
const withSigns = (given: Case, signs: InstanceContext['signs']): Case =>
  withContext(given, { signs: { ...given.context.signs, ...signs } });
const withDisks = (given: Case, disks: Partial<Server['localDisks']>): Case =>
  withServer(given, { localDisks: { ...given.server.localDisks, ...disks } });

/** Each changes one thing; every pair of them is tried in every state. */
const VARIANTS: readonly ((given: Case) => Case)[] = [
  (given) => given,
  (given) => withServer(given, { metadata: { HA_Enabled: 'False' } }),
  (given) => withServer(given, { metadata: { HA_Enabled: 'yes' } }),
  (given) => withServer(given, { locked: true }),
  (given) => withServer(given, { name: 'amphora-7d9b0f0e-6a3a-4a0c-8f6e-6c1c2b7f8a11' }),
  (given) => withServer(given, { extraSpecs: { evacuable: 'yes' } }),
  (given) => withServer(given, { extraSpecs: { evacuable: 'False' } }),
  (given) => withSigns(given, { image: { id: 'mini', tags: [], properties: { ha: 'yes' } } }),
  (given) => withSigns(given, { aggregates: [{ name: 'spare', metadata: { ha: 'False' } }] }),
  (given) => withPolicy(given, { protect: 'opted-in' }),
  (given) => withPolicy(given, { inError: 'leave' }),
  (given) => withPolicy(given, { lostStates: 'leave' }),
  (given) => withPolicy(given, { sharedInstanceStorage: true }),
  (given) => withPolicy(given, { allowRebuildFromImage: true }),
  (given) => withContext(given, { runningEvacuation: migration }),
  (given) => withContext(given, { runningMigration: migration }),
  (given) => withDisks(given, { root: true }),
  (given) => withDisks(given, { ephemeralGb: 20, swapMb: 512 }),
  (given) => withDisks(given, { vtpm: true }),
];

function* casesOf(vmState: string): Generator<Case> {
  for (const taskState of TASK_STATES)
    for (const one of VARIANTS)
      for (const other of VARIANTS) yield one(other(withServer(plain, { vmState, taskState })));
}

describe('the tables and the code say the same', () => {
  it.each(VM_STATES)('of an instance that is %s, whatever else is so', (vmState) => {
    for (const given of casesOf(vmState)) {
      const said = byCode(judgeInstance(given.server, given.context));
      const { says } = byTables(given);
      if (!fits(said, says)) expect({ given, says: said }).toEqual({ given, says });
    }
  });
});

it('has no row that nothing fits', () => {
  const used = new Set(VM_STATES.flatMap((vmState) => [...casesOf(vmState)].map((given) => byTables(given).row)));
  expect([...byState, ...byDisk].filter((row) => !used.has(row) && row.outcome !== 'evacuated')).toEqual([]);
});

it('says of each recovery how it ends in Nova, and of nothing else', () => {
  const ends = byState.map((row) => [
    row.outcome === 'recovered',
    ['ACTIVE', 'SHUTOFF'].includes(row['ends in Nova'] ?? ''),
  ]);
  expect(ends.filter(([recovered, end]) => recovered !== end)).toEqual([]);
});

it('names every way of asking', () => {
  const ways = new Set(
    byState.flatMap((row) => (row.outcome === 'recovered' ? [row.salvor, row['after a failed attempt']] : [])),
  );
  expect(
    tableWith(page, 'way')
      .map(({ way }) => way)
      .sort(),
  ).toEqual([...ways].sort());
});
