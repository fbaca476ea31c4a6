/**
 * Hosts of a real Nova that leave, and come back: one that has died and is switched on again by its own BMC, and one that is
 * emptied for planned work by the commands of `salvor`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { streamOfHost } from '#shared/domain/audit.ts';
import { evacuationsOf } from './evacuation.ts';
import { hostsRunning } from './ledger.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import { salvor } from './salvor.ts';
import { act, boot, readServer, waitForServer } from './servers.ts';
import { serviceOf } from './services.ts';
import { describeOnRig, tidy } from './suite.ts';
import { factsOf, keyOf, untilHost } from './told.ts';

const evacuation = { pollSeconds: 1, settleSeconds: 1 };

describeOnRig('the way back on a real cloud', (bench) => {
  let folder: string;
  let pipeline: RigPipeline | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'salvor-way-back-'));
  });
  afterEach(async () => {
    await pipeline?.stop();
    await rm(folder, { recursive: true, force: true });
    await tidy(bench().rig, bench().admin);
  });

  it('a host that has died is switched on by its BMC, and takes instances again once Nova has cleaned it', async () => {
    const { rig, admin, base } = bench();
    const host = 'compute-1';
    const ids = await boot(admin, base, { count: 3, host });
    const policy = rigPolicy(rig, {
      evacuation,
      hostReturn: { mode: 'automatic', powerOn: 'after-evacuations', healthyForSeconds: 3 },
    });
    pipeline = await startRigPipeline(rig, { ...policy, watch: { ...policy.watch, staleSeconds: 10 } });
    await rig.killCompute(host);
    await pipeline.reportDown(host);
    expect(await pipeline.closed()).toMatchObject({ outcome: 'recovered' });
    // Until its nova-compute starts again.
    for (const id of ids) expect((await evacuationsOf(admin, id)).map(({ status }) => status)).toEqual(['done']);
    // Those who have said so say it again: that is no new failure.
    await pipeline.reportDown(host);
    await until('its BMC to be told to switch it on', async () =>
      (await rig.power(host, 'status')) === 'on' ? true : undefined,
    );
    // Its agent starts with it.
    await pipeline.report('host.up', { host });
    const key = await keyOf(pipeline, admin, host);
    const back = await untilHost('it to be given back', pipeline, key, ({ lastReturn }) => lastReturn != null);

    expect(back).toMatchObject({ lastReturn: { outcome: 'returned' }, incident: null, returning: null });
    expect(await serviceOf(admin, host)).toMatchObject({ state: 'up', status: 'enabled', forced_down: false });
    const ledger = await rig.ledger();
    for (const id of ids) {
      expect((await evacuationsOf(admin, id)).map(({ status }) => status)).toEqual(['completed']);
      expect(hostsRunning(ledger, id)).toEqual([(await readServer(admin, id)).host]);
    }
    expect(ledger.filter(({ what, serverId }) => what === 'DOUBLE' && ids.includes(serverId))).toEqual([]);

    const facts = await factsOf(pipeline, streamOfHost(key));
    const intended = facts.filter(({ type }) => ['power-on-intended', 'service-change-intended'].includes(type));
    expect(intended).toMatchObject([
      { type: 'power-on-intended', attempt: 1 },
      {
        change: 'force-up',
        checks: expect.arrayContaining([expect.objectContaining({ check: 'cleaned', open: true })]),
      },
    ]);
    expect(facts.filter(({ type }) => type === 'return-opened')).toHaveLength(1);
    const [anew = ''] = await boot(admin, base, { count: 1, host });
    expect(await readServer(admin, anew)).toMatchObject({ status: 'ACTIVE', host });
  });

  it('a host is drained for planned work, is not fenced meanwhile, and takes instances again afterwards', async () => {
    const { rig, admin, base } = bench();
    const host = 'compute-2';
    const ids = await boot(admin, base, { count: 3, host });
    const [stopped = ''] = await boot(admin, base, { count: 1, host, name: 'stopped' });
    await act(admin, stopped, { 'os-stop': null });
    await waitForServer(admin, stopped, ({ status }) => status === 'SHUTOFF');
    const policy = rigPolicy(rig, { evacuation });
    pipeline = await startRigPipeline(
      rig,
      { ...policy, maintenance: { ...policy.maintenance, maxInFlight: 1, pollSeconds: 1 } },
      folder,
    );
    const before = (await rig.ledger()).length;

    const on = await salvor(folder, 'maintenance', 'on', host, '--drain', '--reason', 'memory change', '--by', 'anna');
    expect(on).toMatch(/^maintenance-on of host compute-2 obeyed/);
    await pipeline.reportDown(host);
    const key = await keyOf(pipeline, admin, host);
    const away = await untilHost(
      'it to be drained',
      pipeline,
      key,
      ({ maintenance }) => maintenance?.status === 'away',
    );
    expect(away.maintenance).toMatchObject({ moved: 3, left: [{ instanceId: stopped }] });
    expect(await serviceOf(admin, host)).toMatchObject({
      ...{ status: 'disabled', disabled_reason: 'salvor maintenance by anna: memory change' },
      ...{ state: 'up', forced_down: false },
    });
    const held = await untilHost(
      'its incident to be held',
      pipeline,
      key,
      ({ incident }) => incident?.status === 'held',
    );
    expect(held.incident).toMatchObject({ failedGates: [{ gate: 'in-service' }] });
    expect(await salvor(folder, 'hosts')).toMatch(new RegExp(`${host} .*away`));
    const ledger = await rig.ledger();
    for (const id of ids) {
      const server = await readServer(admin, id);
      expect(server).toMatchObject({ status: 'ACTIVE', host: expect.not.stringMatching(`^${host}$`) });
      expect(hostsRunning(ledger, id)).toEqual([server.host]);
    }

    await pipeline.report('host.up', { host });
    expect(await pipeline.closed()).toMatchObject({ outcome: 'stood-down' });
    expect(await salvor(folder, 'maintenance', 'off', host, '--reason', 'done')).toMatch(
      /^maintenance-off of host compute-2 obeyed/,
    );
    await until('the host to be enabled', async () =>
      (await serviceOf(admin, host)).status === 'enabled' ? true : undefined,
    );
    expect((await readServer(admin, stopped)).host).toBe(host);
    expect((await rig.ledger()).slice(before).filter(({ what }) => what === 'POWER-OFF')).toEqual([]);
    const asked = (await factsOf(pipeline, streamOfHost(key))).filter(({ type }) => type === 'service-change-intended');
    expect(asked.map(({ change }) => change)).toEqual(['disable', 'enable']);
  });
});
