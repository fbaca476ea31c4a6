/**
 * What people run beside Masakari, unchanged from PyPI, against salvor in Masakari's place with a real Keystone: the four
 * monitors of masakari-monitors, the commands of python-masakariclient, and the calls of masakari-dashboard.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { hostKeyOf } from '#shared/domain/host.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { type Clients, ensureClients, type Running } from './masakari/clients.ts';
import { type FakeConsul, type Libvirt, startFakeConsul, startLibvirt, writeConfig } from './masakari/monitors.ts';
import { FLAKY_REGION, type MasakariSite, PLAIN_REGION, startMasakariSite } from './masakari/site.ts';
import { until } from './poll.ts';
import { boot } from './servers.ts';
import { serviceOf } from './services.ts';
import { describeOnRig } from './suite.ts';

const scripts = fileURLToPath(new URL('./masakari/', import.meta.url));
/** The domain that libvirt's test driver has from its start. */
const TEST_DOMAIN = '6695eb01-f6a4-8304-79aa-97f2502e193f';

type Row = Readonly<Record<string, unknown>>;

describeOnRig('salvor in the place of Masakari', (bench) => {
  let clients: Clients;
  let site: MasakariSite;
  let consul: FakeConsul;
  let libvirt: Libvirt;
  let config: string;
  const running: Running[] = [];

  beforeAll(async () => {
    const { rig, admin } = bench();
    clients = await ensureClients();
    site = await startMasakariSite(rig, admin);
    consul = await startFakeConsul(rig.computes);
    libvirt = await startLibvirt(clients);
    config = await writeConfig(site, rig, rig.accounts.ha, {
      consul,
      libvirtUri: libvirt.uri,
      region: 'RegionOne',
    });
  }, 900_000);

  afterAll(async () => {
    for (const each of running) await each.stop();
    await libvirt?.stop();
    await consul?.close();
    await site?.stop();
  });

  const openstack = async (...command: readonly string[]): Promise<string> =>
    clients.run('openstack', command, site.envOf(bench().rig.accounts.admin));
  const rows = async (...command: readonly string[]): Promise<readonly Row[]> =>
    JSON.parse(await openstack(...command, '-f', 'json'));
  const row = async (...command: readonly string[]): Promise<Row> =>
    JSON.parse(await openstack(...command, '-f', 'json'));
  const reported = (filters: string, timeoutMs = 60_000): Promise<Row> =>
    until(`a notification with ${filters}`, async () => (await rows('notification', 'list', '--filters', filters))[0], {
      timeoutMs,
    });
  const monitor = async (name: string, ...args: readonly string[]): Promise<Running> => {
    const started = await clients.start(name, [...args, '--config-file', config], site.folder);
    running.push(started);
    return started;
  };

  it('masakari-hostmonitor reports a dead host, and its instance runs elsewhere', async () => {
    const { rig, admin, base } = bench();
    const [server = ''] = await boot(admin, base, { count: 1, host: 'compute-1' });
    await monitor('masakari-hostmonitor');
    // Whoever is down at its start is never reported: it takes what it sees first for what is usual.
    await until('the monitor to know all hosts', async () => (consul.asked() > 4 ? true : undefined));
    await rig.power('compute-1', 'off');
    consul.members.set('compute-1', 4);
    const told = await reported('type=COMPUTE_HOST');
    expect(told).toMatchObject({ type: 'COMPUTE_HOST', payload: { event: 'STOPPED', host_status: 'NORMAL' } });
    const incident = await site.pipeline.closed();
    expect(incident).toMatchObject({ host: 'compute-1', segment: 'az-a', outcome: 'recovered' });
    const uuid = String(told.notification_uuid);
    const shown = await row('notification', 'show', uuid);
    expect(shown).toMatchObject({ notification_uuid: uuid, status: 'finished' });
    expect(JSON.stringify(shown.recovery_workflow_details)).toContain('Fence the host');
    const moves = await rows('notification', 'vmove', 'list', uuid);
    expect(moves).toMatchObject([{ server_id: server, status: 'succeeded' }]);
    const move = await row('notification', 'vmove', 'show', uuid, String(moves[0]?.uuid));
    expect(move).toMatchObject({ source_host: 'compute-1', type: 'evacuation', status: 'succeeded' });

    await rig.power('compute-1', 'on');
    consul.members.set('compute-1', 1);
    const up = await until('the host to be reported up', async () =>
      (await rows('notification', 'list', '--filters', 'type=COMPUTE_HOST')).find(
        ({ status, payload }) => status === 'finished' && JSON.stringify(payload).includes('STARTED'),
      ),
    );
    expect(up.source_host_uuid).toBe(told.source_host_uuid);
    const { id } = await serviceOf(admin, 'compute-1');
    const host = await loadHost(site.pipeline.embedded.state, hostKeyOf('rig', 'RegionOne', id));
    expect(host?.value.claims).toMatchObject({ masakari: { says: 'up' } });
  });

  it('masakari-processmonitor reports a process that does not start again', async () => {
    // It names the machine it runs on, whatever its configuration says.
    const renamed = 'import socket; socket.gethostname = lambda: "compute-2"';
    const main = `${renamed}; from masakarimonitors.cmd.processmonitor import main; main()`;
    await monitor('python', '-c', main);
    const told = await reported('type=PROCESS');
    expect(told).toMatchObject({ payload: { event: 'STOPPED', process_name: 'no-such-process' } });
  });

  it('masakari-instancemonitor reports what libvirt says of an instance', async () => {
    const started = await monitor('masakari-instancemonitor');
    // It says nothing of its own start: so the domain is ended until that is noticed.
    await until('libvirt to be heard', async () => {
      await libvirt.virsh('destroy', 'test').catch(() => undefined);
      await libvirt.virsh('start', 'test').catch(() => undefined);
      const told = await rows('notification', 'list', '--filters', 'type=VM');
      return told.length > 0 ? told : undefined;
    }).catch(async (error: unknown) => {
      throw new Error(`${await started.log()}`, { cause: error });
    });
    const [told] = await rows('notification', 'list', '--filters', 'type=VM', '--limit', '1');
    expect(told).toMatchObject({
      payload: { event: 'LIFECYCLE', instance_uuid: TEST_DOMAIN, vir_domain_event: 'STOPPED_DESTROYED' },
    });
    const { id } = await serviceOf(bench().admin, 'compute-2');
    const host = await loadHost(site.pipeline.embedded.state, hostKeyOf('rig', 'RegionOne', id));
    expect(host?.value.recordedEvents.length).toBeGreaterThan(0);
  });

  it('masakari-introspectiveinstancemonitor reports a guest whose agent is silent', async () => {
    const instance = '6f2f5b1e-3b5c-4b57-9a0e-111111111111';
    await clients.run('python', [join(scripts, 'introspective.py'), instance, '--config-file', config]);
    const told = (await rows('notification', 'list', '--filters', 'type=VM')).find(({ payload }) =>
      JSON.stringify(payload).includes('QEMU_GUEST_AGENT_ERROR'),
    );
    expect(told).toMatchObject({ payload: { instance_uuid: instance, vir_domain_event: 'STOPPED_FAILED' } });
  });

  it('monitors and the openstack command find the API where the catalogue has no version of it', async () => {
    const { rig } = bench();
    const plain = await writeConfig(site, rig, rig.accounts.ha, {
      consul,
      libvirtUri: libvirt.uri,
      region: PLAIN_REGION,
    });
    const instance = '6f2f5b1e-3b5c-4b57-9a0e-222222222222';
    await clients.run('python', [join(scripts, 'introspective.py'), instance, '--config-file', plain]);
    const env = { ...site.envOf(rig.accounts.admin), OS_REGION_NAME: PLAIN_REGION };
    const told = await clients.run('openstack', ['notification', 'list', '--filters', 'type=VM', '-f', 'json'], env);
    expect(JSON.parse(told)).toContainEqual(
      expect.objectContaining({ payload: expect.objectContaining({ instance_uuid: instance }) }),
    );
  });

  it('a monitor says again what was answered with 503, and drops what was answered with 400 or 409', async () => {
    const { rig } = bench();
    const { proxy } = site;
    const region = FLAKY_REGION;
    const flaky = await writeConfig(site, rig, rig.accounts.ha, { consul, libvirtUri: libvirt.uri, region });
    const report = async (instance: string, host: string) => {
      proxy.posts.length = 0;
      await clients.run('python', [join(scripts, 'introspective.py'), instance, '--config-file', flaky], {
        MONITORED_HOST: host,
      });
      return [...proxy.posts];
    };
    const instance = '6f2f5b1e-3b5c-4b57-9a0e-333333333333';
    proxy.failNext(2);
    expect(await report(instance, 'compute-2')).toEqual([503, 503, 202]);
    expect(await report(instance, 'compute-2')).toEqual([409]);
    expect(await report(instance, 'ghost')).toEqual([400]);
  });

  it('the openstack command makes, changes and removes segments and hosts', async () => {
    const listed = await rows('segment', 'list');
    expect(listed).toMatchObject([{ name: 'az-a', recovery_method: 'auto', service_type: 'COMPUTE' }]);
    const made = await row('segment', 'create', 'rack 7', 'auto', 'COMPUTE', '--description', 'by the CLI');
    expect(made).toMatchObject({ name: 'rack 7', description: 'by the CLI', is_enabled: true });
    const host = await row('segment', 'host', 'create', 'compute-3', 'COMPUTE', 'SSH', 'rack 7');
    expect(host).toMatchObject({ name: 'compute-3', reserved: false, on_maintenance: false });
    const update = ['segment', 'host', 'update', 'rack 7', 'compute-3'];
    expect(await row(...update, '--reserved', 'True')).toMatchObject({ reserved: true });
    expect(await row(...update, '--on_maintenance', 'True')).toMatchObject({ on_maintenance: true });
    expect(await rows('segment', 'host', 'list', 'rack 7')).toMatchObject([
      { name: 'compute-3', on_maintenance: true },
    ]);
    expect(await row('segment', 'host', 'show', 'rack 7', 'compute-3')).toMatchObject({ name: 'compute-3' });
    const off = await row('segment', 'update', 'rack 7', '--is_enabled', 'False');
    expect(off).toMatchObject({ is_enabled: false });
    expect(await row('segment', 'show', 'rack 7')).toMatchObject({ is_enabled: false });
    await openstack('segment', 'host', 'delete', 'rack 7', 'compute-3');
    expect(await rows('segment', 'host', 'list', 'rack 7')).toEqual([]);
    await openstack('segment', 'delete', 'rack 7');
    expect(await rows('segment', 'list')).toHaveLength(1);
  });

  it('the openstack command is told why not, and gets no segment of a plain member', async () => {
    await expect(openstack('segment', 'host', 'create', 'ghost', 'COMPUTE', 'SSH', 'az-a')).rejects.toThrow(/409/);
    await expect(openstack('segment', 'update', 'az-a', '--description', 'mine')).rejects.toThrow(
      /is segment az-a of salvor's policy/,
    );
    const member = site.envOf(bench().rig.accounts.demo);
    await expect(clients.run('openstack', ['segment', 'list'], member)).rejects.toThrow(
      /Policy doesn't allow os_masakari_api:segments:index/,
    );
  });

  it('the openstack command switches a segment of the policy off and on', async () => {
    expect(await row('segment', 'update', 'az-a', '--is_enabled', 'False')).toMatchObject({ is_enabled: false });
    expect(await row('segment', 'update', 'az-a', '--is_enabled', 'True')).toMatchObject({ is_enabled: true });
  });

  it('the openstack command reports by hand, and a duplicate is told', async () => {
    const payload = '{"event": "STOPPED", "process_name": "libvirtd"}';
    const command = ['notification', 'create', 'PROCESS', 'compute-2', new Date().toISOString(), payload];
    expect(await row(...command)).toMatchObject({ type: 'PROCESS', status: 'ignored' });
    await expect(openstack(...command)).rejects.toThrow(/duplicate/);
    const [newest] = await rows('notification', 'list', '--limit', '1', '--sort', 'created_at:desc');
    expect(JSON.stringify(newest?.payload)).toContain('libvirtd');
  });

  it('salvor itself reads what the catalogue names, as a policy', async () => {
    const salvor = fileURLToPath(new URL('../../cli/salvor.mjs', import.meta.url));
    const told = await clients.run(
      process.execPath,
      [salvor, 'import', 'masakari'],
      site.envOf(bench().rig.accounts.ha),
    );
    const segments = z.array(z.object({ name: z.string(), hosts: z.object({ names: z.array(z.string()) }) }));
    expect(segments.parse(parse(told).segments)).toMatchObject([{ name: 'az-a' }]);
    expect(policySchema.safeParse({ version: 1, fenceDevices: {}, ...parse(told) }).error).toBeUndefined();
  });

  it('the calls of masakari-dashboard get what they ask for', async () => {
    const python = await clients.run('python', [join(scripts, 'dashboard.py')], site.envOf(bench().rig.accounts.admin));
    const told = JSON.parse(python);
    expect(told.segments).toMatchObject([{ name: 'az-a', is_enabled: true }]);
    expect(told.segment).toMatchObject({ name: 'renamed there', description: 'a\nb', is_enabled: false });
    expect(told.host).toMatchObject({ name: 'compute-4', on_maintenance: true, reserved: false });
    expect(told.hosts).toHaveLength(1);
    const [first, second] = told.pages;
    const numbers = [...first, ...second].map(({ id }) => id);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(told.progress.recovery_workflow_details.length).toBeGreaterThan(0);
    expect(told.vmoves).toHaveLength(1);
    expect(told.vmove).toMatchObject({ source_host: 'compute-1', status: 'succeeded' });
  });
});
