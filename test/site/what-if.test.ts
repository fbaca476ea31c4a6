import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentsFor } from '#cli/drill/agents.ts';
import type { Forecast } from '#shared/domain/forecast/what-if.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { policyOf, type Running, type SiteFolder, salvor, siteFolder, startSalvor } from './salvor-process.ts';

const VICTIM = 'compute-1';
const PATIENCE = { timeout: 120_000, interval: 1000 };

describe('salvor what-if and capacity', { timeout: 300_000 }, () => {
  let cloud: SimulatedCloud;
  let folder: SiteFolder;
  let running: Running;

  beforeEach(async () => {
    cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 200, serviceDownSeconds: 1 });
    folder = siteFolder(cloud);
    folder.write('policy.yaml', { ...policyOf(cloud), forecast: { everySeconds: 60 } });
    cloud.boot(4, { host: VICTIM, namePrefix: 'web' });
    cloud.boot(1, { host: VICTIM, namePrefix: 'opted-out', metadata: { HA_Enabled: 'false' } });
    cloud.boot(1, { host: VICTIM, namePrefix: 'suspended', state: 'suspended' });
    cloud.boot(2, { host: 'compute-2', namePrefix: 'other' });
    running = await startSalvor(folder);
  });
  afterEach(async () => {
    await running.kill('SIGKILL');
    await cloud.stop();
  });

  const ask = async (...args: readonly string[]): Promise<Forecast> =>
    JSON.parse((await salvor(folder, 'what-if', ...args, '--json')).stdout) as Forecast;
  const inShort = ({ instances }: Forecast) => instances.map(({ name, outcome }) => `${name} ${outcome}`).sort();
  const placesOf = (names: readonly string[]) =>
    [...cloud.servers()].filter(({ name }) => names.includes(name)).map(({ name, host }) => [name, host]);

  it('tell beforehand what a failure then comes to, and change nothing', async () => {
    const live = await ask('--host', VICTIM, '--live');
    expect(live.hosts).toMatchObject([{ host: VICTIM, segment: 'az-nova', blockers: [], seen: true }]);
    expect(inShort(live)).toEqual([
      'opted-out-0004 not-protected',
      'suspended-0005 stays',
      ...[0, 1, 2, 3].map((number) => `web-000${number} comes-back`),
    ]);
    const early = await salvor(folder, 'what-if', '--host', VICTIM);
    if (early.code !== 0) expect(early.stderr).toMatch(/not all instances are mirrored yet/);

    await expect
      .poll(async () => (await salvor(folder, 'capacity')).stdout, PATIENCE)
      .toMatch(/^az-nova +6 +6 +room for all/m);
    const mirrored = await ask('--host', VICTIM);
    expect(mirrored.instances).toEqual(live.instances);

    const zone = await salvor(folder, 'what-if', '--zone', 'nova');
    expect(zone.stdout).toMatch(
      /compute-1 would NOT be fenced, and nothing of it comes back: segment-storm: it would be host 6 of at most 3/,
    );
    expect(zone.stdout).toMatch(/\n8 instances: 0 come back, 0 maybe, 7 stay down, 1 not protected\n/);
    expect(await salvor(folder, 'what-if', '--rack', 'r1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no host is in the failure domain r1/),
    });
    expect(await salvor(folder, 'what-if')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--host, --rack or --zone/),
    });
    expect(cloud.journal.facts.filter(({ kind }) => kind === 'power')).toEqual([]);

    cloud.killHost(VICTIM, { leaveGuestsRunning: true });
    const agents = agentsFor(new URL(running.queueUrl).origin, running.queueUrl);
    await agents.reportAll('host.down', VICTIM);
    agents.stop();
    await expect
      .poll(async () => (await salvor(folder, 'incidents')).stdout, PATIENCE)
      .toMatch(/partly-recovered\s+4 recovered/);
    const back = mirrored.instances.filter(({ outcome }) => outcome === 'comes-back').map(({ name }) => name);
    const places = placesOf(back);
    expect(places).toHaveLength(4);
    // The same instances, on hosts that the forecast would have taken as well.
    for (const [, host] of places) expect(host).toMatch(/^compute-[2-6]$/);
    expect(placesOf(['opted-out-0004', 'suspended-0005']).map(([, host]) => host)).toEqual([VICTIM, VICTIM]);

    // By now a recovery is on record, and the next forecast counts with it.
    const { stdout } = await salvor(folder, 'what-if', '--host', 'compute-2');
    expect(stdout).toMatch(/an evacuation \d+\.\d s, the median of 4/);
  });
});
