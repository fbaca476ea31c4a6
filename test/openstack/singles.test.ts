/**
 * What fails on a host of a real Nova that lives: the process of one instance, and nova-compute itself, which is started again
 * by a fence worker, or has its host taken for failed.
 */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { embeddedClient } from '#infra/embedded/sqs-server.ts';
import { type FenceWorker, startFenceWorker } from '#infra/fence-worker/fence-worker.ts';
import { requestQueue } from '#infra/fence-worker/request-queue.ts';
import { limitsOf, tasksOf } from '#infra/fence-worker/tasks.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { streamOfHost, streamOfIncident, streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import { loadInstance } from '#shared/state/instances.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { hostsRunning } from './ledger.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { until } from './poll.ts';
import { act, boot, readServer, waitForServer } from './servers.ts';
import { serviceOf } from './services.ts';
import { describeOnRig, tidy } from './suite.ts';
import { factsOf, keyOf, type ToldFact } from './told.ts';

const RIG_SH = fileURLToPath(new URL('./rig/env.sh', import.meta.url));
/** As a service manager does it: it waits for no report to Nova. */
const START = ['/bin/bash', '-c', '. "$0"; start_compute "$1"', RIG_SH, '{host}'];
const WORKER = 'edge-1';
const host = 'compute-1';

