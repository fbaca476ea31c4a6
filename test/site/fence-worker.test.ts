import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { agentsFor } from '#cli/drill/agents.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { type FakeAgents, fakeAgents, PASSWORD } from '../infra/fence-worker/support.ts';
import {
  environment,
  policyOf,
  type Running,
  SALVOR,
  type SiteFolder,
  salvor,
  siteFolder,
  startSalvor,
} from './salvor-process.ts';

const [VICTIM, ADDRESS] = ['compute-1', '192.0.2.1'];
const SERVICE = 'neutron-openvswitch-agent';

let cloud: SimulatedCloud;
let agents: FakeAgents;
let running: Running | undefined;
let worker: ChildProcess | undefined;

afterEach(async () => {
  worker?.kill('SIGKILL');
  await running?.kill('SIGKILL');
  running = undefined;
  agents.remove();
  await cloud.stop();
});

/** A site whose victim is fenced by an agent. */
async function open(): Promise<SiteFolder> {
  cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 200, serviceDownSeconds: 1 });
  agents = fakeAgents();
  agents.addOutlet(ADDRESS, VICTIM);
  const folder = siteFolder(cloud);
  const policy = policyOf(cloud);
  const device = {
    ...{ driver: 'agent', agent: 'fence_fake', worker: 'rack-a', credentials: 'outlets' },
    parameters: { ip: ADDRESS, plug: VICTIM },
  };
  folder.write('policy.yaml', { ...policy, fenceDevices: { ...policy.fenceDevices, [VICTIM]: device } });
  folder.write('fence-worker.yaml', {
    agents: { fence_fake: {} },
    networks: [{ name: 'lab', addresses: ['192.0.2.0/24'] }],
  });
  folder.write('worker-secrets.yaml', { outlets: { username: 'admin', password: PASSWORD } });
  return folder;
}

/** `salvor fence-worker`, once it runs. */
async function startWorker({ path }: SiteFolder, ...options: readonly string[]): Promise<ChildProcess> {
  const files = ['--secrets', 'worker-secrets.yaml', '--agents-folder', agents.folder];
  const child = spawn(process.execPath, [SALVOR, 'fence-worker', ...files, ...options], {
    cwd: path,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  worker = child;
  for await (const line of createInterface({ input: child.stderr })) {
    if (!line.includes('the fence worker runs')) continue;
    child.stderr.resume();
    return child;
  }
  throw new Error('the fence worker ended');
}

it('fences a host for a salvor that has no route to its device, and no password', { timeout: 180_000 }, async () => {
  const folder = await open();
  const instances = cloud.boot(4, { host: VICTIM });
  running = await startSalvor(folder);
  const { origin } = new URL(running.queueUrl);
  const child = await startWorker(folder, '--queue-url', `${origin}/000000000000/fence-requests-rack-a`);

  const devices = await salvor(folder, 'policy', 'devices', 'policy.yaml');
  expect(devices.stdout).toMatch(new RegExp(`^${VICTIM} .* on .*`, 'm'));
  expect(devices.stderr).toBe('');

  cloud.killHost(VICTIM);
  const reporters = agentsFor(origin, running.queueUrl);
  await reporters.reportAll('host.down', VICTIM);
  reporters.stop();
  const well = () => instances.filter((each) => cloud.server(each.id).host !== VICTIM).length;
  await expect.poll(well, { timeout: 120_000, interval: 200 }).toBe(instances.length);
  expect(agents.powerOf(ADDRESS, VICTIM)).toBe('off');

  const audit = await salvor(folder, 'audit', VICTIM);
  expect(audit.stdout).toContain('fence_fake off ended well: Success: Powered OFF');
  expect(audit.stdout).toContain('fence_fake status says Status: OFF');
  expect(audit.stdout).not.toContain(PASSWORD);

  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
});

it('starts a service again that a monitor has seen stop', { timeout: 180_000 }, async () => {
  const folder = await open();
  const processRecovery = { restart: ['neutron-*'], worker: 'edge-1', wellSeconds: 0 };
  folder.write('policy.yaml', policyOf(cloud, { processRecovery }));
  const restarted = join(folder.path, 'restarted');
  const command = ['/bin/sh', '-c', 'echo "$@" >>"$0"', restarted, '{host}', '{service}'];
  folder.write('fence-worker.yaml', { restarts: [{ services: [SERVICE], hosts: ['compute-*'], command }] });
  running = await startSalvor(folder);
  const { origin } = new URL(running.queueUrl);
  await startWorker(folder, '--queue-url', `${origin}/000000000000/fence-requests-edge-1`);

  const client = new SQSClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'monitor', secretAccessKey: 'monitor' },
    useQueueUrlAsEndpoint: false,
  });
  const event = {
    ...{ specversion: '1.0', id: 'down-1', source: '/monitor', type: 'process.down', time: new Date().toISOString() },
    data: { host: VICTIM, process: SERVICE },
  };
  await client.send(new SendMessageCommand({ QueueUrl: running.queueUrl, MessageBody: JSON.stringify(event) }));
  client.destroy();
  const told = async () => (await salvor(folder, 'processes')).stdout;
  await expect.poll(told, { timeout: 90_000, interval: 1_000 }).toMatch(new RegExp(`${VICTIM} .* recovered `));
  expect(readFileSync(restarted, 'utf8')).toBe(`${VICTIM} ${SERVICE}\n`);
});

it('says what is wrong before it starts', { timeout: 60_000 }, async () => {
  const folder = await open();
  const start = (...options: readonly string[]) =>
    salvor(folder, 'fence-worker', '--secrets', 'worker-secrets.yaml', '--agents-folder', agents.folder, ...options);
  expect(await start()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--queue-url is the address of this worker's own"),
  });
  expect(await start('--queue-url', 'http://127.0.0.1:9/000000000000/fence-requests-Rack')).toMatchObject({ code: 2 });
  expect(await start('--check')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fence_fake: action ip /) });
  folder.write('fence-worker.yaml', { agents: { fence_fake: { parameters: { plugg: '1' } } } });
  expect(await start('--check')).toMatchObject({
    code: 1,
    stderr: 'salvor: fence_fake is not run: parameter plugg: the agent does not know it\n',
  });
  folder.write('fence-worker.yaml', { agent: {} });
  expect(await start('--check')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('fence-worker.yaml is wrong'),
  });
});
