/**
 * Fence devices of a real Nova's hosts as they are found at night: one that is dead before one that works, a host that is off
 * already, and a board that dies with its host. And who comes back: opted in by each of four ways, tier after tier.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import type { Policy } from '#shared/domain/policy.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { openHosts } from '#shared/state/hosts.ts';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { type Base, makeImage } from './base.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import type { Rig } from './rig.ts';
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

  it('a board that dies with its host: nothing is evacuated until a person has seen that the host is off', async () => {
    const { rig, admin, base } = bench();
    const host = 'compute-3';
    const [id = ''] = await boot(admin, base, { count: 1, host });
    pipeline = await startRigPipeline(
      rig,
      withLevels(rigPolicy(rig, { fencing: { retryBaseSeconds: 1, retryMaxSeconds: 2 } }), host, [
        redfishOf(rig, host, NOBODY),
      ]),
    );
    await rig.power(host, 'off');
    await pipeline.reportDown(host);
    const { embedded } = pipeline;
    const fencing = await until('the host to wait for its fence devices', async () => {
      const [open] = await openHosts(embedded.state, Number.MAX_SAFE_INTEGER);
      return open?.incident?.status === 'fencing' ? open : undefined;
    });
    await pause(5000);
    expect((await waitForServer(admin, id, () => true)).host).toBe(host);

    await embedded.client.send(
      new SendMessageCommand({
        QueueUrl: embedded.queueUrls['operator-commands'],
        MessageBody: JSON.stringify({
          ...{ type: 'confirm-off', version: 1, id: randomUUID(), time: new Date().toISOString() },
          ...{ by: 'anna', reason: 'I stand before it: its lamps are out' },
          ...{ hostKey: fencing.key, incidentId: fencing.incident?.id },
        }),
      }),
    );
    const facts = await closedFacts(pipeline);
    expect(facts.find(({ type }) => type === 'proof-made')?.proof).toMatchObject({ kind: 'operator-confirmation' });
    expect((await waitForServer(admin, id, ({ status }) => status === 'ACTIVE')).host).not.toBe(host);
  });
});

type Device = Extract<Policy['fenceDevices'][string], { readonly driver: string }>;

function redfishOf(rig: Rig, host: string, at: string): object {
  return { driver: 'redfish', url: `${at}${rig.bmc(host).redfishSystemPath}`, credentials: 'bmc', timeoutSeconds: 2 };
}

function ipmiOf(rig: Rig, host: string): object {
  const { ipmiPort } = rig.bmc(host);
  return { driver: 'ipmi', address: `127.0.0.1:${ipmiPort}`, credentials: 'bmc', cipherSuite: 3, timeoutSeconds: 5 };
}

const withLevels = (policy: Policy, host: string, levels: readonly object[]): Policy =>
  policySchema.parse({ ...policy, fenceDevices: { ...policy.fenceDevices, [host]: { levels: levels as Device[] } } });

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
