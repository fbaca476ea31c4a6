import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Compute } from '#shared/ports.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { anAggregate, aPolicy, aServer, HOST_KEY, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy({}, { graceSeconds: 0, instances: { protect: 'opted-in', sharedInstanceStorage: true } });
let services: FakeServices;
let pipeline: Pipeline;
const asked: string[] = [];

/** `database` is opted in, `plain` says nothing, `gone` was deleted. */
const image = (id: string, properties = {}) => ({ id, tags: [], properties });

beforeEach(async () => {
  asked.length = 0;
  const fresh = fakeServices(policy);
  fresh.cloud.images = [image('database', { evacuable: 'true' }), image('plain')];
  fresh.cloud.servers = ['database', 'database', 'plain', 'gone', null].map((imageId, index) =>
    aServer({ id: uuid(3, index), name: `vm-${index}`, imageId }),
  );
  const { compute } = fresh;
  const counting: Compute = {
    ...compute,
    image: (id) => {
      asked.push(id);
      return compute.image(id);
    },
  };
  services = { ...fresh, compute: counting };
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

async function tasksNow(): Promise<readonly TaskState[]> {
  const [incident] = (await readHostLog(services.state, HOST_KEY)).incidents;
  return (await loadTasks(services.state, incident?.id ?? '')).map(({ value }) => value);
}
const outcomes = async () =>
  (await tasksNow()).map(({ progress }) => ('outcome' in progress ? progress.outcome : progress.status));

const replayed = async () => {
  const { different, undecided } = replayHost(await readHostLog(services.state, HOST_KEY));
  return { different, undecided };
};

describe('what is opted in by its image', () => {
  it('comes back; each image is read once, and every decision can be made again', async () => {
    pipeline.report();
    await pipeline.run();
    expect(await outcomes()).toEqual(['recovered', 'recovered', ...Array(3).fill('not-protected')]);
    expect(asked.toSorted()).toEqual(['database', 'gone', 'plain']);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is waited for while Glance does not answer', async () => {
    let away = true;
    const { compute } = services;
    const image: Compute['image'] = async (id) => {
      if (away) throw new RetryableError('Glance: GET /v2/images answered 503');
      return compute.image(id);
    };
    services = { ...services, compute: { ...compute, image } };
    pipeline = new Pipeline(services);
    pipeline.report();
    await pipeline.run(60);
    expect(services.cloud.count('force-down')).toBe(1);
    expect(await outcomes()).toEqual([]);
    away = false;
    await pipeline.run();
    expect((await outcomes()).filter((each) => each === 'recovered')).toHaveLength(2);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is judged so too when it shows up amid the evacuations', async () => {
    const late = aServer({ id: uuid(3, 9), name: 'late', imageId: 'database' });
    services.cloud.during = (action) => {
      if (action.startsWith('evacuate') && !services.cloud.servers.some(({ id }) => id === late.id))
        services.cloud.servers = [...services.cloud.servers, late];
    };
    pipeline.report();
    await pipeline.run();
    expect(services.cloud.count(`evacuate ${late.id}`)).toBe(1);
  });
});

describe('what is opted out by an aggregate of its host', () => {
  it('stays there, but for what something nearer opts in', async () => {
    services.cloud.aggregates = [
      { ...anAggregate('spare', 'compute-1'), metadata: { evacuable: 'false' } },
      { ...anAggregate('all', 'compute-2'), metadata: { evacuable: 'true' } },
    ];
    pipeline.report();
    await pipeline.run();
    const tasks = await tasksNow();
    expect(tasks.map(({ progress }) => ('because' in progress ? progress.because : ''))).toEqual([
      ...Array(2).fill(expect.stringMatching(/is done/)),
      ...Array(3).fill('opted out: aggregate evacuable is false'),
    ]);
  });
});
