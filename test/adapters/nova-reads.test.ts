import { afterEach, describe, expect, it } from 'vitest';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { type FakeOptions, fakeOpenStack, type SessionChanges, sessionAt } from './fake-openstack.ts';
import type { Handler } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup(nova: Handler, options: FakeOptions = {}, changes: SessionChanges = {}) {
  const fake = await fakeOpenStack({ nova, ...options });
  const session = sessionAt(fake, changes);
  closers.push(session.http.close, fake.close);
  return { fake, session, compute: novaCompute({ session, now: Date.now }) };
}

const SERVICE = {
  id: 's1',
  binary: 'nova-compute',
  host: 'a',
  zone: 'nova',
  status: 'enabled',
  disabled_reason: null,
  state: 'up',
  forced_down: false,
};
const SERVER = {
  id: 'i1',
  name: 'vm',
  tenant_id: 't',
  'OS-EXT-SRV-ATTR:host': 'a',
  status: 'ACTIVE',
  'OS-EXT-STS:vm_state': 'active',
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:power_state': 1,
  locked: false,
  metadata: { HA_Enabled: 'true' },
  addresses: {
    lan: [
      { addr: '10.0.0.7', version: 4 },
      { addr: '192.0.2.7', 'OS-EXT-IPS:type': 'floating' },
    ],
  },
  image: { id: 'img' },
  flavor: { ram: 512, vcpus: 1, disk: 1, ephemeral: 0, swap: 0, original_name: 'tiny', extra_specs: {} },
};
const MIGRATION = {
  id: 7,
  uuid: 'm7',
  instance_uuid: 'i1',
  source_compute: 'a',
  dest_compute: null,
  status: 'accepted',
  migration_type: 'evacuation',
  created_at: '2026-11-21T04:00:00.000000',
};

