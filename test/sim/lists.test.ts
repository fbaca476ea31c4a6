import { expect, test } from 'vitest';
import * as z from 'zod';
import { deadHost, evacuate, openBench } from './bench.ts';

const links = z.array(z.object({ rel: z.literal('next'), href: z.string() }));
const microversion = '2.90';

test('a full page links to the next one, the last page to none', async () => {
  const { cloud, admin } = await openBench();
  cloud.boot(3, { host: 'compute-1' });
  const page = z.object({ servers: z.array(z.object({ id: z.string() })), servers_links: links.optional() });
  const list = (query: string) =>
    admin.get('compute', `/servers/detail?all_tenants=1&limit=2${query}`, page, { microversion });
  const first = await list('');
  const marker = first.servers.at(-1)?.id;
  expect(first.servers_links?.[0]?.href).toContain(`marker=${marker}`);
  const second = await list(`&marker=${marker}`);
  expect(second.servers).toHaveLength(1);
  expect(second.servers_links).toBeUndefined();
});

test('changes-since tells of what was deleted, and of migrations that moved on', async () => {
  const bench = await openBench();
  const { cloud, clock, admin } = bench;
  const id = await deadHost(bench);
  const [gone] = cloud.boot(1, { host: 'compute-2' });
  await evacuate(admin, id);
  clock.advance(60_000);
  const since = new Date(clock.now()).toISOString();
  await admin.send('compute', 'DELETE', `/servers/${gone?.id}`);
  const changed = z.object({ servers: z.array(z.object({ id: z.string(), status: z.string() })) });
  const servers = await admin.get('compute', `/servers/detail?all_tenants=1&changes-since=${since}`, changed, {
    microversion,
  });
  expect(servers.servers).toEqual([{ id: gone?.id, status: 'DELETED' }]);
  const migrations = (from: string) =>
    admin.get('compute', `/os-migrations?changes-since=${from}`, z.object({ migrations: z.array(z.unknown()) }), {
      microversion,
    });
  expect((await migrations(since)).migrations).toEqual([]);
  expect((await migrations(new Date(clock.now() - 120_000).toISOString())).migrations).toHaveLength(1);
});
