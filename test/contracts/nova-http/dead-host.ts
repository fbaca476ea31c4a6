import { beforeAll, describe, expect, test } from 'vitest';
import { act, boot, deleteServers, readServer } from '#test/openstack/servers.ts';
import { serviceOf, setService } from '#test/openstack/services.ts';
import { bootInto, type ReachableStatus } from '#test/openstack/states.ts';
import {
  bringBack,
  errorOf,
  evacuate,
  evacuated,
  hostAt,
  keepsState,
  leavesStopped,
  migrations,
  type Signed,
  withOnly,
} from './cloud.ts';

/** Instances whose evacuation is accepted: how they began, by which microversion, how they end. */
const MOVES: readonly [status: ReachableStatus, microversion: string, ends: string][] = [
  ['ACTIVE', keepsState, 'ACTIVE'],
  ['SHUTOFF', keepsState, 'SHUTOFF'],
  ['ERROR', keepsState, 'ACTIVE'],
  ['ACTIVE', leavesStopped, 'SHUTOFF'],
  ['SHUTOFF', leavesStopped, 'SHUTOFF'],
  ['ERROR', leavesStopped, 'ACTIVE'],
];

/** Instances that Nova leaves on the dead host. */
const STAYS: readonly [status: ReachableStatus, vmState: string][] = [
  ['PAUSED', 'paused'],
  ['SUSPENDED', 'suspended'],
  ['RESCUED', 'rescued'],
  ['VERIFY_RESIZE', 'resized'],
  ['SHELVED', 'shelved'],
];

const TASKS = ['rebooting', 'powering-off', 'image_snapshot'] as const;

