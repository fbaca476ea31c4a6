import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { OpenStackApi } from '#test/openstack/api.ts';
import { act, boot, deleteServers, type ServerView, waitForServer } from '#test/openstack/servers.ts';
import { serviceOf } from '#test/openstack/services.ts';
import { bootInto } from '#test/openstack/states.ts';
import { errorOf, hostAt, keepsState, type Signed } from './cloud.ts';

const HARD = { reboot: { type: 'HARD' } };
const LIVE = { 'os-migrateLive': { host: null, block_migration: 'auto' } };

const actionsSchema = z.object({
  instanceActions: z.array(
    z.object({ action: z.string(), request_id: z.string(), user_id: z.string().nullable(), start_time: z.string() }),
  ),
});

const send = (api: OpenStackApi, id: string, json: object) =>
  api.send('compute', 'POST', `/servers/${id}/action`, { json, microversion: '2.53' });

/** GET /servers/{id}/os-instance-actions at the newest that salvor asks for. */
const actionsOf = async (api: OpenStackApi, id: string) =>
  (await api.get('compute', `/servers/${id}/os-instance-actions`, actionsSchema, { microversion: keepsState }))
    .instanceActions;

const settled = (api: OpenStackApi, id: string, status: string): Promise<ServerView> =>
  waitForServer(api, id, (server) => server.status === status && server.taskState === undefined);

