import { afterEach, beforeEach, expect, it } from 'vitest';
import { mirrorInstances } from '#functions/mirror-instances.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { RetryableError } from '#shared/errors.ts';
import { loadView } from '#shared/shell/forecast-view.ts';
import { loadCapacity } from '#shared/state/capacity.ts';
import {
  aPolicy,
  aServer,
  aService,
  type PolicyInput,
  type SegmentInput,
  seconds,
  uuid,
} from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const REGION = { name: 'default', region: 'RegionOne' };
const HOSTS = [1, 2, 3, 4, 5].map((number) => `compute-${number}`);
let services: FakeServices;
afterEach(() => services.state.close());

async function setup(policy: Partial<PolicyInput> = {}, segment: Partial<SegmentInput> = {}): Promise<void> {
  services = fakeServices(aPolicy({ forecast: { everySeconds: 60 }, ...policy }, segment));
  services.cloud.services = HOSTS.map((host) => aService({ host }));
  services.cloud.servers = HOSTS.map((host, index) =>
    aServer({ id: uuid(3, index + 1), name: `vm-${index + 1}`, host }),
  );
  await mirrorInventory(services);
}
beforeEach(() => setup());

async function run(times = 1): Promise<number> {
  let hosts = 0;
  for (let time = 0; time < times; time += 1) {
    services.clock.nowMs += seconds(60);
    hosts += await mirrorInstances(services);
  }
  return hosts;
}
const view = () => loadView(services.state, REGION);
const capacity = async () => (await loadCapacity(services.state, REGION)).map(({ value }) => value);

it('keeps each host’s instances as a plan would see them', async () => {
  const server = aServer({
    host: 'compute-1',
    metadata: { HA_Enabled: 'true', 'salvor:tier': '1', secret: 'of its owner' },
    extraSpecs: { 'hw:cpu_policy': 'dedicated', evacuable: 'true', 'quota:x': '1' },
    localDisks: { root: true, ephemeralGb: 5, swapMb: 0, vtpm: false },
    vmState: 'stopped',
    taskState: 'powering-on',
    locked: true,
    fault: 'a text that may be long',
    pinnedZone: 'nova',
  });
  services.cloud.servers = [server];
  expect(await run()).toBe(5);
  const { instances, services: mirrored, hypervisors } = await view();
  expect([...instances.keys()]).toEqual(HOSTS);
  const { status: _s, imageId: _i, powerState: _p, addresses: _a, ...seen } = server;
  expect(instances.get('compute-1')?.servers).toEqual([
    {
      ...seen,
      metadata: { HA_Enabled: 'true', 'salvor:tier': '1' },
      extraSpecs: { 'hw:cpu_policy': 'dedicated', evacuable: 'true' },
      fault: null,
    },
  ]);
  expect(instances.get('compute-2')?.servers).toEqual([]);
  expect(mirrored).toEqual(HOSTS.map((host) => aService({ host, lastReportAtMs: null })));
  expect(hypervisors).toHaveLength(5);
});

it('keeps what images say where the policy asks for it, reading each once', async () => {
  await setup({}, { instances: { protect: 'opted-in' } });
  services.cloud.servers = HOSTS.map((host, index) => aServer({ id: uuid(3, index), host, imageId: 'image-1' }));
  let asked = 0;
  const image = async (id: string) => {
    asked += 1;
    return { id, tags: ['evacuable', 'other'], properties: { other: 'x' } };
  };
  services.clock.nowMs += seconds(60);
  await mirrorInstances({ ...services, compute: { ...services.compute, image } });
  expect(asked).toBe(1);
  const signs = (await view()).instances.get('compute-3')?.signs.get(uuid(3, 2));
  expect(signs?.image).toEqual({ id: 'image-1', tags: ['evacuable'], properties: {} });
});

it('keeps the newest snapshot of whom the policy would restart from one, and writes it once', async () => {
  await setup({}, { instances: { restartFromSnapshot: { maxAgeSeconds: 86_400, who: 'all' } } });
  const localDisks = { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false };
  services.cloud.servers = [
    aServer({ id: uuid(3, 1), host: 'compute-1', localDisks }),
    aServer({ id: uuid(3, 2), host: 'compute-1', localDisks, locked: true }),
    aServer({ id: uuid(3, 3), host: 'compute-1', localDisks }),
  ];
  const snapshot = { id: 's1', kind: 'backup', createdAtMs: 1 } as const;
  services.cloud.snapshots.set(uuid(3, 1), [snapshot]);
  await run();
  const signs = (await view()).instances.get('compute-1')?.signs;
  expect(signs?.get(uuid(3, 1))?.snapshot).toEqual({ ...snapshot, ageSeconds: 0 });
  expect(signs?.get(uuid(3, 2))?.snapshot).toBeUndefined();
  expect(signs?.get(uuid(3, 3))?.snapshot).toBeNull();
  const { writes } = await services.state.counted(() => run());
  expect((await services.state.counted(() => run())).writes).toBe(writes);
  services.cloud.snapshots.set(uuid(3, 3), [snapshot]);
  expect((await services.state.counted(() => run())).writes).toBeGreaterThan(writes);
});