/** One host dies with instances in all states on it; then the way back. The rows go in order. */
export function deadHostRows(signed: () => Signed): void {
  describe('a host that was killed and forced down', () => {
    const ids = new Map<string, string>();
    const id = (name: string): string => ids.get(name) ?? '';
    let host = '';

    beforeAll(async () => {
      const { admin, member, cloud } = signed();
      host = hostAt(cloud, 0);
      const otherHost = hostAt(cloud, 1);
      const wanted = [
        ...MOVES.map(([status, version]) => [`${status} ${version}`, status] as const),
        ...STAYS.map(([status]) => [status, status] as const),
      ];
      for (const [name, status] of wanted)
        ids.set(name, await bootInto(admin, cloud.base, { status, host, otherHost }));
      ids.set('SHELVED_OFFLOADED', await bootInto(admin, cloud.base, { status: 'SHELVED_OFFLOADED', host, otherHost }));
      for (const name of ['parameters', 'force', 'old', 'deleted', ...TASKS]) {
        const [booted = ''] = await boot(admin, cloud.base, { count: 1, host, name });
        ids.set(name, booted);
      }
      const [locked = ''] = await withOnly(signed(), [host], () =>
        boot(member, cloud.base, { count: 1, name: 'locked' }),
      );
      await act(member, locked, { lock: null });
      ids.set('locked', locked);
      await cloud.killCompute(host);
    });

    test('is down at once, still enabled, and may be forced down again', async () => {
      const { admin } = signed();
      const service = await serviceOf(admin, host);
      for (const _ of [1, 2]) {
        await setService(admin, service.id, { forced_down: true });
        expect(await serviceOf(admin, host)).toMatchObject({ state: 'down', status: 'enabled', forced_down: true });
      }
    });

    test.each(MOVES)('%s is evacuated at %s and ends %s elsewhere', async (status, microversion, ends) => {
      const { admin } = signed();
      const server = id(`${status} ${microversion}`);
      const answer = await evacuate(admin, server, {}, microversion);
      expect(answer).toMatchObject({ status: 200, body: undefined });
      const after = await evacuated(admin, server);
      expect(after.status).toBe(ends);
      expect(after.host).not.toBe(host);
    });

    test.each(STAYS)('%s is refused with 409 and stays', async (status, vmState) => {
      const { admin } = signed();
      expect(errorOf(await evacuate(admin, id(status)))).toEqual({
        code: 409,
        message: `Cannot 'evacuate' instance ${id(status)} while it is in vm_state ${vmState}`,
      });
      expect((await readServer(admin, id(status))).host).toBe(host);
    });

    test('one that is shelved and offloaded runs nowhere: 400', async () => {
      const answer = await evacuate(signed().admin, id('SHELVED_OFFLOADED'));
      expect(errorOf(answer)).toEqual({ code: 400, message: "The target host can't be the same one." });
    });

    test('its owner’s lock stops no administrator, and outlives the evacuation', async () => {
      const { admin, member } = signed();
      expect(errorOf(await evacuate(member, id('locked')))?.code).toBe(403);
      expect((await evacuate(admin, id('locked'))).status).toBe(200);
      expect(await evacuated(admin, id('locked'))).toMatchObject({ status: 'ACTIVE', locked: true });
    });

    test.each(TASKS)('a task state (%s) stops nothing', async (task) => {
      const { admin, cloud } = signed();
      if (cloud.writeTaskState === undefined) return;
      await cloud.writeTaskState(id(task), task);
      expect((await evacuate(admin, id(task))).status).toBe(200);
      expect(await evacuated(admin, id(task))).toMatchObject({ status: 'ACTIVE' });
    });

    test('an unknown host is 404, the same host 400, anything unknown in the body 400', async () => {
      const { admin } = signed();
      const ask = (body: object) => evacuate(admin, id('parameters'), body);
      expect(errorOf(await ask({ host: 'nowhere' }))).toEqual({
        code: 404,
        message: 'Compute host nowhere not found.',
      });
      expect(errorOf(await ask({ host }))).toEqual({ code: 400, message: "The target host can't be the same one." });
      expect(errorOf(await ask({ host: hostAt(signed().cloud, 1), force: true }))?.message).toContain(
        "'force' was unexpected",
      );
      expect(errorOf(await ask({ onSharedStorage: true }))?.message).toContain("'onSharedStorage' was unexpected");
    });

    test('the migration is there as soon as the request is answered, and goes to the host that was asked for', async () => {
      const { admin, cloud } = signed();
      const to = hostAt(cloud, 2);
      expect((await evacuate(admin, id('parameters'), { host: to })).status).toBe(200);
      const [migration] = await migrations(admin, {
        source_compute: host,
        migration_type: 'evacuation',
        instance_uuid: id('parameters'),
      });
      expect(migration).toMatchObject({ instance_uuid: id('parameters'), source_compute: host, dest_compute: to });
      expect(['accepted', 'pre-migrating', 'done']).toContain(migration?.status);
      expect((await evacuated(admin, id('parameters'))).host).toBe(to);
      const [done] = await migrations(admin, { instance_uuid: id('parameters'), status: 'done' });
      expect(done).toMatchObject({ uuid: migration?.uuid, status: 'done', dest_compute: to });
    });

    test('force bypasses the scheduler at 2.67; it needs a host', async () => {
      const { admin, cloud } = signed();
      const hostless = await evacuate(admin, id('force'), { force: true }, '2.67');
      expect(errorOf(hostless)).toEqual({ code: 400, message: "Can't force to a non-provided destination" });
      const to = hostAt(cloud, 3);
      expect((await evacuate(admin, id('force'), { host: to, force: true }, '2.67')).status).toBe(200);
      expect(await evacuated(admin, id('force'))).toMatchObject({ status: 'ACTIVE', host: to });
    });

    test('up to 2.13 onSharedStorage must be given, and the answer has a password', async () => {
      const { admin } = signed();
      expect(errorOf(await evacuate(admin, id('old'), {}, '2.13'))?.message).toContain(
        "'onSharedStorage' is a required property",
      );
      const answer = await evacuate(admin, id('old'), { onSharedStorage: true }, '2.13');
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveProperty('adminPass');
      expect((await evacuated(admin, id('old'))).status).toBe('ACTIVE');
    });

    test('one that has moved already is on a host in use', async () => {
      const { admin } = signed();
      const server = id(`ACTIVE ${keepsState}`);
      const { host: now } = await readServer(admin, server);
      expect(errorOf(await evacuate(admin, server))).toEqual({
        code: 400,
        message: `Compute service of ${now} is still in use.`,
      });
    });

    test('one that is deleted during its evacuation is gone, and so is its migration', async () => {
      const { admin } = signed();
      expect((await evacuate(admin, id('deleted'))).status).toBe(200);
      expect((await admin.send('compute', 'DELETE', `/servers/${id('deleted')}`)).status).toBe(204);
      await deleteServers(admin, [id('deleted')]);
      expect(await migrations(admin, { instance_uuid: id('deleted') })).toEqual([]);
    });

    test('all its evacuations come in one list, newest first, in pages', async () => {
      const { admin } = signed();
      const all = await migrations(admin, { source_compute: host, migration_type: 'evacuation' });
      expect(all.length).toBeGreaterThanOrEqual(MOVES.length + 4);
      const numbers = all.map((one) => one.id);
      expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
      const [first, second] = all;
      const one = await migrations(admin, {
        source_compute: host,
        migration_type: 'evacuation',
        limit: '1',
        marker: first?.uuid ?? '',
      });
      expect(one.map(({ uuid }) => uuid)).toEqual([second?.uuid]);
      const lost = await admin.send('compute', 'GET', `/os-migrations?marker=${id('deleted')}`, {
        microversion: '2.80',
      });
      expect(lost.status).toBe(400);
    });

    test('is not taken back before nova-compute has started again', async () => {
      const { admin } = signed();
      const { id: service } = await serviceOf(admin, host);
      const early = await admin.send('compute', 'PUT', `/os-services/${service}`, {
        json: { forced_down: false },
        microversion: keepsState,
      });
      expect(errorOf(early)).toEqual({
        code: 400,
        message:
          `Unable to force up host ${host} as \`done\` evacuation migration records remain associated with the host. ` +
          'Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.',
      });
      for (const status of ['disabled', 'enabled'] as const) await setService(admin, service, { status });
      await bringBack(signed(), host);
      const left = await migrations(admin, { source_compute: host, migration_type: 'evacuation' });
      expect(new Set(left.map(({ status }) => status))).toEqual(new Set(['completed']));
      await deleteServers(admin, [...ids.values()]);
    });
  });
}
