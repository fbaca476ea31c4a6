import { beforeAll, describe, expect, test } from 'vitest';
import { boot, deleteServers, readServer } from '#test/openstack/servers.ts';
import { bringBack, evacuate, evacuated, hostAt, migrations, type Signed, takeDown, withOnly } from './cloud.ts';

/** What an evacuation that goes wrong leaves, and that it may be sent again. */
export function failureRows(signed: () => Signed): void {
  describe('an evacuation that fails', () => {
    let host = '';
    const ids: string[] = [];

    beforeAll(async () => {
      const { admin, cloud } = signed();
      host = hostAt(cloud, 1);
      ids.push(...(await boot(admin, cloud.base, { count: 3, host, name: 'fails' })));
      await takeDown(signed(), host);
    });

    test('to spawn: ERROR with a fault, on the old host, migration failed; again works', async () => {
      const { admin, cloud } = signed();
      const [id = ''] = ids;
      const to = hostAt(cloud, 2);
      await cloud.failNextSpawn(to, true);
      expect((await evacuate(admin, id, { host: to })).status).toBe(200);
      const after = await evacuated(admin, id);
      expect(after).toMatchObject({ status: 'ERROR', host, faultMessage: expect.stringMatching(/./) });
      expect(await migrations(admin, { instance_uuid: id })).toMatchObject([{ status: 'failed', dest_compute: to }]);
      await cloud.failNextSpawn(to, false);
      expect((await evacuate(admin, id, { host: to })).status).toBe(200);
      expect(await evacuated(admin, id)).toMatchObject({ status: 'ACTIVE', host: to, faultMessage: undefined });
    });

    test('to find a host: ERROR, migration error without a destination; again works', async () => {
      const { admin, cloud } = signed();
      const [, id = ''] = ids;
      await withOnly(signed(), [host], async () => {
        expect((await evacuate(admin, id)).status).toBe(200);
        const after = await evacuated(admin, id);
        expect(after).toMatchObject({ status: 'ERROR', host });
        expect(after.faultMessage).toMatch(/^No valid host was found\. /);
      });
      expect(await migrations(admin, { instance_uuid: id })).toMatchObject([{ status: 'error', dest_compute: null }]);
      expect((await evacuate(admin, id)).status).toBe(200);
      expect((await evacuated(admin, id)).status).toBe('ACTIVE');
      expect(cloud.computes).toContain((await readServer(admin, id)).host);
    });

    test('since the host that was asked for is disabled: accepted, then ERROR', async () => {
      const { admin, cloud } = signed();
      const [, , id = ''] = ids;
      const to = hostAt(cloud, 3);
      await withOnly(
        signed(),
        cloud.computes.filter((one) => one !== to),
        async () => {
          expect((await evacuate(admin, id, { host: to })).status).toBe(200);
          expect(await evacuated(admin, id)).toMatchObject({ status: 'ERROR', host });
        },
      );
      expect(await migrations(admin, { instance_uuid: id })).toMatchObject([{ status: 'error' }]);
      await bringBack(signed(), host);
      await deleteServers(admin, ids);
    });
  });
}
