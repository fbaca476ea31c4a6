import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { agentsFor } from '#cli/drill/agents.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { policyOf, type Running, type SiteFolder, salvor, siteFolder, startSalvor } from './salvor-process.ts';

const VICTIM = 'compute-1';

/** The program as an operator runs it: a process of its own, with files, against a cloud over HTTP. */
describe('salvor up', () => {
  let cloud: SimulatedCloud;
  let running: Running | undefined;

  const open = async (): Promise<SiteFolder> => {
    cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 400, serviceDownSeconds: 1 });
    return siteFolder(cloud);
  };

  afterEach(async () => {
    await running?.kill('SIGKILL');
    running = undefined;
    await cloud.stop();
  });

  it('brings the instances back, and goes on where it was after kill -9 at any moment', {
    timeout: 240_000,
  }, async () => {
    const folder = await open();
    const instances = cloud.boot(15, { host: VICTIM });
    running = await startSalvor(folder);
    cloud.killHost(VICTIM, { leaveGuestsRunning: true });
    const { origin } = new URL(running.queueUrl);
    const agents = agentsFor(origin, running.queueUrl);
    await agents.reportAll('host.down', VICTIM);
    agents.stop();

    for (let kill = 0; kill < 8; kill += 1) {
      await pause(150 + kill * 130);
      await running.kill('SIGKILL');
      running = await startSalvor(folder);
    }

    const well = () =>
      instances.filter((each) => cloud.server(each.id).host !== VICTIM && cloud.server(each.id).vmState === 'active')
        .length;
    await expect.poll(well, { timeout: 180_000, interval: 200 }).toBe(instances.length);
    await expect
      .poll(async () => (await salvor(folder, 'incidents', '--json')).stdout, { timeout: 30_000 })
      .toContain('"outcome": "recovered"');
    expect(cloud.ledger.filter(({ what }) => what === 'DOUBLE')).toEqual([]);
    expect(cloud.journal.facts.filter((fact) => fact.kind === 'evacuate-accepted' && fact.duringAnother)).toEqual([]);
    expect(cloud.journal.facts.filter((fact) => fact.kind === 'evacuate-accepted')).toHaveLength(instances.length);

    const reporters = await salvor(folder, 'reporters', '--host', VICTIM);
    expect(reporters.stdout).toMatch(/^\/agents\/consul +compute-\d+ +down +20/m);

    const audit = await salvor(folder, 'audit', VICTIM);
    expect(audit.code).toBe(0);
    expect(audit.stdout).toMatch(/hash chains are whole/);
    expect(audit.stdout).toMatch(/proof-made/);
    expect(audit.stdout).toMatch(/requestId=req-/);
    const everything = `${audit.stdout}${audit.stderr}`;
    for (const secret of [cloud.bmcCredentials.password, cloud.credentials.applicationCredential.secret])
      expect(everything).not.toContain(secret);
  });

  it('is alone on its state folder, and ends at SIGTERM', { timeout: 60_000 }, async () => {
    const folder = await open();
    running = await startSalvor(folder);
    const second = await salvor(folder, 'up', '--port', '0', '--http-port', '0');
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/another salvor runs on this state folder/),
    });
    const { child } = running;
    await running.kill('SIGTERM');
    expect(child.exitCode).toBe(0);
  });

  it('watches hosts without a fence device, where the policy takes their watchdogs', { timeout: 60_000 }, async () => {
    const folder = await open();
    folder.write('policy.yaml', { ...policyOf(cloud, { fencing: { watchdog: {} } }), fenceDevices: {} });
    running = await startSalvor(folder);
    await running.kill('SIGTERM');
    expect(running.child.exitCode).toBe(0);
  });

  it.each<[string, (folder: SiteFolder) => void, RegExp]>([
    ['no policy', (folder) => folder.write('policy.yaml', ''), /policy\.yaml is wrong/],
    [
      'a misspelt key',
      (folder) => folder.write('policy.yaml', policyOf(cloud, { gracePeriodSeconds: 1 })),
      /gracePeriodSeconds/,
    ],
    ['text that is not YAML', (folder) => folder.write('policy.yaml', 'a: [1'), /is not YAML/],
    [
      'an empty segment',
      (folder) => folder.write('policy.yaml', policyOf(cloud, { hosts: { aggregate: 'none-such' } })),
      /holds no compute host/,
    ],
    [
      'no fence devices',
      (folder) => folder.write('policy.yaml', { ...policyOf(cloud), fenceDevices: {} }),
      /names no fence device for compute-1/,
    ],
    [
      'a secret that all can read',
      (folder) => folder.write('secrets.yaml', { bmc: { username: 'a', password: 'b' } }, 0o644),
      /secrets\.yaml.*(group|others)/s,
    ],
    ['no such secret', (folder) => folder.write('secrets.yaml', { other: { username: 'a', password: 'b' } }), /bmc/],
    [
      'a wrong password',
      (folder) => folder.write('clouds.yaml', cloudsWith({ application_credential_secret: 'wrong' })),
      /401|refused|credentials/i,
    ],
    [
      'a cloud out of reach',
      (folder) => folder.write('clouds.yaml', cloudsWith({ auth_url: 'http://127.0.0.1:9/v3' })),
      /does not answer/,
    ],
    ['no cloud', (folder) => folder.write('clouds.yaml', 'clouds: {}'), /clouds\.yaml/],
  ])('says what is wrong before anything starts: %s', { timeout: 60_000 }, async (_name, spoil, message) => {
    const folder = await open();
    spoil(folder);
    const result = await salvor(folder, 'up', '--port', '0', '--http-port', '0');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^salvor: /);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(result.stdout).toBe('');
  });

  function cloudsWith(auth: object) {
    const { id, secret } = cloud.credentials.applicationCredential;
    const all = {
      auth_url: cloud.authUrl,
      application_credential_id: id,
      application_credential_secret: secret,
      ...auth,
    };
    return { clouds: { lab: { auth_type: 'v3applicationcredential', auth: all, region_name: cloud.region } } };
  }
});