/** Single instances of a host that is up: restarts, moves, and Nova's own record of both. */
export function singleRows(signed: () => Signed): void {
  describe('one instance of a host that is up', () => {
    test.each(['ACTIVE', 'SHUTOFF', 'ERROR'] as const)('%s is rebooted hard: it runs where it is', async (status) => {
      const { admin, cloud } = signed();
      const [host, otherHost] = [hostAt(cloud, 0), hostAt(cloud, 1)];
      const id = await bootInto(admin, cloud.base, { status, host, otherHost });
      const answer = await send(admin, id, HARD);
      expect(answer).toMatchObject({ status: 202, body: undefined });
      expect(await settled(admin, id, 'ACTIVE')).toMatchObject({ host, vmState: 'active' });
      const [newest] = await actionsOf(admin, id);
      expect(newest).toMatchObject({ action: 'reboot', request_id: answer.headers['x-compute-request-id'] });
      await deleteServers(admin, [id]);
    });

    test('what was done to it is on record, newest first, with who', async () => {
      const { admin, cloud } = signed();
      const [id = ''] = await boot(admin, cloud.base, { count: 1, host: hostAt(cloud, 0) });
      await act(admin, id, { 'os-stop': null });
      await settled(admin, id, 'SHUTOFF');
      await act(admin, id, { 'os-start': null });
      await settled(admin, id, 'ACTIVE');
      await act(admin, id, { 'os-resetState': { state: 'error' } });
      await act(admin, id, { 'os-resetState': { state: 'active' } });
      const actions = await actionsOf(admin, id);
      expect(actions.map(({ action }) => action)).toEqual(['resetState', 'resetState', 'start', 'stop', 'create']);
      expect(new Set(actions.map(({ user_id }) => user_id)).size).toBe(1);
      expect(actions[0]?.user_id).toMatch(/^[0-9a-f]{32}$/);
      expect(new Set(actions.map(({ request_id }) => request_id)).size).toBe(5);
      await deleteServers(admin, [id]);
    });

    test('its record shows as soon as the request is answered, and a refused one leaves none', async () => {
      const { admin, cloud } = signed();
      const [host, otherHost] = [hostAt(cloud, 0), hostAt(cloud, 1)];
      const id = await bootInto(admin, cloud.base, { status: 'ERROR', host, otherHost });
      const before = (await actionsOf(admin, id)).length;
      expect(errorOf(await send(admin, id, { migrate: null }))).toEqual({
        code: 409,
        message: `Cannot 'migrate' instance ${id} while it is in vm_state error`,
      });
      expect(await actionsOf(admin, id)).toHaveLength(before);
      await send(admin, id, HARD);
      expect(await actionsOf(admin, id)).toHaveLength(before + 1);
      await settled(admin, id, 'ACTIVE');
      await deleteServers(admin, [id]);
    });

    test('nothing is on record of one that is not there', async () => {
      const unknown = randomUUID();
      const path = `/servers/${unknown}/os-instance-actions`;
      const answer = await signed().admin.send('compute', 'GET', path, { microversion: keepsState });
      expect(errorOf(answer)).toEqual({ code: 404, message: `Instance ${unknown} could not be found.` });
    });

    test('one that Nova is at work on is refused', async () => {
      const { admin, cloud } = signed();
      if (cloud.writeTaskState === undefined) return;
      const [id = ''] = await boot(admin, cloud.base, { count: 1, host: hostAt(cloud, 0) });
      await cloud.writeTaskState(id, 'powering-off');
      const message = `Cannot 'reboot' instance ${id} while it is in task_state powering-off`;
      expect(errorOf(await send(admin, id, HARD))).toEqual({ code: 409, message });
      await act(admin, id, { 'os-resetState': { state: 'active' } });
      await deleteServers(admin, [id]);
    });

    test.each([
      ['ACTIVE', 'ACTIVE'],
      ['SHUTOFF', 'SHUTOFF'],
    ] as const)('%s is migrated cold, confirmed, and ends %s elsewhere', async (status, ends) => {
      const { admin, cloud } = signed();
      const [host, otherHost] = [hostAt(cloud, 0), hostAt(cloud, 1)];
      const id = await bootInto(admin, cloud.base, { status, host, otherHost });
      expect((await send(admin, id, { migrate: null })).status).toBe(202);
      const there = await settled(admin, id, 'VERIFY_RESIZE');
      expect(there.vmState).toBe('resized');
      expect(there.host).not.toBe(host);
      expect((await send(admin, id, { confirmResize: null })).status).toBe(204);
      expect(await settled(admin, id, ends)).toMatchObject({ host: there.host });
      const actions = (await actionsOf(admin, id)).map(({ action }) => action);
      expect(actions.slice(0, 2)).toEqual(['confirmResize', 'migrate']);
      await deleteServers(admin, [id]);
    });

    test('ACTIVE is migrated live, and runs elsewhere', async () => {
      const { admin, cloud } = signed();
      const host = hostAt(cloud, 0);
      const [id = ''] = await boot(admin, cloud.base, { count: 1, host });
      expect((await send(admin, id, LIVE)).status).toBe(202);
      const moved = await waitForServer(
        admin,
        id,
        (server) => server.host !== host && server.status === 'ACTIVE' && server.taskState === undefined,
      );
      expect(moved.vmState).toBe('active');
      expect((await actionsOf(admin, id))[0]?.action).toBe('live-migration');
      await deleteServers(admin, [id]);
    });
  });

  test('a service is disabled with a reason, and enabled without', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 0);
    const { id } = await serviceOf(admin, host);
    const put = async (json: object) =>
      (await admin.send('compute', 'PUT', `/os-services/${id}`, { json, microversion: '2.53' })).status;
    const view = z.object({
      services: z.array(z.object({ status: z.string(), disabled_reason: z.string().nullable() })),
    });
    const read = async () =>
      (await admin.get('compute', `/os-services?binary=nova-compute&host=${host}`, view, { microversion: '2.53' }))
        .services[0];
    for (const disabled_reason of ['salvor: process libvirtd down', 'salvor: process libvirtd, nova-compute down']) {
      expect(await put({ status: 'disabled', disabled_reason })).toBe(200);
      expect(await read()).toEqual({ status: 'disabled', disabled_reason });
    }
    expect(await put({ status: 'enabled' })).toBe(200);
    expect(await read()).toEqual({ status: 'enabled', disabled_reason: null });
  });
}
