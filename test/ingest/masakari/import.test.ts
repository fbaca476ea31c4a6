/** Segments and hosts of a Masakari become segments of a policy. In Masakari's place stands salvor's own API, over HTTP. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import type { Session } from '#shared/adapters/openstack/keystone.ts';
import { masakariSegments } from '#shared/adapters/openstack/masakari.ts';
import { type FoundSegment, importSegments } from '#shared/domain/import-masakari.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { masakariApi } from '#shared/ingest/masakari/app.ts';
import { cloudAt } from '#test/adapters/fake-openstack.ts';
import { aPolicy } from '#test/support/builders.ts';
import { masakariWorld, obeying, PROJECT } from './support.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** @param path of the catalogue's endpoint, behind the server's address */
async function masakariAt(path: string, handler: Parameters<typeof getRequestListener>[0]): Promise<Session> {
  const server: Server = createServer(getRequestListener(handler));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = openStackHttp({ version: '0', random: () => 1, sleep: async () => undefined });
  closers.push(http.close, () => {
    server.close();
    server.closeAllConnections();
    return once(server, 'close');
  });
  const catalog = [
    { type: 'instance-ha', endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${url}${path}` }] },
  ];
  return {
    cloud: cloudAt({ url }),
    http,
    token: async () => ({ value: 'admin', catalog }),
    reject: () => undefined,
    redact: (text) => text,
  };
}

async function withSegments() {
  const world = await masakariWorld(
    aPolicy({ masakari: { segmentDefaults: {} } }, { hosts: { names: ['compute-1'] } }),
  );
  obeying(world);
  const made = await world.ask('POST', '/v1/segments', {
    version: '1.2',
    body: { segment: { name: 'Gestell 7', recovery_method: 'rh_priority', service_type: 'COMPUTE', enabled: false } },
  });
  for (const [name, flag] of [
    ['compute-2', {}],
    ['compute-3', { reserved: true }],
    ['compute-4', { on_maintenance: true }],
  ] as const) {
    const host = { name, type: 'COMPUTE', control_attributes: 'SSH', ...flag };
    await world.ask('POST', `/v1/segments/${made.body.segment.uuid}/hosts`, { body: { host } });
  }
  return masakariApi(world.services);
}

describe('reading a Masakari', () => {
  it.each(['/v1', '/v1/', '', `/v1/${PROJECT}`])('finds all of it where the catalogue says "%s"', async (path) => {
    const session = await masakariAt(path, (await withSegments()).fetch);
    expect(await masakariSegments(session)).toEqual([
      {
        name: 'Gestell 7',
        recoveryMethod: 'rh_priority',
        enabled: false,
        hosts: expect.arrayContaining([
          { name: 'compute-2', reserved: false, onMaintenance: false },
          { name: 'compute-3', reserved: true, onMaintenance: false },
          { name: 'compute-4', reserved: false, onMaintenance: true },
        ]),
      },
      { name: 'az1', recoveryMethod: 'auto', enabled: true, hosts: [expect.objectContaining({ name: 'compute-1' })] },
    ]);
  });

  it('reads page after page, of one that is too old for 1.2 too', async () => {
    const rows = Array.from({ length: 501 }, (_, id) => ({
      id,
      uuid: `u${id}`,
      name: `s${id}`,
      recovery_method: 'auto',
    }));
    const session = await masakariAt('/v1', (request) => {
      const url = new URL(request.url);
      if (request.headers.get('openstack-api-version') !== null) return new Response('{}', { status: 406 });
      if (url.pathname.endsWith('/hosts')) return Response.json({ hosts: [] });
      const marker = Number(url.searchParams.get('marker') ?? -1);
      return Response.json({ segments: rows.slice(marker + 1, marker + 501) });
    });
    expect((await masakariSegments(session)).map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
  });

  it.each([
    [401, /Masakari answered 401/],
    [403, /Masakari answered 403/],
  ])('says what it was told: %i', async (status, message) => {
    const session = await masakariAt('/v1', () => new Response('{}', { status }));
    await expect(masakariSegments(session)).rejects.toThrow(message);
  });

  it('says so when the catalogue has none', async () => {
    const session = await masakariAt('/v1', () => new Response());
    const without = { ...session, token: async () => ({ value: 'admin', catalog: [] }) };
    await expect(masakariSegments(without)).rejects.toThrow(/names no service of type instance-ha/);
  });
});

describe('a policy from it', () => {
  const host = (name: string, flags: object = {}) => ({ name, reserved: false, onMaintenance: false, ...flags });
  const found = (overrides: Partial<FoundSegment>): FoundSegment => ({
    name: 'rack-7',
    recoveryMethod: 'auto',
    enabled: true,
    hosts: [host('a')],
    ...overrides,
  });

  it('is in shadow mode, and checks', () => {
    const { imported, leftOut } = importSegments([
      found({}),
      found({ name: 'Gestell 7 (Süd)', hosts: [host('b'), host('c', { onMaintenance: true })] }),
      found({ name: 'Gestell_7 _Süd_', hosts: [host('d')] }),
      found({ name: '***', hosts: [host('e')], enabled: false, recoveryMethod: 'reserved_host' }),
      found({ name: 'empty', hosts: [] }),
    ]);
    expect(leftOut).toEqual(['segment "empty" has no hosts']);
    const segments = imported.map(({ segment }) => segment);
    expect(segments.map(({ name }) => name)).toEqual(['rack-7', 'Gestell-7-S-d', 'Gestell_7-_S-d_', 'segment']);
    expect(segments[1]).toMatchObject({ hosts: { names: ['b', 'c'] }, except: ['c'], mode: 'shadow' });
    for (const segment of segments)
      expect(segment).toMatchObject({ instanceRecovery: {}, processRecovery: { enable: 'by-hand' } });
    expect(imported[0]?.remarks).toEqual([]);
    expect(imported[3]?.remarks).toEqual([
      'Masakari\'s name: "***"',
      expect.stringContaining('enabled=False'),
      expect.stringContaining('reserved_host'),
    ]);
    expect(policySchema.safeParse({ version: 1, segments, fenceDevices: {} }).error).toBeUndefined();
  });

  it('has its method and its reserved hosts', () => {
    const hosts = [host('a'), host('spare', { reserved: true })];
    const { imported } = importSegments([
      found({ hosts, recoveryMethod: 'rh_priority' }),
      found({ name: 'auto', hosts: [host('b'), host('spare-b', { reserved: true })] }),
    ]);
    const destinations = { method: 'rh_priority', reservedHosts: { names: ['spare'] } };
    expect(imported[0]?.segment).toMatchObject({ destinations });
    expect(imported[0]?.remarks).toEqual([
      expect.stringMatching(/^reserved in Masakari: spare; disable .*"reserved"$/),
    ]);
    expect(imported[1]?.segment).not.toHaveProperty('destinations');
    expect(imported[1]?.remarks).toEqual([expect.stringMatching(/the method auto does not use them$/)]);
    const segments = imported.map(({ segment }) => segment);
    expect(policySchema.safeParse({ version: 1, segments, fenceDevices: {} }).error).toBeUndefined();
  });

  it('gives no two segments one name', () => {
    const { imported } = importSegments(
      ['x y', 'x-y', 'x/y'].map((name, n) => found({ name, hosts: [host(`h${n}`)] })),
    );
    expect(imported.map(({ segment }) => segment.name)).toEqual(['x-y', 'x-y-2', 'x-y-3']);
  });
});
