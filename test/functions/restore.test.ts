/** Instances whose disks are lost with their host, and that are restarted from a snapshot. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import { RetryableError } from '#shared/errors.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { aPolicy, aServer, HOST_KEY, INSTANCE_ID, NOW_MS, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy(
  {},
  { graceSeconds: 0, instances: { restartFromSnapshot: { maxAgeSeconds: 86_400, who: 'all' } } },
);
const SNAPSHOT = { id: 'snapshot-1', kind: 'snapshot', createdAtMs: NOW_MS - seconds(3600) } as const;
let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(policy);
  const { cloud } = services;
  const localDisks = { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false };
  cloud.servers = [aServer({ id: INSTANCE_ID, imageId: 'image-1', localDisks })];
  cloud.snapshots.set(INSTANCE_ID, [SNAPSHOT]);
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

async function taskNow(): Promise<TaskState> {
  const [incident] = (await readHostLog(services.state, HOST_KEY)).incidents;
  const [task] = await loadTasks(services.state, incident?.id ?? '');
  if (task === undefined) throw new Error('there is a task');
  return task.value;
}
const facts = async (): Promise<readonly TaskFact['type'][]> => {
  const [incident] = (await readHostLog(services.state, HOST_KEY)).incidents;
  return (incident?.tasks ?? []).flatMap(({ records }) =>
    records.map(({ fact }) => (fact as { readonly type: TaskFact['type'] }).type),
  );
};
/** But for resets of its state, which a second attempt begins with. */
const OF_THE_INSTANCE = () =>
  services.cloud.actions.filter((action) => action.includes(INSTANCE_ID) && !action.startsWith('reset'));
const ALL = ['evacuate', 'rebuild', 'reboot'].map((what) => `${what} ${INSTANCE_ID}`);
const replayed = async () => {
  const { different, undecided } = replayHost(await readHostLog(services.state, HOST_KEY));
  return { different, undecided };
};

describe('an instance on a lost disk', () => {
  it('is evacuated, rebuilt from its snapshot, and started, each once; every decision can be made again', async () => {
    pipeline.report();
    await pipeline.run();
    expect(OF_THE_INSTANCE()).toEqual(ALL);
    expect((await taskNow()).progress).toMatchObject({
      outcome: 'restarted-from-snapshot',
      because: expect.stringContaining(`its snapshot snapshot-1 of ${new Date(SNAPSHOT.createdAtMs).toISOString()}`),
    });
    expect(services.cloud.servers[0]).toMatchObject({ vmState: 'active', imageId: 'snapshot-1' });
    expect(await facts()).toEqual([
      ...['task-planned', 'granted', 'evacuate-intended', 'evacuate-answered', 'restore-begins'],
      ...['restore-granted', 'restore-intended', 'restore-answered', 'restore-settled'],
      ...['restore-granted', 'restore-intended', 'restore-answered', 'task-ended'],
    ]);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
    expect(pipeline.deadLetters).toEqual([]);
  });

  it('stays stopped while salvor is switched off, and goes on when it is switched on', async () => {
    services.cloud.during = (action) => {
      if (action.startsWith('rebuild')) pipeline.command(aCommand('disarm'));
    };
    pipeline.report();
    await pipeline.run(120);
    expect(OF_THE_INSTANCE()).toEqual(ALL.slice(0, 2));
    expect(services.cloud.servers[0]?.vmState).toBe('stopped');
    pipeline.command({ ...aCommand('arm'), time: new Date(services.clock.now()).toISOString() });
    await pipeline.run(60);
    expect(OF_THE_INSTANCE()).toEqual(ALL);
  });

  it('is not started when its rebuild fails: a person is told what is to be done', async () => {
    services.cloud.during = (action) => {
      if (action.startsWith('rebuild')) services.cloud.change(INSTANCE_ID, { vmState: 'error', fault: 'no disk' });
    };
    pipeline.report();
    await pipeline.run();
    expect(OF_THE_INSTANCE()).toEqual(ALL.slice(0, 2));
    expect((await taskNow()).progress).toMatchObject({
      outcome: 'person',
      because: expect.stringMatching(/^rebuild: it is error.*no disk; it is to be rebuilt from snapshot-1/),
    });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is not evacuated when its snapshot is gone by then: nothing was asked, and its disk may yet be saved', async () => {
    const { compute } = services;
    let reads = 0;
    const snapshotsOf: typeof compute.snapshotsOf = async (server) => {
      reads += 1;
      await services.clock.sleep(10);
      return reads > 1 ? [] : compute.snapshotsOf(server);
    };
    services = { ...services, compute: { ...compute, snapshotsOf } };
    pipeline = new Pipeline(services);
    pipeline.report();
    await pipeline.run();
    expect(OF_THE_INSTANCE()).toEqual([]);
    expect((await taskNow()).progress).toMatchObject({
      outcome: 'not-recoverable',
      because: expect.stringContaining('the snapshot snapshot-1 of it is gone by now'),
    });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is waited for while Glance does not answer', async () => {
    const { compute } = services;
    let away = true;
    const snapshotsOf: typeof compute.snapshotsOf = async (server) => {
      if (away) throw new RetryableError('Glance: GET /v2/images answered 503');
      return compute.snapshotsOf(server);
    };
    services = { ...services, compute: { ...compute, snapshotsOf } };
    pipeline = new Pipeline(services);
    pipeline.report();
    await pipeline.run(60);
    expect(OF_THE_INSTANCE()).toEqual([]);
    away = false;
    await pipeline.run();
    expect(OF_THE_INSTANCE()).toEqual(ALL);
  });
});

describe('whatever fails on the way', () => {
  const FAULTS = ['fails', 'fails-afterwards', 'conflicts'] as const;
  it.each(FAULTS.flatMap((fault) => Array.from({ length: 12 }, (_, call) => [fault, 3 * call] as const)))(
    'a write that %s, number %i: it is rebuilt, and started, all the same, and never before',
    async (fault, call) => {
      const { cloud } = services;
      cloud.during = (action) => {
        if (action.startsWith('reboot')) expect(cloud.servers[0]?.imageId).toBe('snapshot-1');
      };
      services.state.faults.plan(fault, call);
      pipeline.report();
      await pipeline.run();
      expect(OF_THE_INSTANCE()).toEqual(ALL);
      expect((await taskNow()).progress).toMatchObject({ outcome: 'restarted-from-snapshot' });
    },
  );

  it('an answer that is lost: it is found on record, and not asked for again', async () => {
    const { cloud } = services;
    cloud.during = (action) => {
      if (!/^(rebuild|reboot)/.test(action)) return;
      const [what = ''] = action.split(' ');
      cloud.note(INSTANCE_ID, what);
      cloud.change(INSTANCE_ID, what === 'rebuild' ? { imageId: 'snapshot-1' } : { vmState: 'active' });
      cloud.novaIsAway = true;
    };
    pipeline.report();
    for (let round = 0; round < 40; round += 1) {
      await pipeline.run(30);
      cloud.novaIsAway = false;
    }
    expect(OF_THE_INSTANCE()).toEqual(ALL);
    expect((await taskNow()).progress).toMatchObject({ outcome: 'restarted-from-snapshot' });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });
});