it('keeps what an instance needs of a host by its image and its ports, and nothing else of them', async () => {
  services.cloud.servers = [
    aServer({ id: uuid(3, 1), host: 'compute-1', imageProperties: { os_secure_boot: 'required', os_distro: 'x' } }),
    aServer({ id: uuid(3, 2), host: 'compute-1', imageId: 'image-1' }),
  ];
  // Of a Nova that does not tell it.
  services.cloud.images = [{ id: 'image-1', tags: [], properties: { hw_tpm_version: '2.0', hw_numa_nodes: '2' } }];
  services.cloud.ports = [
    { serverId: uuid(3, 1), vnicType: 'normal', isGuaranteed: false },
    { serverId: uuid(3, 1), vnicType: 'direct', isGuaranteed: false },
  ];
  await run();
  const { servers, unread } = (await view()).instances.get('compute-1') ?? {};
  expect(servers).toMatchObject([
    {
      imageProperties: { os_secure_boot: 'required' },
      ports: [{ vnicType: 'direct', isGuaranteed: false }],
      localDisks: { vtpm: false },
    },
    { imageProperties: { hw_numa_nodes: '2' }, localDisks: { vtpm: true } },
  ]);
  expect(Object.keys(servers?.[0]?.imageProperties ?? {})).toEqual(['os_secure_boot']);
  expect(servers?.[1]?.ports).toBeUndefined();
  expect(unread).toBeUndefined();
});

it('goes on without a Neutron, asks one that does not answer once in a run, and says what was not seen', async () => {
  services.cloud.ports = undefined;
  await run();
  expect((await view()).instances.get('compute-1')?.unread).toEqual([
    'the ports of its instances: the catalogue has no Neutron',
  ]);
  let asked = 0;
  const portsOn = async () => {
    asked += 1;
    throw new RetryableError('Neutron is silent');
  };
  services.clock.nowMs += seconds(60);
  expect(await mirrorInstances({ ...services, compute: { ...services.compute, portsOn } })).toBe(5);
  // All that were under way when the first was not answered.
  expect(asked).toBeLessThanOrEqual(services.policy.forecast.atOnce);
  const { instances } = await view();
  for (const host of HOSTS)
    expect(instances.get(host)).toMatchObject({
      servers: [{}],
      unread: ['the ports of its instances: Neutron is silent'],
    });
});

it('spreads the hosts over its runs, and writes only what has changed', async () => {
  await setup({ forecast: { everySeconds: 300 } });
  expect([await run(), await run(), await run(), await run(), await run()]).toEqual([1, 1, 1, 1, 1]);
  // Where the round has come to, and nothing else.
  expect((await services.state.counted(() => run(5))).writes).toBe(5);
  services.cloud.servers = services.cloud.servers.slice(1);
  expect((await services.state.counted(() => run(5))).writes).toBe(7);
  expect((await view()).instances.get('compute-1')?.servers).toEqual([]);
});

it('cuts a host with many instances into parts that items can hold, and joins them again', async () => {
  const name = 'n'.repeat(200);
  services.cloud.servers = Array.from({ length: 3000 }, (_, index) =>
    aServer({ id: uuid(3, index), host: 'compute-1', name: `${name}${index}` }),
  );
  await run();
  expect((await view()).instances.get('compute-1')?.servers).toHaveLength(3000);
  services.cloud.servers = services.cloud.servers.slice(0, 10);
  await run();
  expect((await view()).instances.get('compute-1')?.servers).toHaveLength(10);
});

it('forgets a host that no segment holds any more', async () => {
  await run();
  services.cloud.services = services.cloud.services.slice(1);
  await mirrorInventory(services);
  await run();
  expect([...(await view()).instances.keys()]).toEqual(HOSTS.slice(1));
});

it('tells at the end of each round what a segment would survive, and writes it when that changes', async () => {
  await setup({ forecast: { everySeconds: 120 } });
  await run();
  expect(await capacity()).toEqual([]);
  await run();
  expect(await capacity()).toMatchObject([
    { segment: 'az1', hosts: 5, instances: 5, one: { survives: true, worst: null }, two: { survives: true } },
  ]);
  const [before] = await capacity();
  await run(4);
  expect((await capacity())[0]?.sinceMs).toBe(before?.sinceMs);
  services.cloud.servers = [aServer({ host: 'compute-3', memoryMb: 70_000 })];
  await run(2);
  expect(await capacity()).toMatchObject([
    {
      one: { survives: false, worst: { hosts: ['compute-3'], without: 1, memoryMb: 70_000 } },
      largest: { name: 'web-1', memoryMb: 70_000, fitsOn: 0 },
    },
  ]);
});

it('asks nobody where the policy says never', async () => {
  await setup({ forecast: { everySeconds: 0 } });
  expect(await run()).toBe(0);
  expect((await view()).instances.size).toBe(0);
});

it('fails when no host can be listed, and goes on when one can not', async () => {
  services.clock.nowMs += seconds(60);
  const broken = (host?: string): FakeServices => ({
    ...services,
    compute: {
      ...services.compute,
      serversOn: async (name) => {
        if (host === undefined || name === host) throw new RetryableError('503');
        return services.compute.serversOn(name);
      },
    },
  });
  await expect(mirrorInstances(broken())).rejects.toThrow('503');
  expect(await mirrorInstances(broken('compute-2'))).toBe(4);
  expect((await view()).instances.has('compute-2')).toBe(false);
  expect(await run()).toBe(5);
});

it('lists no host any more when its time is over, and goes on there', async () => {
  const slow: FakeServices = {
    ...services,
    compute: {
      ...services.compute,
      serversOn: async (host) => {
        services.clock.nowMs += seconds(10);
        return services.compute.serversOn(host);
      },
    },
  };
  const listed = await mirrorInstances(slow);
  expect(listed).toBeLessThan(5);
  expect(listed + (await mirrorInstances(slow))).toBe(5);
});
