import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../agents/free-port.ts';
import { run, withSbin } from '../agents/program.ts';
import { until } from '../openstack/poll.ts';
import { ACCOUNT, type Emulator, htpasswd, type Peer, peer, program } from './peers.ts';

export interface IronicPeer extends Peer {
  readonly nodeUuid: string;
  /** Asked by another client than ours, below `/v1/nodes/{node}`. @returns the answer's status and JSON */
  node(
    method: 'GET' | 'PUT',
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  /** From `enroll` to `manageable`: from then on a conductor looks after it. */
  manage(): Promise<void>;
  /** Switches the machine on, by Ironic itself, or its sync would take the power away again; until it is done with that. */
  switchOn(): Promise<void>;
}

const PATIENCE = { timeoutMs: 60_000, intervalMs: 300 };

/** Ironic (API and conductor in one process, on SQLite) with one enrolled node, whose BMC is a system of the emulator. */
export async function startIronic(bmc: Emulator, system: string, name: string): Promise<IronicPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-ironic-'));
  const port = await freePort();
  writeFileSync(join(folder, 'htpasswd'), htpasswd(), { mode: 0o600 });
  writeFileSync(join(folder, 'ironic.conf'), ironicConf(folder, port));
  const env = { ...withSbin(), PYTHONDONTWRITEBYTECODE: '1' };
  const config = ['--config-file', join(folder, 'ironic.conf')];
  execFileSync(program('ironic-dbsync'), [...config, 'create_schema'], { env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const started = await peer(url, () => run(program('ironic'), config, env), folder);

  async function ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object) {
    const answered = await fetch(`${url}/v1/nodes${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64')}`,
        'content-type': 'application/json',
        'x-openstack-ironic-api-version': '1.49',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answered.text();
    return { status: answered.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }
  const node: IronicPeer['node'] = (method, path, body) => ask(method, `/${name}${path}`, body);
  const fieldOf = async (field: string): Promise<unknown> => {
    const { body } = await node('GET', '');
    return typeof body === 'object' && body !== null
      ? Object.entries(body).find(([key]) => key === field)?.[1]
      : undefined;
  };
  /** 409 while the node is locked by its sync. */
  const put = (path: string, target: string) =>
    until(
      `${target} to be taken`,
      async () => ((await node('PUT', path, { target })).status === 202 ? true : undefined),
      PATIENCE,
    );
  const isNow = (field: string, value: string | null) =>
    until(`${field} ${value}`, async () => ((await fieldOf(field)) === value ? true : undefined), PATIENCE);

  const driver_info = {
    redfish_address: bmc.url,
    redfish_system_id: `/redfish/v1/Systems/${system}`,
    redfish_username: ACCOUNT.username,
    redfish_password: ACCOUNT.password,
  };
  const made = await ask('POST', '', { driver: 'redfish', name, driver_info });
  if (made.status !== 201) throw new Error(`Ironic made no node: ${made.status}`);
  return {
    ...started,
    nodeUuid: String(await fieldOf('uuid')),
    node,
    manage: async () => {
      await put('/states/provision', 'manage');
      await isNow('provision_state', 'manageable');
    },
    switchOn: async () => {
      if ((await fieldOf('power_state')) !== 'power on') await put('/states/power', 'power on');
      await isNow('target_power_state', null);
      await isNow('power_state', 'power on');
    },
  };
}

/** As shipped but for where it listens, that it gives up sooner on a BMC, and that it syncs each 2 s in place of 60. */
function ironicConf(folder: string, port: number): string {
  const none = ['bios', 'inspect', 'raid', 'vendor', 'console', 'firmware'];
  return `[DEFAULT]
auth_strategy = http_basic
http_basic_auth_user_file = ${folder}/htpasswd
enabled_hardware_types = redfish
enabled_boot_interfaces = redfish-virtual-media
enabled_deploy_interfaces = direct
enabled_management_interfaces = redfish
enabled_power_interfaces = redfish
enabled_network_interfaces = noop
default_network_interface = noop
${none.map((name) => `enabled_${name}_interfaces = no-${name}`).join('\n')}
rpc_transport = none
host = conductor-1
state_path = ${folder}
use_stderr = true
[database]
connection = sqlite:///${folder}/ironic.sqlite
[api]
host_ip = 127.0.0.1
port = ${port}
[conductor]
sync_power_state_interval = 2
[redfish]
connection_attempts = 1
connection_retry_interval = 1
`;
}
