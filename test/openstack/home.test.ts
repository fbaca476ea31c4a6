/**
 * What follows on a host's return, on a real Nova: its instances are live-migrated home, and a host that soon fails again is held
 * back until a person asks for it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { streamOfHost } from '#shared/domain/audit.ts';
import type { HostState } from '#shared/domain/host.ts';
import { hostsRunning } from './ledger.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import { salvor } from './salvor.ts';
import { act, boot, readServer, waitForServer } from './servers.ts';
import { serviceOf } from './services.ts';
import { describeOnRig, tidy } from './suite.ts';
import { factsOf, keyOf, untilHost } from './told.ts';

const host = 'compute-1';

describeOnRig('a host of a real cloud that is back', (bench) => {
  let folder = '';
  let pipeline: RigPipeline;
  let key = '';
  let ids: readonly string[] = [];
  let stopped = '';

  beforeAll(async () => {
    const { rig, admin, base } = bench();
    folder = await mkdtemp(join(tmpdir(), 'salvor-home-'));
    ids = await boot(admin, base, { count: 3, host });
    [stopped = ''] = await boot(admin, base, { count: 1, host, name: 'stopped' });
    await act(admin, stopped, { 'os-stop': null });
    await waitForServer(admin, stopped, ({ status }) => status === 'SHUTOFF');
    const { watch, maintenance, ...policy } = rigPolicy(rig, {
      evacuation: { pollSeconds: 1, settleSeconds: 1 },
      hostReturn: { mode: 'automatic', powerOn: 'after-evacuations', healthyForSeconds: 2, goHome: true },
    });
    const quick = { watch: { ...watch, staleSeconds: 10 }, maintenance: { ...maintenance, pollSeconds: 1 } };
    pipeline = await startRigPipeline(rig, { ...policy, ...quick }, folder);
    key = await keyOf(pipeline, admin, host);
  });
  afterAll(async () => {
    await pipeline?.stop();
    await rm(folder, { recursive: true, force: true });
    await tidy(bench().rig, bench().admin);
  });

  /** It dies, and is recovered. @param before what was known of it */
  async function fails(before: HostState['lastIncident']): Promise<HostState> {
    await bench().rig.killCompute(host);
    await pipeline.reportDown(host);
    const isOver = ({ incident, lastIncident }: HostState): boolean =>
      incident === null && lastIncident !== null && lastIncident.id !== before?.id;
    const over = await untilHost('the end of its incident', pipeline, key, isOver);
    expect(over.lastIncident).toMatchObject({ outcome: 'recovered' });
    return over;
  }

  /** Once its BMC has switched it on, its agent says so. */
  async function returns(before?: HostState['lastReturn']): Promise<HostState> {
    await until('it to be switched on', async () =>
      (await bench().rig.power(host, 'status')) === 'on' ? true : undefined,
    );
    await pipeline.report('host.up', { host });
    return untilHost(
      'its return',
      pipeline,
      key,
      ({ lastReturn }) => lastReturn != null && lastReturn.id !== before?.id,
    );
  }

  const runsOn = async (id: string): Promise<string | undefined> => (await readServer(bench().admin, id)).host;

  it('its instances are live-migrated home, one at a time, and one that does not run stays where it was brought to', async () => {
    const { rig, admin } = bench();
    await fails(null);
    const away = await Promise.all(ids.map(runsOn));
    expect(away).not.toContain(host);
    expect(await returns()).toMatchObject({ lastReturn: { outcome: 'returned' }, returning: null });

    const ledger = await rig.ledger();
    for (const id of ids) {
      expect(await readServer(admin, id)).toMatchObject({ status: 'ACTIVE', host, taskState: undefined });
      expect(hostsRunning(ledger, id)).toEqual([host]);
    }
    expect(ledger.filter(({ what, serverId }) => what === 'DOUBLE' && ids.includes(serverId))).toEqual([]);
    expect(await readServer(admin, stopped)).toMatchObject({
      status: 'SHUTOFF',
      host: expect.not.stringMatching(host),
    });
    const facts = await factsOf(pipeline, streamOfHost(key));
    const moves = facts.flatMap(({ type, instanceId, ...fact }) =>
      type.startsWith('move-') ? [{ type, ...fact }] : [],
    );
    const intended = facts.filter(({ type }) => type === 'move-intended');
    expect(intended.map(({ instanceId }) => instanceId).toSorted()).toEqual([...ids].toSorted());
    expect(intended.map(({ to }) => to)).toEqual([host, host, host]);
    // The next is asked for when the one before has ended.
    const ends = moves.map(({ type }) => type).filter((type) => ['move-intended', 'move-ended'].includes(type));
    expect(ends).toEqual(Array.from({ length: 3 }, () => ['move-intended', 'move-ended']).flat());
    expect(facts.filter(({ type }) => type === 'home-left-out')).toMatchObject([
      { instanceId: stopped, because: 'it is stopped' },
    ]);
    expect(facts.at(-1)).toMatchObject({
      ...{ type: 'return-ended', because: expect.stringContaining('3 instances went home, 1 stayed') },
    });
  });

  it('it fails again soon: it stays off in quarantine, and comes back when a person asks for it', async () => {
    const { rig, admin } = bench();
    const { lastIncident, lastReturn } = await untilHost('it', pipeline, key, () => true);
    const { returning } = await fails(lastIncident);
    expect(returning).toMatchObject({ quarantine: { failures: 2, untilMs: null } });
    for (const id of ids) expect(await runsOn(id)).not.toBe(host);
    // Long enough for what had switched it on the first time.
    await pause(8000);
    expect(await rig.power(host, 'status')).toBe('off');
    expect(await serviceOf(admin, host)).toMatchObject({ state: 'down', forced_down: true });
    expect(await salvor(folder, 'hosts')).toMatch(
      new RegExp(`${host} .*quarantine .*it has failed 2 times: until a person asks for it: salvor return`),
    );

    const asked = await salvor(folder, 'return', host, '--reason', 'new memory', '--by', 'anna');
    expect(asked).toMatch(/^return of host compute-1 obeyed/);
    expect(await returns(lastReturn)).toMatchObject({ lastReturn: { outcome: 'returned' } });
    expect(await serviceOf(admin, host)).toMatchObject({ state: 'up', status: 'enabled', forced_down: false });
    const ledger = await rig.ledger();
    for (const id of ids) expect(hostsRunning(ledger, id)).toEqual([await runsOn(id)]);
  });
});
