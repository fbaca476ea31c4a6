import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../poll.ts';
import type { Account, Rig } from '../rig.ts';
import type { Clients, Running } from './clients.ts';
import type { MasakariSite } from './site.ts';

/** As much of a Consul agent as masakari-hostmonitor asks for: who is in the cluster, and whether it is alive. */
export interface FakeConsul {
  readonly address: string;
  /** Consul's own numbers: 1 is alive, 4 has failed. */
  readonly members: Map<string, 1 | 4>;
  /** How often it was asked. */
  asked(): number;
  close(): Promise<void>;
}

export async function startFakeConsul(hosts: readonly string[]): Promise<FakeConsul> {
  const members = new Map<string, 1 | 4>(hosts.map((host) => [host, 1]));
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    const all = [...members].map(([Name, Status]) => ({ Name, Addr: '127.0.0.1', Port: 8301, Status }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(all));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    members,
    asked: () => asked,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface Monitored {
  readonly consul: FakeConsul;
  /** Of libvirt's test driver, which has one domain. */
  readonly libvirtUri: string;
  /** Of the catalogue. */
  readonly region: string;
}

/** A masakarimonitors.conf as the documentation of masakari-monitors has it, but for shorter pauses. @returns its path */
export async function writeConfig(
  { folder }: MasakariSite,
  rig: Rig,
  { user, project, password }: Account,
  { consul, libvirtUri, region }: Monitored,
): Promise<string> {
  const matrix = join(folder, 'matrix.yaml');
  const processes = join(folder, 'process_list.yaml');
  await writeFile(
    matrix,
    'sequence: [manage]\nmatrix:\n  - {health: [up], action: []}\n  - {health: [down], action: [recovery]}\n',
  );
  const nothing = ['pre_start_command', 'post_start_command', 'pre_restart_command', 'post_restart_command'];
  await writeFile(
    processes,
    `- {process_name: no-such-process, start_command: "true", restart_command: "false", run_as_root: false, ${nothing.map((key) => `${key}: `).join(', ')}}\n`,
  );
  const file = join(folder, `masakarimonitors-${region}.conf`);
  await writeFile(
    file,
    `[DEFAULT]
hostname = compute-2
[api]
region = ${region}
api_interface = public
auth_type = password
auth_url = ${rig.authUrl}
project_name = ${project}
username = ${user}
password = ${password}
user_domain_name = Default
project_domain_name = Default
[host]
monitoring_driver = consul
monitoring_interval = 1
monitoring_samples = 2
disable_ipmi_check = true
api_retry_max = 5
api_retry_interval = 1
[consul]
agent_manage = ${consul.address}
matrix_config_file = ${matrix}
[process]
process_list_path = ${processes}
check_interval = 1
restart_retries = 1
restart_interval = 1
api_retry_max = 5
api_retry_interval = 1
[libvirt]
connection_uri = ${libvirtUri}
[callback]
retry_max = 5
retry_interval = 1
`,
  );
  return file;
}

export interface Libvirt {
  readonly uri: string;
  /** What an operator does to the test driver's domain. */
  virsh(...command: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Debian's libvirtd as nobody, with all of its state in a folder of its own; its test driver has a domain named `test`. */
export async function startLibvirt(clients: Clients): Promise<Libvirt> {
  const folder = await mkdtemp(join(tmpdir(), 'salvor-libvirt-'));
  const [home, run] = [join(folder, 'home'), join(folder, 'run')];
  for (const path of [home, run]) await mkdir(path);
  await clients.run('/usr/bin/chmod', ['755', folder]);
  await clients.run('/usr/bin/chown', ['nobody', home, run]);
  const asNobody = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', '--', '/usr/sbin/libvirtd'];
  const daemon: Running = await clients.start('/usr/bin/setpriv', asNobody, folder, {
    HOME: home,
    XDG_RUNTIME_DIR: run,
  });
  const uri = `test+unix:///default?socket=${join(run, 'libvirt', 'libvirt-sock')}`;
  const virsh = (...command: readonly string[]) => clients.run('/usr/bin/virsh', ['-c', uri, ...command]);
  try {
    await until('libvirtd to answer', () => virsh('list', '--all').catch(() => undefined), { timeoutMs: 30_000 });
  } catch (error) {
    const log = await daemon.log();
    await daemon.stop();
    throw new Error(`libvirtd does not answer: ${log}`, { cause: error });
  }
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { uri, virsh, stop };
}
