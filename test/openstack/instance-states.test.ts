/**
 * What becomes of an instance in each state when its host is fenced and Nova is asked to evacuate it: the facts that
 * the domain's table of instance states rests on, as a real Nova shows them.
 */
import { beforeAll, expect, it } from 'vitest';
import { signIn } from './api.ts';
import { evacuationEnd, evacuationsOf, messageOf, requestEvacuation } from './evacuation.ts';
import { act, boot, deleteServers, type ServerView, waitForServer } from './servers.ts';
import { serviceOf, setService } from './services.ts';
import { bootInto, bootLockedByOwner, type ReachableStatus, type WrittenState, writeState } from './states.ts';
import { describeOnRig, fence, type RigBench } from './suite.ts';

const host = 'compute-1';
const otherHost = 'compute-2';

/** From 2.95 on an evacuated instance is left stopped; before, its state is restored (Compute API history). */
type Microversion = '2.94' | '2.95';
type Row = {
  readonly is: ReachableStatus;
  /** Written into the database when the host is gone. */
  readonly written?: WrittenState;
  /** os-resetState, sent when the host is gone. */
  readonly reset?: 'active' | 'error';
  readonly microversion: Microversion;
} & ({ readonly ends: 'ACTIVE' | 'SHUTOFF'; readonly guest: string } | { readonly refused: string });

/** Every evacuation starts the guest; one that shall be stopped is stopped after that. */
const started = 'on';
const startedAndStopped = 'on off';

const plain: Row[] = [
  { is: 'ACTIVE', microversion: '2.94', ends: 'ACTIVE', guest: started },
  { is: 'ACTIVE', microversion: '2.95', ends: 'SHUTOFF', guest: startedAndStopped },
  { is: 'SHUTOFF', microversion: '2.94', ends: 'SHUTOFF', guest: startedAndStopped },
  { is: 'SHUTOFF', microversion: '2.95', ends: 'SHUTOFF', guest: startedAndStopped },
  { is: 'ERROR', microversion: '2.94', ends: 'ACTIVE', guest: started },
  { is: 'ERROR', microversion: '2.95', ends: 'ACTIVE', guest: started },
  { is: 'PAUSED', microversion: '2.94', refused: 'vm_state paused' },
  { is: 'SUSPENDED', microversion: '2.94', refused: 'vm_state suspended' },
  { is: 'RESCUED', microversion: '2.94', refused: 'vm_state rescued' },
  { is: 'SHELVED', microversion: '2.94', refused: 'vm_state shelved' },
  { is: 'VERIFY_RESIZE', microversion: '2.94', refused: 'vm_state resized' },
];

/** A task state stops nothing: what a user had asked for is forgotten. */
const withTaskState: Row[] = (
  ['rebooting', 'powering-off', 'image_snapshot', 'deleting', 'migrating', 'resize_migrating', 'rebuilding'] as const
).flatMap((taskState): Row[] => [
  { is: 'ACTIVE', written: { taskState }, microversion: '2.94', ends: 'ACTIVE', guest: started },
  { is: 'SHUTOFF', written: { taskState }, microversion: '2.94', ends: 'SHUTOFF', guest: startedAndStopped },
]);

const withVmState: Row[] = [
  {
    is: 'ACTIVE',
    written: { vmState: 'building', taskState: 'spawning' },
    microversion: '2.94',
    refused: 'vm_state building',
  },
  { is: 'ACTIVE', written: { vmState: 'soft-delete' }, microversion: '2.94', refused: 'vm_state soft-delete' },
  { is: 'ACTIVE', written: { vmState: 'deleted' }, microversion: '2.94', refused: 'vm_state deleted' },
];

/** Whatever it was before: `error` ends ACTIVE with either microversion, `active` as an active one. */
const reset: Row[] = (['PAUSED', 'SUSPENDED', 'RESCUED', 'SHELVED', 'SHUTOFF'] as const).flatMap((is): Row[] => [
  { is, reset: 'error', microversion: '2.94', ends: 'ACTIVE', guest: started },
  { is, reset: 'error', microversion: '2.95', ends: 'ACTIVE', guest: started },
  { is, reset: 'active', microversion: '2.94', ends: 'ACTIVE', guest: started },
  { is, reset: 'active', microversion: '2.95', ends: 'SHUTOFF', guest: startedAndStopped },
]);

