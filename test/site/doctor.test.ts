import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '#cli/exit.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { certificate } from '#test/support/tls.ts';
import { policyOf, type Running, type SiteFolder, salvor, siteFolder, startSalvor } from './salvor-process.ts';

describe('salvor doctor', { timeout: 120_000 }, () => {
  let cloud: SimulatedCloud;
  let folder: SiteFolder;
  let running: Running;

  beforeEach(async () => {
    cloud = await startSimulatedCloud({ hosts: 3 });
    folder = siteFolder(cloud);
    folder.write('policy.yaml', { ...policyOf(cloud), watch: { everySeconds: 1 }, survey: { everySeconds: 60 } });
    running = await startSalvor(folder);
  });
  afterEach(async () => {
    await running.kill('SIGKILL');
    await cloud.stop();
  });

  const doctor = async () => {
    const { code, stdout } = await salvor(folder, 'doctor', '--json');
    const { symptoms } = JSON.parse(stdout) as {
      symptoms: { level: string; what: string; about: string; says: string }[];
    };
    return { code, symptoms };
  };

  it('says what is wrong with a salvor that runs, and with one that does not', async () => {
    const first = await doctor();
    expect(first.code).toBe(EXIT.person);
    expect(first.symptoms).toContainEqual(
      expect.objectContaining({
        level: 'trouble',
        what: 'policy',
        about: 'az-nova',
        says: expect.stringMatching(/^minHealthyHosts 3/),
      }),
    );
    // Nova is looked at within seconds, and sweep has run.
    await expect
      .poll(async () => (await doctor()).symptoms.map(({ what }) => what), { timeout: 30_000, interval: 1000 })
      .not.toContain('watch-late');
    const { symptoms } = await doctor();
    expect(symptoms.map(({ what }) => what)).not.toContain('no-beat');
    expect(symptoms.filter(({ what }) => what === 'queue')).toEqual([]);

    const { stdout } = await salvor(folder, 'doctor');
    expect(stdout).toMatch(/^LEVEL +WHAT +ABOUT +SAYS$/m);
    expect(stdout).toMatch(/\n3 hosts: \d+ troubles, \d+ notes\n$/);

    await running.kill('SIGKILL');
    expect((await doctor()).symptoms).toContainEqual(
      expect.objectContaining({ level: 'trouble', what: 'queue', says: expect.stringMatching(/^no salvor runs on/) }),
    );
  });

  it('tells of dead letters', async () => {
    const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
    const client = new SQSClient({
      endpoint: new URL(running.queueUrl).origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      useQueueUrlAsEndpoint: false,
    });
    const QueueUrl = running.queueUrl.replace(/host-events$/, 'fence-host-dlq');
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    client.destroy();
    expect((await doctor()).symptoms).toContainEqual({
      ...{ level: 'trouble', what: 'dead-letters', about: 'fence-host' },
      says: '1 lie there: "salvor redrive" shows them',
    });
  });

  it('tells whose device has failed, and the audit since when', async () => {
    cloud.faults.set({ kind: 'bmc-dead', how: 'close', host: 'compute-2' });
    cloud.faults.set({ kind: 'bmc-unauthorized', host: 'compute-3' });
    await expect
      .poll(async () => (await doctor()).symptoms, { timeout: 100_000, interval: 3000 })
      .toContainEqual(
        expect.objectContaining({
          ...{ level: 'trouble', what: 'not-fenceable', about: 'compute-2' },
          says: expect.stringMatching(/^level 1, redfish at http.*: does not tell the power: .*never good before\)$/),
        }),
      );
    expect((await doctor()).symptoms).toContainEqual(
      expect.objectContaining({ level: 'trouble', what: 'credentials-refused', about: 'compute-3' }),
    );
    const { stdout } = await salvor(folder, 'audit', 'readiness', 'compute-2');
    expect(stdout).toMatch(/^TIME +WHAT +BECAUSE\n\S+ +unknown -> not-ready +level 1, /);
    expect(await salvor(folder, 'audit', 'readiness', 'compute-9')).toMatchObject({ code: 1 });
    expect(await salvor(folder, 'audit', 'verify')).toMatchObject({ code: 0 });
    expect(cloud.journal.facts.filter(({ kind }) => kind === 'power')).toEqual([]);
  });
});

it('tells which certificates of the cloud and of its own end soon, and when its account does', {
  timeout: 120_000,
}, async () => {
  const tls = certificate();
  const cloud = await startSimulatedCloud({ hosts: 3, tls });
  const folder = siteFolder(cloud, 'cert.pem');
  folder.write('cert.pem', tls.cert);
  folder.write('key.pem', tls.key);
  folder.write('policy.yaml', policyOf(cloud));
  const running = await startSalvor(folder, '--tls-cert', 'cert.pem', '--tls-key', 'key.pem');
  try {
    cloud.faults.set({ kind: 'account-ends', atMs: Date.now() + 5 * 86_400_000 });
    const doctor = async () => {
      const { symptoms } = JSON.parse((await salvor(folder, 'doctor', '--json')).stdout);
      return symptoms as readonly object[];
    };
    const says = expect.stringMatching(
      /^the certificate of https:\/\/127\.0\.0\.1:\d+ expires in 1 day: renew it there/,
    );
    await expect
      .poll(doctor, { timeout: 100_000, interval: 3000 })
      .toContainEqual({ level: 'trouble', what: 'certificate', about: 'salvor', says });
    const symptoms = await doctor();
    const about = expect.stringMatching(/^keystone and nova and placement/);
    expect(symptoms).toContainEqual({ level: 'trouble', what: 'certificate', about, says });
    const ends = expect.stringMatching(/^application credential salvor ends in 4 days: /);
    expect(symptoms).toContainEqual({ level: 'note', what: 'credentials', about: 'keystone', says: ends });
  } finally {
    await running.kill('SIGKILL');
    await cloud.stop();
  }
});
