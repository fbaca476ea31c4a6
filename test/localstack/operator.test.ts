import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Agents, agentsFor } from '#cli/drill/agents.ts';
import { deadLetterQueueOf, type QueueName } from '#events/catalog.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { hostDown } from '../infra/embedded/stubs.ts';
import { policyOf } from '../site/salvor-process.ts';
import { type CommandLine, commandLineOf } from './cli.ts';
import { type Deployed, deployFor } from './deployed.ts';
import { invoke } from './kill/environments.ts';
import { describeOnLocalStack } from './suite.ts';

// The first command waits for a cold start besides.
const WHY = ['--reason', 'a test of the network', '--by', 'ann', '--timeout', '90'] as const;
const PATIENCE = { timeout: 90_000, interval: 500 };

/** What an operator says on the command line to a salvor that was deployed. */
describeOnLocalStack('an operator of a deployed stack', (localStack) => {
  const stage = `o${randomUUID().slice(0, 8)}`;
  let cloud: SimulatedCloud;
  let deployed: Deployed;
  let agents: Agents;
  let salvor: CommandLine;

  beforeAll(async () => {
    cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 200, serviceDownSeconds: 1 });
    deployed = await deployFor(cloud, policyOf(cloud, { reporters: { required: 2 } }), stage, localStack);
    agents = agentsFor(localStack.endpoint, deployed.queueUrl('host-events'));
    salvor = commandLineOf(deployed, localStack);
    await invoke(localStack.endpoint, `salvor-${stage}-mirror-inventory`);
  });
  afterAll(async () => {
    agents?.stop();
    await deployed?.destroy();
    await cloud?.stop();
  });

  const incidents = async (): Promise<string> => (await salvor('incidents')).stdout;
  const lose = (host: string): void => {
    cloud.boot(2, { host });
    cloud.killHost(host, { leaveGuestsRunning: true });
  };
  const poweredOff = (): readonly string[] =>
    cloud.journal.facts.flatMap((fact) => (fact.kind === 'power' && fact.power === 'off' ? [fact.host] : []));

  it('disarms everything, sees why nothing is done, and arms it again', { timeout: 240_000 }, async () => {
    expect(await salvor('disarm', '--for', '2h', ...WHY)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^disarm of everything obeyed: disarmed until /),
      stderr: '',
    });
    lose('compute-1');
    await agents.reportAll('host.down', 'compute-1');
    await expect.poll(incidents, PATIENCE).toMatch(/held\s+armed: salvor is disarmed by ann since .*: a test of the/);
    expect(await incidents()).toMatch(/^DISARMED: everything, by ann since .* until .*: a test of the network$/m);
    expect(poweredOff()).toEqual([]);
    const armed = await salvor('arm', '--json', ...WHY);
    expect(JSON.parse(armed.stdout)).toMatchObject({ type: 'obeyed', command: 'arm', by: 'ann', on: 'everything' });
    await expect.poll(incidents, PATIENCE).toMatch(/compute-1 .*recovered\s+2 recovered/);
    expect(poweredOff()).toEqual(['compute-1']);
    expect(await incidents()).not.toContain('DISARMED');
  });

  it('releases a host that only one reporter calls dead', { timeout: 240_000 }, async () => {
    lose('compute-2');
    await agents.report('host.down', 'compute-2', 0);
    await expect.poll(incidents, PATIENCE).toMatch(/compute-2 .*held\s+reporters: /);
    expect(await salvor('release', 'compute-2', '--gate', 'in-service', ...WHY)).toMatchObject({
      exitCode: 1,
      stdout: 'release of host compute-2 refused: no operator can release in-service: remove what closes it\n',
    });
    expect(await salvor('release', 'compute-2', ...WHY)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^release of host compute-2 obeyed: .*reporters.* released for 900 s$/m),
    });
    // What compute-1 had may have come here.
    await expect.poll(incidents, PATIENCE).toMatch(/compute-2 .*recovered\s+\d recovered/);
  });

  it('sends dead letters back, drops what is void, and dismisses what came of it', { timeout: 240_000 }, async () => {
    const incidentId = '01920000-0000-7000-8000-000000000001';
    const step = { type: 'fence-host', version: 1, hostKey: 'lab/RegionOne/gone', incidentId, tick: 3 };
    await dead('host-events', hostDown('compute-3'));
    await dead('fence-host', step);
    for (let look = 0; look < 2; look += 1) {
      const { stdout, exitCode } = await salvor('redrive');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^host-events\s+\d+ s\s+host\.down of compute-3 by .*to be sent back$/m);
      expect(stdout).toMatch(/^fence-host\s+\d+ s\s+step 3 of lab\/RegionOne\/gone\s+void: its incident has ended$/m);
    }
    expect((await salvor('redrive', 'host-events', '--go')).stdout).toContain('1 sent back, 0 void ones deleted');
    await expect.poll(incidents, PATIENCE).toMatch(/compute-3 .*held\s+reporters: /);
    expect((await salvor('redrive', '--go')).stdout).toContain('0 sent back, 1 void ones deleted');
    expect((await salvor('redrive')).stdout).toBe('no dead letters\n');
    expect((await salvor('dismiss', 'compute-3', ...WHY)).stdout).toBe(
      'dismiss of host compute-3 obeyed: dismissed; nothing was done to the host\n',
    );
    expect(poweredOff()).toEqual(['compute-1', 'compute-2']);
  });

  it('finds all of it in the audit, which is whole and decides the same again', async () => {
    const { stdout } = await salvor('audit', 'operators');
    const asked = stdout
      .split('\n')
      .flatMap((line) => /ann\s+(\w+ of .*?)\s+(obeyed|refused)/.exec(line)?.slice(1) ?? []);
    expect(asked.join(' ')).toBe(
      'disarm of everything obeyed arm of everything obeyed release of host compute-2 refused release of host compute-2 obeyed dismiss of host compute-3 obeyed',
    );
    for (const command of [
      ['audit', 'verify'],
      ['audit', 'compute-2'],
      ['replay', 'compute-1'],
      ['replay', 'compute-2'],
    ])
      expect(await salvor(...command), command.join(' ')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await salvor('parked')).exitCode).toBe(0);
  });

  const dead = (queue: QueueName, body: object) =>
    deployed.sqs.send(
      new SendMessageCommand({
        QueueUrl: deployed.queueUrl(deadLetterQueueOf(queue)),
        MessageBody: JSON.stringify(body),
      }),
    );
});
