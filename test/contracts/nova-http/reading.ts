import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { boot, deleteServers } from '#test/openstack/servers.ts';
import { serviceOf } from '#test/openstack/services.ts';
import { bringBack, errorOf, evacuate, hostAt, migrations, type Signed } from './cloud.ts';

const versionDocument = z.object({
  version: z.object({ id: z.literal('v2.1'), min_version: z.string(), version: z.string() }),
});
const page = z.object({
  servers: z.array(z.record(z.string(), z.unknown())),
  servers_links: z.array(z.object({ rel: z.string(), href: z.string() })).optional(),
});

const members = z.object({
  aggregates: z.array(
    z.looseObject({ id: z.number(), hosts: z.array(z.string()), availability_zone: z.string().nullable() }),
  ),
});

/** Versions, rights, lists: what holds while no host is down. */
export function readingRows(signed: () => Signed): void {
  test('the version document names the range of microversions', async () => {
    const { version } = await signed().admin.get('compute', '/', versionDocument);
    expect(version.min_version).toBe('2.1');
    expect(Number(version.version.split('.')[1])).toBeGreaterThanOrEqual(95);
  });

  test('every answer names its request and its microversion', async () => {
    const { headers } = await signed().admin.send('compute', 'GET', '/os-services', { microversion: '2.90' });
    expect(headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(headers['x-compute-request-id']).toBe(headers['x-openstack-request-id']);
    expect(headers['openstack-api-version']).toBe('compute 2.90');
  });

  test('a microversion out of range is 406, one that is none is 400', async () => {
    const tooNew = await signed().admin.send('compute', 'GET', '/os-services', { microversion: '2.999' });
    expect(tooNew.status).toBe(406);
    expect(errorOf(tooNew)?.message).toMatch(
      /^Version 2\.999 is not supported by the API\. Minimum is 2\.1 and maximum is 2\.\d+\.$/,
    );
    const none = await signed().admin.send('compute', 'GET', '/os-services', { microversion: 'new' });
    expect(none.status).toBe(400);
  });

  test('a plain member may not list services, hypervisors or migrations, nor the instances of all', async () => {
    for (const path of ['/os-services', '/os-hypervisors/detail', '/os-migrations', '/servers/detail?all_tenants=1']) {
      const answer = await signed().member.send('compute', 'GET', path, { microversion: '2.90' });
      expect(answer.status, path).toBe(403);
      expect(errorOf(answer)?.message, path).toMatch(/^Policy doesn't allow os_compute_api:.+ to be performed\.$/);
    }
  });

  test('a service is listed by its host, with a UUID from 2.53 on', async () => {
    const { admin, cloud } = signed();
    const service = await serviceOf(admin, hostAt(cloud, 0));
    expect(service).toMatchObject({ state: 'up', status: 'enabled', forced_down: false });
    expect(service.id).toMatch(/^[0-9a-f-]{36}$/);
    const unknown = await admin.send('compute', 'GET', '/os-services?host=nowhere', { microversion: '2.90' });
    expect(unknown.body).toEqual({ services: [] });
  });

  test('a service update is refused for a bad id, an unknown id and an empty body', async () => {
    const { admin, cloud } = signed();
    const put = (id: string, json: object) =>
      admin.send('compute', 'PUT', `/os-services/${id}`, { json, microversion: '2.90' });
    const unknown = randomUUID();
    expect(errorOf(await put('7', { forced_down: true }))).toEqual({ code: 400, message: 'Invalid uuid 7' });
    expect(errorOf(await put(unknown, { forced_down: true }))).toEqual({
      code: 404,
      message: `Service ${unknown} could not be found.`,
    });
    const { id } = await serviceOf(admin, hostAt(cloud, 0));
    expect(errorOf(await put(id, {}))).toEqual({
      code: 400,
      message: "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
    });
    expect(errorOf(await put(id, { status: 'enabled', disabled_reason: 'why' }))).toEqual({
      code: 400,
      message: "Specifying 'disabled_reason' with status 'enabled' is invalid.",
    });
  });

  test('a service that is disabled keeps the reason, and forgets it when it is enabled, as often as it is said', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 0);
    const { id } = await serviceOf(admin, host);
    const put = (json: object) => admin.send('compute', 'PUT', `/os-services/${id}`, { json, microversion: '2.53' });
    const off = { status: 'disabled', disabled_reason: 'reserved: spare' };
    const on = { status: 'enabled', disabled_reason: null };
    for (const [asked, told] of [
      [off, off],
      [off, off],
      [{ status: 'enabled' }, on],
      [{ status: 'enabled' }, on],
    ]) {
      const answer = await put(asked ?? {});
      expect(answer).toMatchObject({ status: 200, body: { service: { id, host, forced_down: false, ...told } } });
      expect(await serviceOf(admin, host)).toMatchObject({ state: 'up', status: told?.status });
    }
  });

  test('a host joins an aggregate once, and leaves it once', async () => {
    const { admin } = signed();
    const { aggregates } = await admin.get('compute', '/os-aggregates', members, { microversion: '2.53' });
    // Out of a zone Nova lets no host that holds instances.
    const own = aggregates.find(({ hosts, availability_zone: zone }) => zone === null && hosts.length > 0);
    const [host = ''] = own?.hosts ?? [];
    const act = (act: 'add_host' | 'remove_host', name = host, id = own?.id ?? 0) =>
      admin.send('compute', 'POST', `/os-aggregates/${id}/action`, {
        json: { [act]: { host: name } },
        microversion: '2.53',
      });
    expect(await act('remove_host')).toMatchObject({ status: 200, body: { aggregate: { id: own?.id } } });
    expect(errorOf(await act('remove_host'))).toEqual({
      code: 404,
      message: `Cannot remove host ${host} in aggregate ${own?.id}`,
    });
    const joined = { id: own?.id, hosts: expect.arrayContaining([host]) };
    expect(await act('add_host')).toMatchObject({ status: 200, body: { aggregate: joined } });
    expect(errorOf(await act('add_host'))).toEqual({
      code: 409,
      message: `Aggregate ${own?.id} already has host ${host}.`,
    });
    expect((await act('add_host', host, 2_000_000)).status).toBe(404);
    expect((await act('add_host', 'nobody')).status).toBe(404);
  });

  test('hypervisors tell their capacity up to 2.87', async () => {
    const { admin, cloud } = signed();
    const list = (microversion: string) =>
      admin.get(
        'compute',
        '/os-hypervisors/detail',
        z.object({ hypervisors: z.array(z.record(z.string(), z.unknown())) }),
        { microversion },
      );
    const { hypervisors } = await list('2.87');
    expect(hypervisors.map(({ service }) => z.object({ host: z.string() }).parse(service).host).sort()).toEqual(
      [...cloud.computes].sort(),
    );
    for (const one of hypervisors) {
      for (const field of ['memory_mb', 'memory_mb_used', 'vcpus', 'vcpus_used', 'running_vms'])
        expect(one[field], field).toBeTypeOf('number');
    }
    const newer = (await list('2.88')).hypervisors[0];
    expect(newer).toHaveProperty('uptime');
    expect(newer).not.toHaveProperty('memory_mb');
  });

  test('instances of a host are listed in full, in pages that link to the next', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 0);
    const [first = ''] = await boot(admin, cloud.base, { count: 1, host, name: 'first' });
    const [second = ''] = await boot(admin, cloud.base, { count: 1, host, name: 'second' });
    const list = (query: string) =>
      admin.get('compute', `/servers/detail?all_tenants=1&host=${host}${query}`, page, { microversion: '2.90' });
    const both = await list('');
    expect(both.servers.map(({ id }) => id).sort()).toEqual([first, second].sort());
    const one = await list('&limit=1');
    expect(one.servers).toHaveLength(1);
    expect(one.servers_links?.[0]?.href).toContain(`marker=${String(one.servers[0]?.id)}`);
    const rest = await list(`&limit=1&marker=${String(one.servers[0]?.id)}`);
    expect(rest.servers.map(({ id }) => id)).toEqual([first, second].filter((id) => id !== one.servers[0]?.id));
    expect(one.servers[0]).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-SRV-ATTR:host': host,
      'OS-EXT-STS:vm_state': 'active',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-STS:power_state': 1,
      locked: false,
      locked_reason: null,
      flavor: { vcpus: 1, ram: 512, disk: 1, ephemeral: 0, swap: 0, original_name: 'tiny', extra_specs: {} },
      'os-extended-volumes:volumes_attached': [],
    });
    await deleteServers(admin, [first, second]);
    expect((await list('')).servers).toEqual([]);
    const lost = await admin.send('compute', 'GET', `/servers/detail?marker=${randomUUID()}`, { microversion: '2.90' });
    expect(errorOf(lost)?.code).toBe(400);
  });

  test('an instance that is not there, or not the caller’s, is not found', async () => {
    const { admin, member, cloud } = signed();
    const unknown = randomUUID();
    expect(errorOf(await evacuate(admin, unknown))).toEqual({
      code: 404,
      message: `Instance ${unknown} could not be found.`,
    });
    const [id = ''] = await boot(admin, cloud.base, { count: 1, host: hostAt(cloud, 0) });
    expect(errorOf(await evacuate(member, id))).toEqual({ code: 404, message: `Instance ${id} could not be found.` });
    await deleteServers(admin, [id]);
    expect(errorOf(await admin.send('compute', 'GET', `/servers/${id}`))).toEqual({
      code: 404,
      message: `Instance ${id} could not be found.`,
    });
  });

  test('a host that counts as up lets no instance be evacuated', async () => {
    const { admin, cloud } = signed();
    const host = hostAt(cloud, 0);
    const [id = ''] = await boot(admin, cloud.base, { count: 1, host });
    const refused = { code: 400, message: `Compute service of ${host} is still in use.` };
    expect(errorOf(await evacuate(admin, id))).toEqual(refused);
    await cloud.killCompute(host);
    expect(errorOf(await evacuate(admin, id)), 'dead, but not for long enough').toEqual(refused);
    await bringBack(signed(), host);
    expect(await migrations(admin, { instance_uuid: id })).toEqual([]);
    await deleteServers(admin, [id]);
  });

  test('groupings are listed', async () => {
    const { admin, cloud } = signed();
    const zones = z.object({
      availabilityZoneInfo: z.array(z.object({ zoneName: z.string(), hosts: z.record(z.string(), z.unknown()) })),
    });
    const { availabilityZoneInfo } = await admin.get('compute', '/os-availability-zone/detail', zones);
    expect(availabilityZoneInfo.flatMap(({ hosts }) => Object.keys(hosts))).toEqual(
      expect.arrayContaining([...cloud.computes]),
    );
    const aggregates = z.object({
      aggregates: z.array(
        z.object({ name: z.string(), hosts: z.array(z.string()), metadata: z.record(z.string(), z.string()) }),
      ),
    });
    expect((await admin.get('compute', '/os-aggregates', aggregates)).aggregates.length).toBeGreaterThan(0);
  });
}