const rows = [...plain, ...withTaskState, ...withVmState, ...reset];

describeOnRig('evacuating an instance of a fenced host', (bench) => {
  const ids = new Map<Row, string>();

  beforeAll(async () => {
    const { rig, admin, base } = bench();
    for (const row of rows) ids.set(row, await bootInto(admin, base, { status: row.is, host, otherHost }));
    await fence(rig, admin, host);
  }, 600_000);

  it.each(rows.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
    const { rig, admin } = bench();
    const id = ids.get(row) ?? '';
    if (row.written !== undefined) await writeState(rig, id, row.written);
    if (row.reset !== undefined) {
      await act(admin, id, { 'os-resetState': { state: row.reset } });
      await waitForServer(admin, id, ({ vmState }) => vmState === row.reset);
    }
    const linesBefore = (await rig.ledger()).length;

    const answer = await requestEvacuation(admin, id, { microversion: row.microversion });

    if ('refused' in row) {
      expect(answer.status).toBe(409);
      expect(messageOf(answer)).toBe(`Cannot 'evacuate' instance ${id} while it is in ${row.refused}`);
      expect(await evacuationsOf(admin, id)).toEqual([]);
      return;
    }
    expect(answer.status).toBe(200);
    expect(await evacuationsOf(admin, id)).toMatchObject([{ source_compute: host }]);
    const { status, dest_compute: destination } = await evacuationEnd(admin, id);
    expect(status).toBe('done');
    // One that is to be stopped is ACTIVE for a moment first.
    const server = await waitForServer(admin, id, (seen) => isSettledElsewhere(seen) && seen.status === row.ends);
    expect(server.host).toBe(destination);
    expect(await guestSince(bench(), id, linesBefore)).toBe(row.guest);
  });

  it('leaves the lock of its owner in place', async () => {
    const { rig, admin, base } = bench();
    const id = await bootLockedByOwner(rig, admin, base, 'compute-3');
    await fence(rig, admin, 'compute-3');
    await requestEvacuation(admin, id, { microversion: '2.94' });
    expect(await evacuationEnd(admin, id)).toMatchObject({ status: 'done' });
    expect(await waitForServer(admin, id, isSettledElsewhere)).toMatchObject({ status: 'ACTIVE', locked: true });

    const demo = await signIn(rig.authUrl, rig.accounts.demo);
    const answer = await requestEvacuation(demo, id, { microversion: '2.94' });
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toBe("Policy doesn't allow os_compute_api:os-evacuate to be performed.");
    await deleteServers(admin, [id]);
  });

  it('says yes to a destination that is disabled or down, and fails afterwards', async () => {
    const { admin, base, rig } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host: 'compute-4' });
    await fence(rig, admin, 'compute-4');
    await setService(admin, (await serviceOf(admin, otherHost)).id, { status: 'disabled' });
    for (const destination of [otherHost, 'compute-3']) {
      const answer = await requestEvacuation(admin, id, { microversion: '2.94', host: destination });
      expect(answer.status).toBe(200);
      expect(await evacuationEnd(admin, id)).toMatchObject({ status: 'error', dest_compute: destination });
      const server = await waitForServer(admin, id, ({ taskState }) => taskState === undefined);
      expect(server).toMatchObject({ status: 'ERROR', host: 'compute-4' });
      expect(server.faultMessage).toMatch(/^No valid host was found\. /);
    }
  });
});

function nameOf(row: Row): string {
  const written = row.written === undefined ? '' : ` with ${Object.values(row.written).join(' and ')} written`;
  const was = row.reset === undefined ? '' : ` reset to ${row.reset}`;
  const then = 'refused' in row ? `is refused: ${row.refused}` : `ends ${row.ends} (${row.guest})`;
  return `${row.is}${written}${was}, at ${row.microversion}, ${then}`;
}

/** Its record still names the old host for a moment after the task state has gone. */
function isSettledElsewhere({ host: where, taskState, status }: ServerView): boolean {
  return where !== host && taskState === undefined && status !== 'REBUILD';
}

async function guestSince({ rig }: RigBench, id: string, lines: number): Promise<string> {
  const since = (await rig.ledger()).slice(lines).filter(({ serverId }) => serverId === id);
  return since.map(({ what }) => what).join(' ');
}
