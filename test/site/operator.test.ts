import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { agentsFor } from '#cli/drill/agents.ts';
import { startEmbedded } from '#infra/embedded/runtime.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { hostDown, outsideServices, recordedLog } from '../infra/embedded/stubs.ts';
import { canLogIn } from '../support/logins.ts';
import {
  policyOf,
  type Running,
  type SiteFolder,
  salvor,
  salvorOf,
  siteFolder,
  startSalvor,
} from './salvor-process.ts';

const VICTIM = 'compute-1';
const WHY = ['--reason', 'a test of the network', '--by', 'ann'] as const;
const PATIENCE = { timeout: 90_000, interval: 300 };

/** What an operator says on the command line to a salvor that runs as a process of its own. */
describe('an operator', { timeout: 180_000 }, () => {
  let cloud: SimulatedCloud;
  let folder: SiteFolder;
  let running: Running | undefined;

  async function start(segment: object = {}): Promise<void> {
    cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 200, serviceDownSeconds: 1 });
    folder = siteFolder(cloud);
    folder.write('policy.yaml', policyOf(cloud, segment));
    running = await startSalvor(folder);
  }
  afterEach(async () => {
    await running?.kill('SIGKILL');
    running = undefined;
    await cloud.stop();
  });

  const queueUrl = (): string => running?.queueUrl ?? '';
  const incidents = async (): Promise<string> => (await salvor(folder, 'incidents')).stdout;
  const powerOffs = (): number =>
    cloud.journal.facts.filter((fact) => fact.kind === 'power' && fact.power === 'off').length;

  async function lose(): Promise<void> {
    cloud.boot(2, { host: VICTIM });
    cloud.killHost(VICTIM, { leaveGuestsRunning: true });
    const agents = agentsFor(new URL(queueUrl()).origin, queueUrl());
    await agents.reportAll('host.down', VICTIM);
    agents.stop();
  }

  it('disarms everything, sees why nothing is done, and arms it again', async () => {
    await start();
    const disarmed = await salvor(folder, 'disarm', '--for', '2h', ...WHY);
    expect(disarmed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^disarm of everything obeyed: disarmed until /),
    });
    await lose();
    await expect
      .poll(incidents, PATIENCE)
      .toMatch(/held\s+armed: salvor is disarmed by ann since .*: a test of the network/);
    expect(await incidents()).toMatch(/^DISARMED: everything, by ann since .* until .*: a test of the network$/m);
    expect(powerOffs()).toBe(0);
    const armed = await salvor(folder, 'arm', '--json', ...WHY);
    expect(JSON.parse(armed.stdout)).toMatchObject({ type: 'obeyed', command: 'arm', by: 'ann', on: 'everything' });
    await expect.poll(incidents, PATIENCE).toMatch(/recovered\s+2 recovered/);
    expect(powerOffs()).toBe(1);
    expect(await incidents()).not.toContain('DISARMED');
    expect((await salvor(folder, 'audit', 'verify')).code).toBe(0);
    const { stdout } = await salvor(folder, 'audit', 'operators');
    expect(stdout).toMatch(
      /ann\s+disarm of everything\s+obeyed\s+disarmed until .*\n.*ann\s+arm of everything\s+obeyed/,
    );
  });

  it('releases a held host', async () => {
    await start({ minHealthyHosts: 50 });
    await lose();
    await expect.poll(incidents, PATIENCE).toMatch(/held\s+healthy-hosts: 5 other healthy hosts/);
    expect(await salvor(folder, 'release', VICTIM, '--gate', 'in-service', ...WHY)).toMatchObject({
      code: 1,
      stdout: `release of host ${VICTIM} refused: no operator can release in-service: remove what closes it\n`,
    });
    expect(await salvor(folder, 'release', VICTIM, ...WHY)).toMatchObject({
      code: 0,
      stdout: `release of host ${VICTIM} obeyed: healthy-hosts released for 900 s\n`,
    });
    await expect.poll(incidents, PATIENCE).toMatch(/recovered\s+2 recovered/);
  });

  it('dismisses a held host, once', async () => {
    await start({ minHealthyHosts: 50 });
    await lose();
    await expect.poll(incidents, PATIENCE).toMatch(/held\s+healthy-hosts/);
    expect(await salvor(folder, 'dismiss', VICTIM, ...WHY)).toMatchObject({
      code: 0,
      stdout: `dismiss of host ${VICTIM} obeyed: dismissed; nothing was done to the host\n`,
    });
    expect(await incidents()).toMatch(
      /dismissed\s+dismissed by ann: a test of the network; nothing was done to the host/,
    );
    expect(await salvor(folder, 'dismiss', VICTIM, ...WHY)).toMatchObject({
      code: 1,
      stderr: `salvor: no open incident of ${VICTIM}: "salvor incidents" lists them\n`,
    });
    expect(powerOffs()).toBe(0);
  });

  it('puts a host into maintenance, drained, and ends that', async () => {
    await start();
    cloud.boot(2, { host: VICTIM });
    cloud.boot(1, { host: VICTIM, state: 'stopped', namePrefix: 'idle' });
    const hosts = async (): Promise<string> => (await salvor(folder, 'hosts')).stdout;
    expect(await hosts()).toBe('6 other hosts, of which there is nothing to tell\n');
    expect(await salvor(folder, 'maintenance', 'on', VICTIM, '--drain', '--for', '2h', ...WHY)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^maintenance-on of host compute-1 obeyed: its service is disabled, and its insta/),
    });
    await expect
      .poll(hosts, PATIENCE)
      .toMatch(/maintenance: away\s+by ann since \S+ until \S+: a test of the network\n/);
    expect(await hosts()).toMatch(/ drained: 2 instances were moved\n\s+idle-0002 stays: it is stopped/);
    expect(cloud.host(VICTIM)).toMatchObject({ disabled: true, guests: new Set() });
    expect((await salvor(folder, 'status')).stdout).toMatch(/^az-nova +6 +5 +1 maintenance /m);
    expect(await salvor(folder, 'maintenance', 'off', VICTIM, ...WHY)).toMatchObject({ code: 0 });
    await expect.poll(() => cloud.host(VICTIM).disabled, PATIENCE).toBe(false);
    await expect.poll(hosts, PATIENCE).toBe('6 other hosts, of which there is nothing to tell\n');
    expect((await salvor(folder, 'audit', 'verify')).code).toBe(0);
  });

  it('gives a recovered host back, once it is up and well', async () => {
    await start({ hostReturn: { healthyForSeconds: 1 } });
    await lose();
    await expect.poll(incidents, PATIENCE).toMatch(/recovered\s+2 recovered/);
    const hosts = async (): Promise<string> => (await salvor(folder, 'hosts')).stdout;
    expect(await hosts()).toMatch(
      /^compute-1\s+az-nova\s+forced down\s+by salvor since \S+: salvor return gives it back$/m,
    );
    expect(await salvor(folder, 'return', 'compute-2', ...WHY)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^return of host compute-2 refused: salvor has neither forced it down/),
    });
    expect(await salvor(folder, 'return', VICTIM, ...WHY)).toMatchObject({ code: 0 });
    await expect.poll(hosts, PATIENCE).toMatch(/returning: waiting\s+asked for by ann: a test of the network\n/);
    expect(cloud.host(VICTIM).forcedDown).toBe(true);
    cloud.powerOn(VICTIM);
    const agents = agentsFor(new URL(queueUrl()).origin, queueUrl());
    await agents.reportAll('host.up', VICTIM);
    agents.stop();
    await expect.poll(() => cloud.host(VICTIM).forcedDown, PATIENCE).toBe(false);
    await expect.poll(hosts, PATIENCE).toBe('6 other hosts, of which there is nothing to tell\n');
    const told = await salvor(folder, 'audit', 'host', VICTIM);
    expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/ records in a whole hash chain\n$/) });
    expect(told.stdout).toMatch(
      /return-opened .*return-waits .*service-change-intended .*return-ended .*outcome=returned/s,
    );
    const again = await salvor(folder, 'replay', VICTIM);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/return +return-proving +same/) });
  });

  it('sends dead letters back, and drops what is void', async () => {
    await start({ minHealthyHosts: 50 });
    const { origin } = new URL(queueUrl());
    const client = new SQSClient({
      endpoint: origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const dead = (queue: string, body: object) =>
      client.send(
        new SendMessageCommand({ QueueUrl: `${origin}/000000000000/${queue}-dlq`, MessageBody: JSON.stringify(body) }),
      );
    await dead('host-events', hostDown(VICTIM));
    const incidentId = '01920000-0000-7000-8000-000000000001';
    await dead('fence-host', { type: 'fence-host', version: 1, hostKey: 'lab/RegionOne/gone', incidentId, tick: 3 });

    for (let look = 0; look < 2; look += 1) {
      const { stdout, code } = await salvor(folder, 'redrive');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^host-events\s+\d+ s\s+host\.down of compute-1 by .*to be sent back$/m);
      expect(stdout).toMatch(/^fence-host\s+\d+ s\s+step 3 of lab\/RegionOne\/gone\s+void: its incident has ended$/m);
    }
    expect((await salvor(folder, 'redrive', 'host-events', '--go')).stdout).toContain(
      '1 sent back, 0 void ones deleted',
    );
    await expect.poll(incidents, PATIENCE).toContain(VICTIM);
    expect((await salvor(folder, 'redrive', '--go')).stdout).toContain('0 sent back, 1 void ones deleted');
    expect((await salvor(folder, 'redrive')).stdout).toBe('no dead letters\n');
    const left = await client.send(new ReceiveMessageCommand({ QueueUrl: `${origin}/000000000000/fence-host-dlq` }));
    expect(left.Messages ?? []).toEqual([]);
    client.destroy();
  });

  it('is told when nobody obeys in time, and that the command is in the queue', async () => {
    await start();
    const stateDir = join(folder.path, 'deaf');
    const deaf = await startEmbedded({
      stateDir,
      port: 0,
      services: outsideServices(recordedLog()),
      functions: { 'obey-operator': { queue: 'operator-commands', handle: async () => [] } },
    });
    const told = await salvor(folder, '--state-dir', stateDir, 'disarm', '--timeout', '0.5', ...WHY);
    await deaf.stop();
    const stderr = expect.stringMatching(/^salvor: nobody has obeyed the disarm within 0\.5 s: it is in the queue/);
    expect(told).toMatchObject({ code: 1, stderr });
  });

  it('is told what is wrong with what was asked for', async () => {
    await start();
    for (const [code, args, message] of [
      [2, ['disarm'], /required option '--reason/],
      [2, ['disarm', '--for', 'soon', ...WHY], /A time is needed, such as 90s/],
      [2, ['disarm', '--for', '31d', ...WHY], /30d at most/],
      [1, ['release', 'compute-9', ...WHY], /no open incident of compute-9/],
      [1, ['maintenance', 'on', 'compute-9', ...WHY], /no host compute-9/],
      [
        2,
        ['--state-table', 'state', '--audit-table', 'audit', 'arm', ...WHY],
        /--queue-url is needed for a deployed stack/,
      ],
      [2, ['redrive', 'no-such-queue'], /Allowed choices are/],
    ] as const)
      expect(await salvor(folder, ...args)).toMatchObject({ code, stderr: expect.stringMatching(message) });
    const unknown = await salvor(folder, 'disarm', '--segment', 'az9', ...WHY);
    expect(unknown).toMatchObject({
      code: 1,
      stdout: 'disarm of segment az9 refused: the policy has no segment az9, but az-nova\n',
    });
  });

  it('is told when no salvor runs there', async () => {
    await start();
    const none = await salvor(folder, '--state-dir', 'elsewhere', 'disarm', ...WHY);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/^salvor: there is no state in elsewhere/) });
    await running?.kill('SIGKILL');
    for (const command of [['disarm', ...WHY], ['redrive']])
      expect(await salvor(folder, ...command)).toMatchObject({
        code: 1,
        stderr: 'salvor: no salvor runs on .salvor: start it with "salvor up", and ask again\n',
      });
  });

  it('is not two people by two names: the second word has to come from another login', async () => {
    await start({ fencing: { confirmOff: { people: 2 } } });
    cloud.faults.set({ kind: 'bmc-dead', how: 'close', host: VICTIM });
    await lose();
    await expect.poll(incidents, PATIENCE).toMatch(/fencing/);
    const confirm = (by: string) => salvor(folder, 'confirm-off', VICTIM, '--reason', 'pulled both cables', '--by', by);
    expect((await confirm('ann')).stdout).toMatch(/obeyed: noted; 1 more must confirm it/);
    expect(await confirm('bob')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/refused: it comes from uid \d+, which has said so already as ann: another person/),
    });
    expect((await salvor(folder, 'audit', 'operators')).stdout).toMatch(
      /bob\s+uid \d+\s+confirm-off of host compute-1/,
    );
    expect(await incidents()).not.toContain('recovered');
  });

  it.runIf(canLogIn())('is two people by two logins', async () => {
    await start({ fencing: { confirmOff: { people: 2 } } });
    cloud.faults.set({ kind: 'bmc-dead', how: 'close', host: VICTIM });
    await lose();
    await expect.poll(incidents, PATIENCE).toMatch(/fencing/);
    const confirm = (by: string, uid: number) =>
      salvorOf(uid, folder, 'confirm-off', VICTIM, '--reason', 'pulled both cables', '--by', by);
    expect((await confirm('ann', 4001)).stdout).toMatch(/obeyed: noted; 1 more must confirm it/);
    expect((await confirm('bob', 4001)).stdout).toMatch(/refused: it comes from uid 4001, which has said so already/);
    expect((await confirm('bob', 4002)).stdout).toMatch(/obeyed: confirmed/);
    await expect.poll(incidents, PATIENCE).toMatch(/recovered/);
  });
});
