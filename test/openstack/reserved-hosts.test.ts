/** A host of a real Nova that is kept for failures: enabled when it is needed, and given back when nothing has come to it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { streamOfIncident } from '#shared/domain/audit.ts';
import type { Base } from './base.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { boot, readServer, waitForServer } from './servers.ts';
import { serviceOf, setService } from './services.ts';
import { describeOnRig, tidy } from './suite.ts';
import { factsOf } from './told.ts';

const host = 'compute-1';
const spare = 'compute-3';
const REASON = 'reserved: spare of az-a';
const compute = { microversion: '2.90' };
const flavorAnswer = z.object({ flavor: z.object({ id: z.string() }) });

describeOnRig('a reserved host of a real cloud', (bench) => {
  let pipeline: RigPipeline | undefined;
  beforeEach(async () => {
    const { admin } = bench();
    const { id } = await serviceOf(admin, spare);
    await setService(admin, id, { status: 'disabled', disabled_reason: REASON });
  });
  afterEach(async () => {
    await pipeline?.stop();
    await tidy(bench().rig, bench().admin);
  });

  /** The host dies and is recovered. @returns what was asked for the reserved one, in turn */
  async function recovered(method: 'auto_priority' | 'rh_priority'): Promise<readonly string[]> {
    const { rig } = bench();
    const policy = rigPolicy(rig, {
      destinations: { method, reservedHosts: { names: [spare] } },
      evacuation: { retryBaseSeconds: 1, pollSeconds: 1 },
    });
    pipeline = await startRigPipeline(rig, policy);
    await rig.killCompute(host);
    await pipeline.reportDown(host);
    const { id, outcome } = await pipeline.closed();
    expect(outcome).toBe('recovered');
    const told = (await factsOf(pipeline, streamOfIncident(id))).filter(({ type }) =>
      type.startsWith('reserved-host-'),
    );
    expect(told.filter((fact) => fact.host !== spare)).toEqual([]);
    for (const answered of told.filter(({ type }) => type === 'reserved-host-answered'))
      expect(answered).toMatchObject({ answer: 'accepted', requestId: expect.stringMatching(/^req-/) });
    return told.flatMap(({ type, act, because }) =>
      type === 'reserved-host-intended' ? [String(act)] : type === 'reserved-host-left' ? [String(because)] : [],
    );
  }

  it('is enabled when no other host has room, and stays a host like any other', async () => {
    const { rig, admin, base } = bench();
    const large = await aLargeFlavor();
    const [id = ''] = await boot(admin, large, { count: 1, host });
    for (const full of rig.computes.filter((each) => each !== host && each !== spare))
      await boot(admin, large, { count: 1, host: full });
    const small = await boot(admin, base, { count: 2, host });

    expect(await recovered('auto_priority')).toEqual(['enable', 'it holds 1 instances by now']);
    expect(await waitForServer(admin, id, ({ status }) => status === 'ACTIVE')).toMatchObject({ host: spare });
    // What others have room for went to them.
    for (const each of small) expect((await readServer(admin, each)).host).not.toBe(spare);
    expect(await serviceOf(admin, spare)).toMatchObject({ status: 'enabled', state: 'up' });
  });

  it('sleeps on while others have room', async () => {
    const { admin, base } = bench();
    const ids = await boot(admin, base, { count: 2, host });
    expect(await recovered('auto_priority')).toEqual([]);
    for (const id of ids) expect((await readServer(admin, id)).host).not.toBe(spare);
    expect(await serviceOf(admin, spare)).toMatchObject({ status: 'disabled', disabled_reason: REASON });
  });

  it('is given back, for the same reason, when nothing could come to it', async () => {
    const { rig, admin, base } = bench();
    const [id = ''] = await boot(admin, base, { count: 1, host });
    await rig.spawnFault(spare, 'always');
    expect(await recovered('rh_priority')).toEqual(['enable', 'disable']);
    const server = await waitForServer(admin, id, ({ status }) => status === 'ACTIVE');
    expect([host, spare]).not.toContain(server.host);
    expect(await serviceOf(admin, spare)).toMatchObject({ status: 'disabled', disabled_reason: REASON });
  });

  /** Of which two fit on no host. */
  async function aLargeFlavor(): Promise<Base> {
    const { admin, base } = bench();
    const listed = await admin.get('compute', '/os-hypervisors/detail', hypervisors, { microversion: '2.53' });
    const ram = Math.ceil(Math.max(...listed.hypervisors.map(({ memory_mb }) => memory_mb)) * 0.8);
    const flavor = { name: `large-${Date.now()}`, ram, vcpus: 1, disk: 1 };
    const made = await admin.post('compute', '/flavors', { flavor }, flavorAnswer, compute);
    return { ...base, flavorIds: { ...base.flavorIds, tiny: made.flavor.id } };
  }
});

const hypervisors = z.object({ hypervisors: z.array(z.object({ memory_mb: z.int() })) });
