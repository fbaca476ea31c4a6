import { afterEach, describe, expect, it } from 'vitest';
import { waitsOf } from '#shared/domain/follow.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { ServerGroup } from '#shared/ports.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { anAggregate, aPolicy, HOST_KEY, type SegmentInput, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;

async function start(segment: Partial<SegmentInput>, prepare: (of: FakeServices) => void): Promise<void> {
  services = fakeServices(aPolicy({}, { graceSeconds: 0, ...segment }));
  services.cloud.readMs = 1;
  prepare(services);
  pipeline = new Pipeline(services);
  await pipeline.start();
  pipeline.report();
}
afterEach(() => services.state.close());

const members = [1, 2, 3].map((number) => uuid(3, number));
const aGroup = (policy: ServerGroup['policy']): ServerGroup => ({ id: uuid(8, 1), policy, maxPerHost: 1, members });
async function tasks(): Promise<readonly TaskState[]> {
  const [incident] = (await readHostLog(services.state, HOST_KEY)).incidents;
  return (await loadTasks(services.state, incident?.id ?? '')).map(({ value }) => value);
}
const whereabouts = () => services.cloud.servers.map(({ host }) => host);
const replayed = async () => {
  const { different, undecided } = replayHost(await readHostLog(services.state, HOST_KEY));
  return { different, undecided };
};

describe('an instance that finds no room', () => {
  const waits = { destinations: { otherwise: 'wait' } } as const;

  it('waits in plain sight, without an attempt, and comes back when there is some', async () => {
    await start(waits, ({ cloud }) => {
      cloud.freeMemoryMb = 100;
    });
    await pipeline.run(1200);
    expect(services.cloud.count('force-down')).toBe(1);
    expect(services.cloud.actions.filter((action) => action.startsWith('evacuate'))).toEqual([]);
    expect(waitsOf(await tasks())).toEqual(['3 wait: no host has room for 2048 MB']);
    const [first] = await tasks();
    expect(first).toMatchObject({ attempts: 0, progress: { status: 'waiting', for: 'room' } });
    expect(first?.roomless).toBeGreaterThan(4);
    services.cloud.freeMemoryMb = 64_000;
    await pipeline.run(900);
    expect(new Set(whereabouts())).not.toContain('compute-1');
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is sent as soon as there is some, whatever is left of its pause', async () => {
    await start({ ...waits, evacuation: { retryBaseSeconds: 3600, retryMaxSeconds: 3600 } }, ({ cloud }) => {
      cloud.freeMemoryMb = 100;
    });
    await pipeline.run(1200);
    expect((await tasks())[0]).toMatchObject({ roomless: 1, progress: { status: 'waiting', for: 'room' } });
    services.cloud.freeMemoryMb = 64_000;
    await pipeline.run(60);
    expect(new Set(whereabouts())).not.toContain('compute-1');
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('goes to a person at the end of the incident’s time', async () => {
    await start({ ...waits, evacuation: { deadlineSeconds: 600 } }, ({ cloud }) => {
      cloud.freeMemoryMb = 100;
    });
    await pipeline.run(640);
    for (const { progress } of await tasks())
      expect(progress).toMatchObject({ outcome: 'person', because: expect.stringMatching(/^no end after 600 s/) });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });
});

describe('the members of a server group', () => {
  const onThree =
    (policy: ServerGroup['policy'], others = '') =>
    (of: FakeServices): void => {
      of.cloud.serverGroups = [aGroup(policy)];
      of.cloud.services = of.cloud.services.filter(({ host }) => !others.includes(host));
    };

  it.each(['anti-affinity', 'soft-anti-affinity'] as const)('go apart: %s', async (policy) => {
    await start({}, onThree(policy));
    await pipeline.run();
    expect(new Set(whereabouts()).size).toBe(3);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('go to one host where they like to be together', async () => {
    await start({}, onThree('soft-affinity'));
    await pipeline.run();
    expect(new Set(whereabouts()).size).toBe(1);
    expect(whereabouts()).not.toContain('compute-1');
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('wait where no host may have one more, until there is one', async () => {
    await start({ destinations: { otherwise: 'wait' } }, onThree('anti-affinity', 'compute-4 compute-5 compute-6'));
    const { services: few } = services.cloud;
    await pipeline.run(600);
    expect(new Set(whereabouts())).toEqual(new Set(['compute-1', 'compute-2', 'compute-3']));
    expect(waitsOf(await tasks())).toEqual([
      '1 waits: its server group allows 1 on a host, and that many are on compute-2, compute-3',
    ]);
    const [host] = few;
    if (host !== undefined)
      services.cloud.services = [
        ...services.cloud.services,
        { ...host, id: uuid(1, 7), host: 'compute-7', state: 'up', forcedDown: false },
      ];
    await pipeline.run(900);
    expect(new Set(whereabouts())).toEqual(new Set(['compute-2', 'compute-3', 'compute-7']));
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('that must be together stay, and go to a person', async () => {
    await start({}, onThree('affinity'));
    await pipeline.run();
    expect(whereabouts()).toEqual(Array(3).fill('compute-1'));
    expect(await tasks()).toMatchObject(Array(3).fill({ progress: { outcome: 'person' } }));
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });
});

describe('the storage', () => {
  it('of the destination is that of the host', async () => {
    await start({ destinations: { storageAggregateKey: 'storage' } }, ({ cloud }) => {
      cloud.aggregates = [
        { ...anAggregate('ceph', 'compute-1', 'compute-4'), metadata: { storage: 'ceph' } },
        { ...anAggregate('lvm', 'compute-2', 'compute-3', 'compute-5'), metadata: { storage: 'lvm' } },
      ];
    });
    await pipeline.run();
    expect(whereabouts()).toEqual(Array(3).fill('compute-4'));
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });
});