describe('reads', () => {
  it('map services', async () => {
    const other = {
      ...SERVICE,
      id: 's2',
      host: 'ab',
      status: 'disabled',
      disabled_reason: 'disk',
      state: 'down',
      forced_down: true,
      updated_at: '2026-11-21T04:26:53.000000',
    };
    const { compute, fake } = await setup(() => ({ body: { services: [other, SERVICE] } }));
    expect(await compute.services()).toEqual([
      {
        id: 's2',
        host: 'ab',
        zone: 'nova',
        status: 'disabled',
        disabledReason: 'disk',
        state: 'down',
        forcedDown: true,
        lastReportAtMs: Date.parse('2026-11-21T04:26:53Z'),
      },
      {
        id: 's1',
        host: 'a',
        zone: 'nova',
        status: 'enabled',
        disabledReason: null,
        state: 'up',
        forcedDown: false,
        lastReportAtMs: null,
      },
    ]);
    expect((await compute.service('a'))?.id).toBe('s1');
    expect(await compute.service('c')).toBeUndefined();
    expect(fake.nova().map(({ path }) => path.slice('/compute/v2.1'.length))).toEqual([
      '/os-services?binary=nova-compute',
      '/os-services?binary=nova-compute&host=a',
      '/os-services?binary=nova-compute&host=c',
    ]);
  });

  it('map hypervisors by their service host, at a microversion with capacities', async () => {
    const hypervisor = {
      hypervisor_hostname: 'a.example',
      service: { host: 'a', id: 's1' },
      memory_mb: 8192,
      memory_mb_used: 512,
      vcpus: 4,
      vcpus_used: 1,
    };
    const { compute, fake } = await setup(() => ({ body: { hypervisors: [hypervisor] } }));
    expect(await compute.hypervisors()).toEqual([
      { serviceHost: 'a', memoryMb: 8192, memoryUsedMb: 512, vcpus: 4, vcpusUsed: 1 },
    ]);
    expect(fake.nova()[0]?.headers['openstack-api-version']).toBe('compute 2.87');
  });

  it('map aggregates', async () => {
    const { compute } = await setup(() => ({
      body: {
        aggregates: [{ id: 1, name: 'ceph', availability_zone: null, hosts: ['a', 'b'], metadata: { rack: 'r1' } }],
      },
    }));
    expect(await compute.aggregates()).toEqual([
      { id: 1, name: 'ceph', availabilityZone: null, hosts: ['a', 'b'], metadata: { rack: 'r1' } },
    ]);
  });

  it('map server groups, before 2.64 as after', async () => {
    const newer = {
      id: 'g1',
      name: 'apart',
      policy: 'anti-affinity',
      rules: { max_server_per_host: 3 },
      members: ['i1'],
    };
    const plain = { id: 'g2', name: 'wish', policy: 'soft-affinity', rules: {}, members: [] };
    const older = { id: 'g3', name: 'old', policies: ['affinity'], metadata: {}, members: ['i2', 'i3'] };
    const { compute, fake } = await setup(() => ({ body: { server_groups: [newer, plain, older] } }));
    expect(await compute.serverGroups()).toEqual([
      { id: 'g1', policy: 'anti-affinity', maxPerHost: 3, members: ['i1'] },
      { id: 'g2', policy: 'soft-affinity', maxPerHost: 1, members: [] },
      { id: 'g3', policy: 'affinity', maxPerHost: 1, members: ['i2', 'i3'] },
    ]);
    expect(fake.nova()[0]?.path).toBe('/compute/v2.1/os-server-groups?all_projects=true&limit=1000&offset=0');
  });

  it('read server groups page after page', async () => {
    const group = (index: number) => ({ id: `g${index}`, policy: 'affinity', rules: {}, members: [] });
    const pages = [Array.from({ length: 1000 }, (_, index) => group(index)), [group(1000)]];
    const { compute, fake } = await setup((_, index) => ({ body: { server_groups: pages[index] } }));
    expect(await compute.serverGroups()).toHaveLength(1001);
    expect(fake.nova().map(({ path }) => path.replace(/.*&/, ''))).toEqual(['offset=0', 'offset=1000']);
  });

  it('do not take a server group without a policy for one', async () => {
    const { compute } = await setup(() => ({ body: { server_groups: [{ id: 'g', policies: [], members: [] }] } }));
    await expect(compute.serverGroups()).rejects.toThrow('a server group without a policy');
  });

  it('map a server', async () => {
    const { compute, fake } = await setup(() => ({
      body: { server: { ...SERVER, fault: { code: 500, message: 'boom' } } },
    }));
    expect(await compute.server('i1')).toEqual({
      id: 'i1',
      name: 'vm',
      projectId: 't',
      host: 'a',
      status: 'ACTIVE',
      vmState: 'active',
      taskState: null,
      powerState: 1,
      locked: false,
      metadata: { HA_Enabled: 'true' },
      fault: 'boom',
      memoryMb: 512,
      vcpus: 1,
      flavorName: 'tiny',
      extraSpecs: {},
      addresses: [
        { network: 'lan', address: '10.0.0.7', kind: 'fixed' },
        { network: 'lan', address: '192.0.2.7', kind: 'floating' },
      ],
      imageId: 'img',
      localDisks: { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false },
    });
    expect(fake.nova()[0]).toMatchObject({
      path: '/compute/v2.1/servers/i1',
      headers: { 'openstack-api-version': 'compute 2.96' },
    });
  });

  it('tell what its image said, where Nova does, and see a vTPM by it', async () => {
    const properties = { hw_tpm_version: '2.0', os_secure_boot: 'required', min_ram: 0 };
    const image = { id: 'img', properties };
    const { compute, fake } = await setup(() => ({ body: { server: { ...SERVER, image } } }), { newest: '2.100' });
    expect(await compute.server('i1')).toMatchObject({
      imageProperties: { hw_tpm_version: '2.0', os_secure_boot: 'required' },
      localDisks: { vtpm: true },
    });
    expect(fake.nova()[0]).toMatchObject({ headers: { 'openstack-api-version': 'compute 2.98' } });
  });

  it.each<[string, object, object]>([
    ['a root volume', { image: '' }, { root: false }],
    ['an ephemeral disk', { flavor: { ...SERVER.flavor, ephemeral: 5 } }, { ephemeralGb: 5 }],
    ['swap', { flavor: { ...SERVER.flavor, swap: 64 } }, { swapMb: 64 }],
    ['no swap, as some releases say it', { flavor: { ...SERVER.flavor, swap: '' } }, { swapMb: 0 }],
    ['a vTPM', { flavor: { ...SERVER.flavor, extra_specs: { 'hw:tpm_version': '2.0' } } }, { vtpm: true }],
    [
      'hidden extra specs',
      { flavor: { ram: 1, vcpus: 1, ephemeral: 0, swap: 0, original_name: 'x' } },
      { vtpm: false },
    ],
  ])('see the local disks of a server with %s', async (_name, change, disks) => {
    const { compute } = await setup(() => ({ body: { server: { ...SERVER, ...change } } }));
    expect((await compute.server('i1'))?.localDisks).toMatchObject(disks);
  });

  it('find no server where Nova has none', async () => {
    const { compute } = await setup(() => ({
      status: 404,
      body: { itemNotFound: { code: 404, message: 'Instance x could not be found.' } },
    }));
    expect(await compute.server('../x')).toBeUndefined();
  });

  it('follow every page by its marker, whatever address the link has', async () => {
    const page = (id: string, next?: string) => ({
      body: {
        servers: [{ ...SERVER, id }],
        ...(next === undefined
          ? {}
          : { servers_links: [{ rel: 'next', href: `http://wrong.example/servers/detail?limit=1&marker=${next}` }] }),
      },
    });
    const { compute, fake } = await setup(
      (_request, index) => [page('i1', 'i1'), page('i2', 'i2'), page('i3')][index] ?? { status: 500 },
    );
    expect((await compute.serversOn('a')).map(({ id }) => id)).toEqual(['i1', 'i2', 'i3']);
    expect(fake.nova().map(({ path }) => new URLSearchParams(path.split('?')[1]).get('marker'))).toEqual([
      null,
      'i1',
      'i2',
    ]);
    for (const { path } of fake.nova()) expect(path).toContain('/servers/detail?host=a&all_tenants=1&limit=1000');
  });

  it('leave out servers of other hosts, as when the filter was ignored', async () => {
    const { compute } = await setup(() => ({
      body: {
        servers: [
          SERVER,
          { ...SERVER, id: 'i2', 'OS-EXT-SRV-ATTR:host': 'b' },
          { ...SERVER, id: 'i3', 'OS-EXT-SRV-ATTR:host': null },
        ],
      },
    }));
    expect((await compute.serversOn('a')).map(({ id }) => id)).toEqual(['i1']);
  });

  it('do not run in circles', async () => {
    const links = [{ rel: 'next', href: '?marker=i1' }];
    const { compute } = await setup(() => ({ body: { servers: [SERVER], servers_links: links } }));
    await expect(compute.serversOn('a')).rejects.toThrow('page i1 comes round again');
  });

  it('say that the listing changed when a marker is gone', async () => {
    const links = [{ rel: 'next', href: '?marker=i1' }];
    const { compute } = await setup((_request, index) =>
      index === 0
        ? { body: { servers: [SERVER], servers_links: links } }
        : { status: 400, body: { badRequest: { code: 400, message: 'marker [i1] not found' } } },
    );
    const failed = compute.serversOn('a');
    await expect(failed).rejects.toBeInstanceOf(RetryableError);
    await expect(failed).rejects.toThrow(
      'Nova: GET /servers/detail: the listing changed on the way: marker [i1] not found',
    );
  });

  it('list evacuations away from a host', async () => {
    const migrations = [
      MIGRATION,
      { ...MIGRATION, id: 8, source_compute: 'b', dest_compute: 'a' },
      { ...MIGRATION, id: 9, migration_type: 'resize' },
    ];
    const { compute, fake } = await setup(() => ({ body: { migrations } }));
    expect(await compute.evacuationsFrom('a')).toEqual([
      {
        id: 7,
        instanceId: 'i1',
        sourceHost: 'a',
        destinationHost: null,
        status: 'accepted',
        createdAt: '2026-11-21T04:00:00.000000',
      },
    ]);
    expect(fake.nova()[0]?.path).toBe(
      '/compute/v2.1/os-migrations?source_compute=a&migration_type=evacuation&limit=1000',
    );
  });

  it('map what was done to an instance: by whom, or by Nova itself', async () => {
    const done = (action: string, user_id: string | null) => ({
      action,
      request_id: `req-${action}`,
      user_id,
      project_id: null,
    });
    const { compute, fake } = await setup(() => ({
      body: { instanceActions: [done('stop', null), done('create', 'u1')] },
    }));
    expect(await compute.serverActions('i1')).toEqual([
      { action: 'stop', requestId: 'req-stop', userId: null },
      { action: 'create', requestId: 'req-create', userId: 'u1' },
    ]);
    expect(fake.nova()[0]?.path).toBe('/compute/v2.1/servers/i1/os-instance-actions');
  });

  it('find nothing done to an instance that Nova does not have', async () => {
    const { compute } = await setup(() => ({ status: 404, body: { itemNotFound: { message: 'no' } } }));
    expect(await compute.serverActions('i1')).toEqual([]);
  });

  it('list the moves of a host that have not ended', async () => {
    const move = (id: number, migration_type: string, status: string) => ({ ...MIGRATION, id, migration_type, status });
    const migrations = [
      move(1, 'live-migration', 'running'),
      move(2, 'migration', 'pre-migrating'),
      move(3, 'resize', 'finished'),
      move(4, 'evacuation', 'accepted'),
      ...['confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done'].map((status, index) =>
        move(10 + index, 'live-migration', status),
      ),
    ];
    const { compute, fake } = await setup(() => ({ body: { migrations } }));
    expect((await compute.unfinishedMigrationsOf('a')).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(fake.nova()[0]?.path).toBe('/compute/v2.1/os-migrations?host=a&limit=1000');
  });
});

describe('a read that fails', () => {
  it('is tried again', async () => {
    const { compute } = await setup((_request, index) => (index < 3 ? { status: 503 } : { body: { services: [] } }));
    expect(await compute.services()).toEqual([]);
  });

  it.each([
    [401, PermanentError, 'answered 401'],
    [403, PermanentError, "answered 403: Policy doesn't allow it.. Does cloud lab have the role admin?"],
    [400, PermanentError, 'answered 400'],
    [500, RetryableError, 'answered 500 (4 tries)'],
    [429, RetryableError, 'answered 429 (4 tries)'],
  ])('says so: %i', async (status, kind, text) => {
    const { compute } = await setup(() => ({
      status,
      body: { forbidden: { code: status, message: "Policy doesn't allow it." } },
    }));
    const failed = compute.services();
    await expect(failed).rejects.toBeInstanceOf(kind);
    await expect(failed).rejects.toThrow(text);
  });

  it.each<[string, unknown, string]>([
    ['a field is missing', { services: [{ ...SERVICE, state: undefined }] }, 'services.0.state is not as expected'],
    [
      'a cell is down',
      { services: [{ binary: 'nova-compute', host: 'a', status: 'UNKNOWN' }] },
      'services.0.id is not as expected',
    ],
    ['it is a page', '<html>Sorry</html>', 'the answer is not JSON'],
    ['it is something else', {}, 'services is not as expected'],
  ])('names path and field when %s', async (_name, body, text) => {
    const { compute } = await setup(() => ({ body }));
    const failed = compute.services();
    await expect(failed).rejects.toBeInstanceOf(RetryableError);
    await expect(failed).rejects.toThrow(`Nova: GET /os-services: ${text}`);
  });

  it('explains why a host is missing', async () => {
    const { 'OS-EXT-SRV-ATTR:host': _host, ...server } = SERVER;
    const { compute } = await setup(() => ({ body: { servers: [server] } }));
    await expect(compute.serversOn('a')).rejects.toThrow(
      'servers.0.OS-EXT-SRV-ATTR:host is not as expected: missing, as it is for credentials without the role admin',
    );
  });
});

it('asks an old Nova for migrations without pages', async () => {
  const { compute, fake } = await setup(() => ({ body: { migrations: [MIGRATION] } }), { newest: '2.53' });
  expect(await compute.evacuationsFrom('a')).toHaveLength(1);
  expect(fake.nova()[0]?.path).toBe('/compute/v2.1/os-migrations?source_compute=a&migration_type=evacuation');
});

it('asks for the versions again after a failure', async () => {
  let down = true;
  const { compute } = await setup(() => ({ body: { services: [] } }), {
    keystone: () => (down ? { status: 503 } : undefined),
  });
  await expect(compute.services()).rejects.toBeInstanceOf(RetryableError);
  down = false;
  expect(await compute.services()).toEqual([]);
});
