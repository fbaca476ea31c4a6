/**
 * Fence devices of a real Nova's hosts as they are found at night: one that is dead before one that works, and a host that is off
 * already. And who comes back: opted in by each of four ways, tier after tier.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { type Base, makeImage } from './base.ts';
import { ipmiOf, redfishOf, withLevels } from './boards.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { boot, waitForServer } from './servers.ts';
import { describeOnRig, type RigBench, tidy } from './suite.ts';

/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:9';
const compute = { microversion: '2.90' };
const withId = z.object({ id: z.union([z.string(), z.number()]).transform(String) });

describeOnRig('the fence devices of a real cloud', (bench) => {
  let pipeline: RigPipeline | undefined;
  afterEach(async () => {
    await pipeline?.stop();
    // Three healthy hosts must be left for the next.
    await tidy(bench().rig, bench().admin);
  });

  it('IPMI after a dead Redfish board: what is opted in comes back by tiers, and nothing else', async () => {
    const { rig, admin } = bench();
    const host = 'compute-1';
    const ways = await optedIn(bench(), host);
    const [plain = ''] = await boot(admin, bench().base, { count: 1, host, name: 'plain' });
    pipeline = await startRigPipeline(
      rig,
      withLevels(rigPolicy(rig, { instances: { sharedInstanceStorage: true, protect: 'opted-in' } }), host, [
        redfishOf(rig, host, NOBODY),
        ipmiOf(rig, host),
      ]),
    );
    await rig.killCompute(host);
    await pipeline.reportDown(host);

    const facts = await closedFacts(pipeline);
    expect(facts.find(({ type }) => type === 'proof-made')?.proof).toMatchObject({ kind: 'power-off-read-back' });
    expect(await rig.power(host, 'status')).toBe('off');
    for (const id of Object.values(ways))
      expect((await waitForServer(admin, id, ({ status }) => status === 'ACTIVE')).host).not.toBe(host);
    expect((await waitForServer(admin, plain, () => true)).host).toBe(host);
    const at = (id: string, wanted: string): number =>
      facts.find(({ stream, type }) => stream.endsWith(id) && type === wanted)?.atMs ?? Number.NaN;
    // The first tier was up before anything of the second was asked for.
    for (const id of [ways.image, ways.flavor])
      expect(at(ways.metadata, 'task-ended')).toBeLessThanOrEqual(at(id, 'evacuate-intended'));
  });

  it('a host that is off already is fenced by that, and its aggregate opts all of it in', async () => {
    const { rig, admin, base } = bench();
    const host = 'compute-2';
    const aggregate = await anAggregate(bench(), host);
    const ids = await boot(admin, base, { count: 2, host });
    pipeline = await startRigPipeline(
      rig,
      rigPolicy(rig, { instances: { sharedInstanceStorage: true, protect: 'opted-in' } }),
    );
    await rig.power(host, 'off');
    const before = (await rig.ledger()).length;
    await pipeline.reportDown(host);

    const facts = await closedFacts(pipeline);
    expect(facts.find(({ type }) => type === 'proof-made')?.proof).toMatchObject({ kind: 'power-off-read-back' });
    expect(facts.filter(({ type }) => type === 'power-off-intended')).toEqual([]);
    expect((await rig.ledger()).slice(before).filter(({ what }) => what === 'POWER-OFF')).toEqual([]);
    for (const id of ids)
      expect((await waitForServer(admin, id, ({ status }) => status === 'ACTIVE')).host).not.toBe(host);
    await aggregate.remove();
  });
});

/** All that was decided, stream by stream. */
async function closedFacts({ closed, embedded }: RigPipeline) {
  const { streams } = await readIncidentAudit(embedded.state, await closed());
  return [...streams].flatMap(([stream, { records }]) =>
    records.map(({ atMs, fact }) => ({
      stream,
      atMs,
      type: fact.type,
      proof: 'proof' in fact ? fact.proof : undefined,
    })),
  );
}

/** One instance for each way that needs no aggregate: the first tier by its metadata, the others after it. */
async function optedIn({ admin, base }: RigBench, host: string) {
  const by = async (given: Partial<Base>, name: string, metadata: Readonly<Record<string, string>>): Promise<string> =>
    (await boot(admin, { ...base, ...given }, { count: 1, host, name, metadata }))[0] ?? '';
  const imageId = await makeImage(admin, 'mini-ha', { evacuable: 'true' });
  const shape = { name: `ha-${randomUUID()}`, ram: 512, vcpus: 1, disk: 1 };
  const made = await admin.post('compute', '/flavors', { flavor: shape }, z.object({ flavor: withId }), compute);
  const tiny = made.flavor.id;
  // With a prefix: one without would be asked of the aggregates by Nova's scheduler.
  const specs = { extra_specs: { 'ha:evacuable': 'true' } };
  await admin.post('compute', `/flavors/${tiny}/os-extra_specs`, specs, z.unknown(), compute);
  return {
    image: await by({ imageId }, 'by-image', { 'salvor:tier': '2' }),
    flavor: await by({ flavorIds: { ...base.flavorIds, tiny } }, 'by-flavor', { 'salvor:tier': '2' }),
    metadata: await by({}, 'by-metadata', { 'salvor:tier': '1', HA_Enabled: 'true' }),
  };
}

async function anAggregate({ admin }: RigBench, host: string): Promise<{ remove(): Promise<void> }> {
  const aggregate = { name: `ha-${randomUUID()}` };
  const answer = z.object({ aggregate: withId });
  const { id } = (await admin.post('compute', '/os-aggregates', { aggregate }, answer, compute)).aggregate;
  const action = (json: object) => admin.post('compute', `/os-aggregates/${id}/action`, json, z.unknown(), compute);
  await action({ set_metadata: { metadata: { evacuable: 'true' } } });
  await action({ add_host: { host } });
  return {
    remove: async () => {
      await action({ remove_host: { host } });
      await admin.send('compute', 'DELETE', `/os-aggregates/${id}`, compute);
    },
  };
}
