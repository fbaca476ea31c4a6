import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitsOf } from '#shared/domain/follow.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { aPolicy, aServer, HOST_KEY, type SegmentInput, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const at = (address: string, kind: 'fixed' | 'floating' = 'fixed') => ({ network: 'lan', address, kind });
/** db-1 and db-2 are tier 1, web-1 is tier 2, other-1 has none. */
const servers = [
  aServer({ id: uuid(3, 1), name: 'db-1', metadata: { 'salvor:tier': '1' }, addresses: [at('10.0.0.1')] }),
  aServer({
    id: uuid(3, 2),
    name: 'db-2',
    metadata: { 'salvor:tier': '1' },
    addresses: [at('192.0.2.1'), at('10.0.0.2'), at('10.9.0.2', 'floating')],
  }),
  aServer({ id: uuid(3, 3), name: 'web-1', metadata: { 'salvor:tier': '2' } }),
  aServer({ id: uuid(3, 4), name: 'other-1' }),
];

let services: FakeServices;
let pipeline: Pipeline;

async function start(order: SegmentInput['order']): Promise<void> {
  services = fakeServices(aPolicy({}, { graceSeconds: 0, order }));
  services.cloud.servers = servers;
  pipeline = new Pipeline(services);
  await pipeline.start();
  pipeline.report();
}
beforeEach(() => start({}));
afterEach(() => services.state.close());

async function tasks(): Promise<Readonly<Record<string, TaskState>>> {
  const [incident] = (await readHostLog(services.state, HOST_KEY)).incidents;
  const all = await loadTasks(services.state, incident?.id ?? '');
  return Object.fromEntries(all.map(({ value }) => [value.name, value]));
}
const evacuations = () =>
  services.cloud.actions
    .filter((action) => action.startsWith('evacuate '))
    .map((action) => servers.find(({ id }) => action.endsWith(id))?.name);
const replayed = async () => {
  const { different, undecided } = replayHost(await readHostLog(services.state, HOST_KEY));
  return { different, undecided };
};

describe('a later tier', () => {
  it('starts when the earlier one is back, and what has none waits for nobody', async () => {
    await pipeline.run(4);
    expect(evacuations()).toEqual(['db-1', 'db-2', 'other-1']);
    expect((await tasks())['web-1']?.progress).toMatchObject({ status: 'waiting', because: 'tier 1 must be up first' });
    expect(waitsOf(Object.values(await tasks()))).toEqual(['1 waits: tier 1 must be up first']);
    await pipeline.run();
    expect(evacuations()).toEqual(['db-1', 'db-2', 'other-1', 'web-1']);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('starts when each guest of the earlier one has answered at an address that may be asked', async () => {
    await start({ gate: { by: 'tcp', port: 5432, ranges: ['10.0.0.0/8'] } });
    services.cloud.answering.add('10.0.0.1');
    await pipeline.run(60);
    expect(evacuations()).not.toContain('web-1');
    expect(new Set(services.cloud.questions)).toEqual(new Set(['tcp 10.0.0.1:5432', 'tcp 10.9.0.2:5432']));
    services.cloud.answering.add('10.9.0.2');
    await pipeline.run();
    expect(evacuations()).toContain('web-1');
    expect((await tasks())['db-2']?.upAtMs).toBeGreaterThan(0);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('goes on without an answer when the time is over, and says so', async () => {
    await start({ gate: { by: 'http', port: 80, path: '/up', ranges: ['10.0.0.0/24'], deadlineSeconds: 100 } });
    await pipeline.run(90);
    expect(evacuations()).not.toContain('web-1');
    expect(services.cloud.questions).toContain('http 10.0.0.2:80/up');
    await pipeline.run();
    const log = await readHostLog(services.state, HOST_KEY);
    const web = log.incidents[0]?.tasks.find(({ instanceId }) => instanceId === uuid(3, 3));
    const granted = web?.records.find(({ fact }) => fact.type === 'granted');
    expect(granted?.fact).toMatchObject({ checks: { tier: 'tier 1 was not up within 100 s' } });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('of guests without such an address waits for its time', async () => {
    await start({ gate: { by: 'tcp', port: 22, ranges: ['fd00::/8'], deadlineSeconds: 50 } });
    await pipeline.run();
    expect(services.cloud.questions).toEqual([]);
    expect(evacuations()).toContain('web-1');
  });

  it('goes to a person where the policy stops', async () => {
    await start({ gate: { by: 'tcp', port: 22, ranges: ['10.0.0.0/8'], deadlineSeconds: 50 }, ifNotUp: 'stop' });
    await pipeline.run();
    expect(evacuations()).not.toContain('web-1');
    expect((await tasks())['web-1']?.progress).toMatchObject({
      outcome: 'person',
      because: 'tier 1 was not up within 50 s',
    });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });
});