describeOnRig('what fails on a host of a real cloud that lives', (bench) => {
  let pipeline: RigPipeline | undefined;
  let worker: FenceWorker | undefined;
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await pipeline?.stop();
    await tidy(bench().rig, bench().admin);
  });

  it('an instance whose process has gone is restarted where it is, and what its owner has stopped is left alone', async () => {
    const { rig, admin, base } = bench();
    const [gone = '', seen = '', stopped = ''] = await boot(admin, base, { count: 3, host });
    const started = await startRigPipeline(
      rig,
      rigPolicy(rig, { instanceRecovery: { protect: 'all', confirmSeconds: 1 } }),
    );
    pipeline = started;
    await act(admin, stopped, { 'os-stop': null });
    await waitForServer(admin, stopped, ({ status }) => status === 'SHUTOFF');
    // Nova has not noticed the first one, and has stopped the second one itself.
    await rig.crashGuest(host, gone, { novaSees: false });
    await rig.crashGuest(host, seen, { novaSees: true });
    await waitForServer(admin, seen, ({ status, taskState }) => status === 'SHUTOFF' && taskState === undefined);
    for (const instanceId of [gone, seen, stopped])
      await started.report('instance.down', { host, instanceId, event: 'LIFECYCLE STOPPED_FAILED' });

    const ended = async (id: string): Promise<readonly ToldFact[]> => {
      await until(`the incident of ${id} to end`, async () =>
        (await loadInstance(started.embedded.state, id)).value.lastIncident === null ? undefined : true,
      );
      return factsOf(started, streamOfInstance(id));
    };
    for (const id of [gone, seen]) {
      const facts = await ended(id);
      expect(facts.at(-1)).toMatchObject({ type: 'instance-incident-closed', outcome: 'restarted', host });
      const asked = facts.filter(({ type }) => type === 'instance-request-intended');
      expect(asked).toMatchObject([{ request: { ask: 'reboot', host } }]);
      expect(facts).toContainEqual(
        expect.objectContaining({ answer: 'accepted', requestId: expect.stringMatching(/^req-/) }),
      );
      expect(await readServer(admin, id)).toMatchObject({ status: 'ACTIVE', host, taskState: undefined });
    }
    expect((await ended(stopped)).at(-1)).toMatchObject({ type: 'instance-incident-closed', outcome: 'left' });
    expect((await readServer(admin, stopped)).status).toBe('SHUTOFF');
    const ledger = await rig.ledger();
    expect([gone, seen, stopped].map((id) => hostsRunning(ledger, id))).toEqual([[host], [host], []]);
  });

  it('nova-compute that has died is started by the fence worker, and its host takes instances again', async () => {
    const { rig, admin } = bench();
    // The worker gives a command nothing of its own environment, by which the rig is found.
    const { HOME, XDG_CACHE_HOME, SALVOR_CACHE } = process.env;
    const env = Object.entries({ HOME, XDG_CACHE_HOME, SALVOR_CACHE, ...rig.address.env }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    const started = await startWithWorker(['/usr/bin/env', ...env, ...START], {
      ...{ wellSeconds: 0, restartEverySeconds: 10 },
    });
    await rig.killCompute(host);
    await started.report('process.down', { host, process: 'nova-compute' });
    const key = await keyOf(started, admin, host);
    await until('its processes to be well', async () =>
      (await loadProcesses(started.embedded.state, key)).value.lastIncident === null ? undefined : true,
    );
    const facts = await factsOf(started, streamOfProcesses(key));
    expect(facts.at(-1)).toMatchObject({ type: 'process-incident-closed', outcome: 'recovered' });
    expect(facts).toContainEqual(
      expect.objectContaining({ type: 'disable-intended', reason: 'salvor: process nova-compute down' }),
    );
    expect(facts).toContainEqual(expect.objectContaining({ type: 'restart-answered', answer: 'restarted' }));
    const up = await until('Nova to see it up', async () => {
      const service = await serviceOf(admin, host);
      return service.state === 'up' ? service : undefined;
    });
    expect(up).toMatchObject({ status: 'enabled', forced_down: false });
  });

  it('nova-compute that can not be started has its host fenced and its instances evacuated', async () => {
    const { rig, admin, base } = bench();
    const ids = await boot(admin, base, { count: 2, host });
    const started = await startWithWorker(['/bin/false'], { restartAttempts: 1, escalateAfterSeconds: 30 });
    await rig.killCompute(host);
    await started.report('process.down', { host, process: 'nova-compute' });
    await until('salvor to disable the service', async () =>
      (await serviceOf(admin, host)).status === 'disabled' ? true : undefined,
    );
    expect(await serviceOf(admin, host)).toMatchObject({
      ...{ disabled_reason: 'salvor: process nova-compute down', forced_down: false },
    });
    expect(await rig.power(host, 'status')).toBe('on');

    const incident = await started.closed();
    expect(incident).toMatchObject({ host, outcome: 'recovered' });
    const key = await keyOf(started, admin, host);
    const words = (await factsOf(started, streamOfHost(key))).filter(({ type }) => type === 'reported');
    expect(new Set(words.map(({ reporter }) => reporter))).toEqual(new Set(['process-monitor']));
    const processes = await factsOf(started, streamOfProcesses(key));
    const steps = processes.map(({ type }) => type);
    expect(processes).toContainEqual(expect.objectContaining({ type: 'restart-answered', answer: 'failed' }));
    expect(steps.indexOf('restart-answered')).toBeGreaterThan(steps.indexOf('disable-intended'));
    expect(steps.indexOf('escalated')).toBeGreaterThan(steps.indexOf('restart-answered'));
    const facts = await factsOf(started, streamOfIncident(incident.id));
    expect(facts.find(({ type }) => type === 'proof-made')).toMatchObject({ proof: { kind: 'power-off-read-back' } });
    expect(await rig.power(host, 'status')).toBe('off');
    const ledger = await rig.ledger();
    for (const id of ids) {
      const server = await waitForServer(admin, id, ({ status }) => status === 'ACTIVE');
      expect(server.host).not.toBe(host);
      expect(hostsRunning(ledger, id)).toEqual([server.host]);
    }
    expect(ledger.filter(({ what, serverId }) => what === 'DOUBLE' && ids.includes(serverId))).toEqual([]);
  });

  /** salvor, and `salvor fence-worker` beside it, which starts nova-compute by this command. */
  async function startWithWorker(command: readonly string[], recovery: object): Promise<RigPipeline> {
    const { rig } = bench();
    const started = await startRigPipeline(
      rig,
      rigPolicy(rig, { processRecovery: { restart: ['nova-compute'], worker: WORKER, ...recovery } }),
    );
    pipeline = started;
    const { endpoint, queueUrls, workerUrls } = started.embedded;
    const config = {
      ...{ agents: {}, networks: [], concurrency: 4 },
      restarts: [{ services: ['nova-compute'], hosts: ['compute-*'], command: [...command] }],
    };
    worker = await startFenceWorker({
      queue: requestQueue({
        client: embeddedClient(endpoint),
        requestsUrl: workerUrls[WORKER] ?? '',
        answersUrl: queueUrls['fence-answers'],
      }),
      taskOf: tasksOf({ config, agents: new Map(), secrets: { get: async () => ({}) } }),
      limits: limitsOf(config),
      clock: systemClock,
      log: started.embedded.services.log,
    });
    return started;
  }
});
