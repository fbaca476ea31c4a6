import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { EXIT } from '#cli/exit.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { policyOf, type SiteFolder, salvor, siteFolder } from './salvor-process.ts';

describe('salvor policy devices', { timeout: 60_000 }, () => {
  let cloud: SimulatedCloud;
  let folder: SiteFolder;

  beforeEach(async () => {
    cloud = await startSimulatedCloud({ hosts: 3 });
    folder = siteFolder(cloud);
  });
  afterEach(() => cloud.stop());

  const devices = (...options: readonly string[]) => salvor(folder, 'policy', 'devices', 'policy.yaml', ...options);
  const verdicts = (stdout: string): readonly string[] =>
    JSON.parse(stdout).map(({ verdict }: { verdict: string }) => verdict);

  it('prints what a policy needs so that no first contact is trusted', async () => {
    const first = await devices('--json');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(verdicts(first.stdout)).toEqual(['unproven', 'unproven', 'unproven']);

    const { fenceDevices } = parse((await devices('--pin')).stdout);
    folder.write('policy.yaml', { ...policyOf(cloud), fenceDevices });
    const second = await devices();
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(/^HOST +LEVEL +NOVA +POWER +SYSTEM UUID +DEVICE +BECAUSE$/m);
    expect(second.stdout.match(/^compute-\d +1 +up +on +[0-9a-f-]{36} +good/gm)).toHaveLength(3);
    expect(cloud.journal.facts.filter(({ kind }) => kind === 'power')).toEqual([]);
  });

  it('finds an address that leads to another host, and pins neither', async () => {
    const policy = policyOf(cloud);
    const [one, two] = ['compute-1', 'compute-2'].map((host) => policy.fenceDevices[host]);
    const url = one?.url.replace('127.0.0.1', 'localhost');
    folder.write(
      'policy.yaml',
      stringify({ ...policy, fenceDevices: { ...policy.fenceDevices, 'compute-2': { ...two, url } } }),
    );
    const found = await devices();
    expect(found.code).toBe(EXIT.person);
    expect(found.stdout).toMatch(/^compute-1 .* wrong +the same system answers for compute-2$/m);
    const pinned = await devices('--pin');
    expect(Object.keys(parse(pinned.stdout).fenceDevices)).toEqual(['compute-3']);
    expect(pinned.stderr).toMatch(/^left out: compute-1 the same system answers for compute-2$/m);
  });

  it('tells which device does not answer, and never its password', async () => {
    folder.write('secrets.yaml', { bmc: { username: 'admin', password: 'not-the-password' } });
    const found = await devices();
    expect(found.code).toBe(EXIT.person);
    expect(verdicts((await devices('--json')).stdout)).toEqual(['wrong', 'wrong', 'wrong']);
    expect(`${found.stdout}${found.stderr}`).not.toContain('not-the-password');
  });
});
