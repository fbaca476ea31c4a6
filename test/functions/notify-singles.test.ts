/** Single instances and processes are told of from the record, once, whoever dies at it. */
import { afterEach, expect, it } from 'vitest';
import type { Notice } from '#shared/domain/notify/notice.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import { all, decode } from '#shared/state/items.ts';
import { type Delivery, loadSingles } from '#shared/state/notices.ts';
import {
  aPolicy,
  aServer,
  aService,
  INSTANCE_ID,
  type SegmentInput,
  seconds,
  servicesOf,
  uuid,
} from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { anInstanceDown, aProcessEvent, GONE } from '#test/support/instances.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
afterEach(() => services.state.close());

async function world(segment: Partial<SegmentInput>): Promise<Pipeline> {
  const channels = { c: { type: 'slack' as const, credentials: 'c' } };
  const notify = {
    channels,
    routes: [{ channels: ['c'], kinds: ['held', 'needs-a-person', 'instance', 'process'] as never }],
  };
  const fakes = fakeServices(aPolicy({ notify }, segment));
  let made = 0;
  // Incidents are listed by the time in their ids.
  const id = (): string => {
    made += 1;
    const time = fakes.clock.nowMs.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(made).padStart(12, '0')}`;
  };
  services = Object.assign(fakes, { chance: { id, random: () => 0.5 } });
  services.cloud.services = [aService(), ...servicesOf(5).slice(1)];
  const pipeline = new Pipeline(services);
  await pipeline.start();
  return pipeline;
}
async function look(pass = 0): Promise<void> {
  const { notify } = services.policy;
  if (notify === undefined) throw new Error('the policy tells nobody');
  services.clock.nowMs += seconds(pass);
  await findNotices(services, notify);
}
const queued = async (): Promise<readonly Notice[]> =>
  (await Array.fromAsync(all(services.state, 'notices#c'))).map((item) => decode<Delivery>(item).notice);
const kinds = async () => (await queued()).map(({ kind, state }) => `${kind} ${state}`);

const ONCE: Partial<SegmentInput> = { instanceRecovery: { protect: 'all', confirmSeconds: 0, maxRestarts: 1 } };

/** It is restarted, fails again, and goes to a person. */
async function twice(lookAt: () => Promise<unknown>): Promise<void> {
  const pipeline = await world(ONCE);
  await lookAt();
  for (let round = 0; round < 2; round += 1) {
    pipeline.hear(anInstanceDown(GONE, { atMs: services.clock.now() }));
    for (let step = 0; step < 4; step += 1) {
      await pipeline.run(20);
      await lookAt();
    }
    services.clock.nowMs += seconds(30);
  }
  await lookAt();
}

it('an instance that was restarted, and then could not be brought back', async () => {
  await twice(look);
  expect(await queued()).toMatchObject([
    { kind: 'instance', severity: 'info', thread: `instance-${INSTANCE_ID}`, host: 'compute-1', segment: 'az1' },
    { kind: 'needs-a-person', severity: 'critical', thread: `instance-${INSTANCE_ID}`, state: 'open' },
  ]);
  expect((await queued())[1]?.body).toContain('restarts within 3600 s: 1');
  expect((await services.state.counted(() => look())).writes).toBe(0);
  for (let days = 0; days < 9; days += 1) await look(86_400);
  expect((await loadSingles(services.state)).known.size).toBe(0);
  expect((await kinds()).filter((each) => each.startsWith('needs'))).toHaveLength(1);
});

it('the same with three that look at once', async () => {
  await twice(() => Promise.all([look(), look(), look()]));
  expect(await kinds()).toEqual(['instance over', 'needs-a-person open']);
});

it.each(['fails', 'fails-afterwards', 'conflicts'] as const)('the same when any one write %s', async (fault) => {
  for (let when = 1; when < 10; when += 1) {
    let looks = 0;
    await twice(async () => {
      looks += 1;
      if (looks !== when) return look();
      const given = services.state.transact;
      services.state.transact = async (writes) => {
        if (fault === 'fails-afterwards') await given(writes);
        throw new Error('planned');
      };
      await look().catch(() => undefined);
      services.state.transact = given;
    });
    expect(await kinds(), `look ${when}`).toEqual(['instance over', 'needs-a-person open']);
    services.state.close();
  }
  await world(ONCE);
});

it('tells nothing of what was over before the first look', async () => {
  let looks = 0;
  await twice(async () => {
    looks += 1;
    if (looks === 10) await look();
  });
  expect(await kinds()).toEqual([]);
});

it('many instances of a segment that fail at once are told of together', async () => {
  const pipeline = await world({ instanceRecovery: { protect: 'all', confirmSeconds: 0, maxPerHost: 2 } });
  await look();
  const ids = Array.from({ length: 12 }, (_, index) => uuid(9, index));
  services.cloud.servers = ids.map((id) => aServer({ id, host: 'compute-1' }));
  for (const instanceId of ids) pipeline.hear(anInstanceDown(GONE, { atMs: services.clock.now(), instanceId }));
  for (let step = 0; step < 6; step += 1) {
    await pipeline.run(20);
    await look(20);
  }
  const held = (await queued()).filter(({ kind }) => kind === 'held');
  expect(held.map(({ title }) => title)).toEqual([
    '12 instances of segment az1 are down and not recovered: they are held',
  ]);
});

it('a process that nobody starts, and that it runs again', async () => {
  const pipeline = await world({ processRecovery: {} });
  await look();
  pipeline.hear(aProcessEvent('down', 'libvirtd', { atMs: services.clock.now() }));
  for (let step = 0; step < 20; step += 1) {
    await pipeline.run(20);
    await look();
  }
  expect(await kinds()).toEqual(['process open']);
  pipeline.hear(aProcessEvent('up', 'libvirtd', { atMs: services.clock.now() }));
  for (let step = 0; step < 20; step += 1) {
    await pipeline.run(20);
    await look();
  }
  expect(await kinds()).toEqual(['process open', 'process over']);
});

it('a line of the list that can not be read is an alarm, keeps back no other, and is told once it can be', async () => {
  const pipeline = await world(ONCE);
  await look();
  pipeline.hear(anInstanceDown(GONE, { atMs: services.clock.now() }));
  await pipeline.run(60);
  const [item] = (await services.state.query('instance-incidents')).items;
  if (item === undefined) throw new Error('nothing was recorded');
  const { partition, sort, version, body } = item;
  const put = { kind: 'put', partition, sort } as const;
  await services.state.transact([{ ...put, expect: version, body: { unreadable: 'x' } }]);
  pipeline.hear(aProcessEvent('down', 'libvirtd', { atMs: services.clock.now() }));
  for (let hours = 0; hours < 3; hours += 1) await look(3600);
  expect(await kinds()).toEqual([]);
  expect(services.lines.filter(({ fields }) => 'fact' in fields && fields.fact === 'notice-unreadable')).toHaveLength(
    1,
  );
  await services.state.transact([{ ...put, expect: version + 1, body }]);
  await look(60);
  expect(await kinds()).toEqual(['instance over']);
});
