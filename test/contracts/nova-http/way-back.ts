import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '#test/openstack/poll.ts';
import { act, boot, deleteServers, readServer, type ServerView, waitForServer } from '#test/openstack/servers.ts';
import { serviceOf, setService } from '#test/openstack/services.ts';
import {
  bringBack,
  errorOf,
  hostAt,
  keepsState,
  type MigrationView,
  migrations,
  type Signed,
  takeDown,
  withOnly,
} from './cloud.ts';

const liveMigrate = ({ admin }: Signed, id: string, host: string | null) =>
  admin.send('compute', 'POST', `/servers/${id}/action`, {
    json: { 'os-migrateLive': { host, block_migration: 'auto' } },
    microversion: keepsState,
  });

const ENDED = ['completed', 'failed', 'error', 'cancelled'];

/** Waits until no live migration of the instance is under way, and tells where that left it. */
async function moved({ admin }: Signed, id: string): Promise<{ server: ServerView; all: MigrationView[] }> {
  const all = await until(`the end of the live migrations of ${id}`, async () => {
    const found = await migrations(admin, { instance_uuid: id, migration_type: 'live-migration' });
    return found.length > 0 && found.every(({ status }) => ENDED.includes(status)) ? found : undefined;
  });
  return { server: await waitForServer(admin, id, ({ taskState }) => taskState === undefined), all };
}

/** Planned work on a host, and what is known of one that is forced down and runs. The rows go in order. */
export function wayBackRows(signed: () => Signed): void {
  describe('a host that is worked on', () => {
    let host = '';
    let service = '';
    const ids: string[] = [];

    beforeAll(async () => {
      const { admin, cloud } = signed();
      host = hostAt(cloud, 2);
      service = (await serviceOf(admin, host)).id;
      ids.push(...(await boot(admin, cloud.base, { count: 4, host, name: 'moves' })));
    });
    afterAll(async () => {
      const { admin } = signed();
      await setService(admin, service, { status: 'enabled' });
      await deleteServers(admin, ids);
    });

    test('is disabled with a reason of 255 characters at most, and stays up; a second reason replaces the first', async () => {
      const { admin } = signed();
      for (const disabled_reason of ['r'.repeat(255), 'salvor maintenance by ann: memory']) {
        await setService(admin, service, { status: 'disabled', disabled_reason });
        expect(await serviceOf(admin, host)).toMatchObject({ status: 'disabled', disabled_reason, state: 'up' });
      }
      const json = { status: 'disabled', disabled_reason: 'r'.repeat(256) };
      const tooLong = await admin.send('compute', 'PUT', `/os-services/${service}`, { json, microversion: keepsState });
      expect(errorOf(tooLong)?.code).toBe(400);
    });

    test('an instance of it is live-migrated by the scheduler’s choice, and to the host that is asked for', async () => {
      const [one = '', two = ''] = ids;
      const to = hostAt(signed().cloud, 3);
      expect((await liveMigrate(signed(), one, null)).status).toBe(202);
      expect((await liveMigrate(signed(), two, to)).status).toBe(202);
      const [first, second] = [await moved(signed(), one), await moved(signed(), two)];
      expect(first.server.status).toBe('ACTIVE');
      expect(first.server.host).not.toBe(host);
      expect(second.server).toMatchObject({ status: 'ACTIVE', host: to });
      expect(second.all).toMatchObject([{ status: 'completed', source_compute: host, dest_compute: to }]);
    });

    test('one without a place elsewhere is accepted, and stays as it is: only its migration says so', async () => {
      const [, , id = ''] = ids;
      await withOnly(signed(), [host], async () => {
        expect((await liveMigrate(signed(), id, null)).status).toBe(202);
        const { server, all } = await moved(signed(), id);
        expect(server).toMatchObject({ status: 'ACTIVE', host, faultMessage: undefined });
        expect(all).toMatchObject([{ status: 'error' }]);
      });
    });

    test('one that is stopped is refused with 409, an unknown host with 400', async () => {
      const [, , one = '', id = ''] = ids;
      expect(errorOf(await liveMigrate(signed(), one, 'nowhere'))).toEqual({
        code: 400,
        message: 'Compute host nowhere could not be found.',
      });
      await act(signed().admin, id, { 'os-stop': null });
      await waitForServer(signed().admin, id, ({ status }) => status === 'SHUTOFF');
      expect(errorOf(await liveMigrate(signed(), id, null))).toEqual({
        code: 409,
        message: `Cannot 'os-migrateLive' instance ${id} while it is in vm_state stopped`,
      });
      expect((await readServer(signed().admin, id)).host).toBe(host);
    });

    test('is enabled again, without the reason', async () => {
      const { admin } = signed();
      await setService(admin, service, { status: 'enabled' });
      expect(await serviceOf(admin, host)).toMatchObject({ status: 'enabled', disabled_reason: null, state: 'up' });
    });
  });

  test('what is changed of a dead host’s service counts as heard of it; the same change again does not', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 2);
    await takeDown(signed(), host);
    const { id, updated_at: first } = await serviceOf(admin, host);
    const change = async (to: Parameters<typeof setService>[2]) => {
      // Real Nova keeps whole seconds.
      await pause(1100);
      await setService(admin, id, to);
      return (await serviceOf(admin, host)).updated_at ?? '';
    };
    const disabled = await change({ status: 'disabled', disabled_reason: 'it is dead' });
    expect(disabled > (first ?? '')).toBe(true);
    expect(await change({ status: 'disabled', disabled_reason: 'it is dead' })).toBe(disabled);
    expect((await change({ status: 'enabled' })) > disabled).toBe(true);
    expect(await serviceOf(admin, host)).toMatchObject({ state: 'down', forced_down: true });
    await bringBack(signed(), host);
  });

  test('one that has just died is disabled at once, and Nova answers when it is back', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 2);
    const { id } = await serviceOf(admin, host);
    await cloud.killCompute(host);
    let answered = false;
    const asked = setService(admin, id, { status: 'disabled', disabled_reason: 'it is dead' }).then(() => {
      answered = true;
    });
    await until(`${host} to be disabled`, async () =>
      (await serviceOf(admin, host)).status === 'disabled' ? true : undefined,
    );
    await pause(2000);
    expect(answered).toBe(false);
    await bringBack(signed(), host);
    await asked;
  });

  test('a service that is forced down is down, yet heard of as soon as it runs', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 2);
    await takeDown(signed(), host);
    const before = await serviceOf(admin, host);
    expect(before).toMatchObject({ state: 'down', forced_down: true });
    await cloud.startCompute(host);
    const after = await until(`${host} to be heard of`, async () => {
      const service = await serviceOf(admin, host);
      return (service.updated_at ?? '') > (before.updated_at ?? '') ? service : undefined;
    });
    expect(after).toMatchObject({ state: 'down', forced_down: true });
    await bringBack(signed(), host);
  });
}
