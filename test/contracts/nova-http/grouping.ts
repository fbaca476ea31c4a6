import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { ServerGroupName } from '#test/openstack/base.ts';
import { boot, deleteServers, readServer } from '#test/openstack/servers.ts';
import { bringBack, evacuate, evacuated, hostAt, type Signed, takeDown } from './cloud.ts';

const groups = z.object({
  server_groups: z.array(
    z.object({
      id: z.string(),
      policy: z.string(),
      rules: z.record(z.string(), z.unknown()),
      members: z.array(z.string()),
    }),
  ),
});
const image = z.looseObject({ id: z.string(), tags: z.array(z.string()), os_distro: z.string() });

/** What stands beside an instance: its image, its flavor, its server group. */
export function groupingRows(signed: () => Signed): void {
  test('an image tells its tags, and its own properties beside its fields', async () => {
    const { admin, cloud } = signed();
    const { imageId } = cloud.base;
    const told = await admin.get('image', `/v2/images/${imageId}`, image);
    expect(told).toMatchObject({ id: imageId, tags: [], os_distro: 'mini' });
    expect((await admin.send('image', 'GET', '/v2/images/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  describe('a server group', () => {
    const ids = new Map<ServerGroupName, readonly string[]>();
    const idOf = (group: ServerGroupName, index = 0): string => ids.get(group)?.[index] ?? '';
    const list = (query: string) =>
      signed().admin.get('compute', `/os-server-groups?all_projects=true${query}`, groups, { microversion: '2.90' });
    let host = '';
    let other = '';

    beforeAll(async () => {
      const { admin, cloud } = signed();
      host = hostAt(cloud, 0);
      other = hostAt(cloud, 1);
      const inGroup = async (serverGroup: ServerGroupName, at: string) =>
        (await boot(admin, cloud.base, { count: 1, host: at, serverGroup, name: serverGroup }))[0] ?? '';
      ids.set('affinity', [await inGroup('affinity', host), await inGroup('affinity', host)]);
      ids.set('anti-affinity', [await inGroup('anti-affinity', host), await inGroup('anti-affinity', other)]);
      ids.set('soft-anti-affinity', [await inGroup('soft-anti-affinity', host)]);
    });

    afterAll(async () => {
      await bringBack(signed(), host);
      await deleteServers(signed().admin, [...ids.values()].flat());
    });

    test('tells its policy, its rules and its members, in pages that begin at an offset', async () => {
      const { server_groups: all } = await list('');
      for (const [policy, members] of ids) {
        const group = all.find((each) => each.policy === policy && each.members.includes(members[0] ?? ''));
        expect(group?.members, policy).toEqual(expect.arrayContaining([...members]));
        expect(group?.rules, policy).toEqual(policy === 'anti-affinity' ? expect.any(Object) : {});
      }
      expect((await list('&limit=1&offset=1')).server_groups).toEqual(all.slice(1, 2));
      expect((await list(`&offset=${all.length}`)).server_groups).toEqual([]);
    });

    test('that keeps its members apart lets none on to the host of another', async () => {
      const { admin } = signed();
      await takeDown(signed(), host);
      const id = idOf('anti-affinity');
      expect((await evacuate(admin, id, { host: other })).status).toBe(200);
      expect(await evacuated(admin, id)).toMatchObject({ status: 'ERROR', host });
      expect((await readServer(admin, id)).faultMessage).toMatch(/^No valid host was found\. /);
      expect((await evacuate(admin, id)).status).toBe(200);
      const after = await evacuated(admin, id);
      expect(after.status).toBe('ACTIVE');
      expect([host, other]).not.toContain(after.host);
    });

    test('that only wishes stops nobody', async () => {
      const { admin } = signed();
      const id = idOf('soft-anti-affinity');
      expect((await evacuate(admin, id, { host: other })).status).toBe(200);
      expect(await evacuated(admin, id)).toMatchObject({ status: 'ACTIVE', host: other });
    });

    test('that keeps them together is held on the dead host, even if one is forced past the scheduler', async () => {
      const { admin, cloud } = signed();
      const first = idOf('affinity');
      const to = hostAt(cloud, 2);
      expect((await evacuate(admin, first, { host: to })).status).toBe(200);
      expect(await evacuated(admin, first)).toMatchObject({ status: 'ERROR', host });
      expect((await readServer(admin, first)).faultMessage).toMatch(/^No valid host was found\. /);
      expect((await evacuate(admin, first, { host: to, force: true }, '2.67')).status).toBe(200);
      expect(await evacuated(admin, first)).toMatchObject({ status: 'ERROR', host });
      expect((await readServer(admin, first)).faultMessage).toBe('Affinity instance group policy was violated');
    });
  });
}
