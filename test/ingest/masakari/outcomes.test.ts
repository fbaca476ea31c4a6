/** What becomes of a notification, told from the incident of its host: the pipeline runs behind the API. */
import { expect, it } from 'vitest';
import type { PolicyInput, SegmentInput } from '#test/support/builders.ts';
import { aPolicy, iso, seconds } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { type Item, type MasakariWorld, masakariWorld } from './support.ts';

async function reported(policy: Partial<PolicyInput> = {}, segment: Partial<SegmentInput> = {}) {
  const world = await masakariWorld(
    aPolicy(policy, { graceSeconds: 60, instances: { sharedInstanceStorage: true }, ...segment }),
  );
  const pipeline = new Pipeline(world.services);
  const { status, body } = await world.notify();
  expect(status).toBe(202);
  return { world, pipeline, shown: () => show(world, body.notification.notification_uuid) };
}

async function show(world: MasakariWorld, uuid: string): Promise<Item> {
  const { status, body } = await world.ask('GET', `/v1/notifications/${uuid}`, { version: '1.3' });
  expect(status).toBe(200);
  return body.notification;
}

interface Step {
  readonly name: string;
  readonly state: string;
  readonly progress: number;
  readonly progress_details: readonly { timestamp: string; message: string; progress: number }[];
}
const stepsOf = ({ recovery_workflow_details }: Item) => recovery_workflow_details as readonly Step[];

it('goes from new by running to finished, with the progress from the audit', async () => {
  const { pipeline, shown } = await reported();
  expect(await shown()).toMatchObject({ status: 'new', message: null, recovery_workflow_details: [] });

  await pipeline.run(30);
  const suspected = await shown();
  expect(suspected).toMatchObject({ status: 'running', message: null });
  expect(stepsOf(suspected)).toMatchObject([{ name: 'Confirm that the host is down', state: 'RUNNING' }]);

  await pipeline.run();
  const closed = await shown();
  expect(closed).toMatchObject({ status: 'finished', message: null });
  expect(closed.updated_at).toMatch(/^2026-11-21T12:01:\d\d\.000000$/);
  expect(stepsOf(closed).map(({ name, state, progress }) => ({ name, state, progress }))).toEqual([
    { name: 'Confirm that the host is down', state: 'SUCCESS', progress: 1 },
    { name: 'Fence the host', state: 'SUCCESS', progress: 1 },
    { name: 'Force the compute service down', state: 'SUCCESS', progress: 1 },
    { name: 'Evacuate the instances', state: 'SUCCESS', progress: 1 },
  ]);
  const details = stepsOf(closed).flatMap(({ progress_details }) => progress_details);
  expect(details.map(({ message }) => message)).toContain('3 of 3 instances to evacuate, 0 left alone');
  for (const { timestamp } of details) expect(timestamp).toMatch(/^2026-11-21 12:0\d:\d\d\.\d{6}$/);
});

it('shows no progress before microversion 1.1', async () => {
  const { world } = await reported();
  const { body } = await world.ask('GET', '/v1/notifications');
  const uuid = body.notifications[0]?.notification_uuid;
  const old = await world.ask('GET', `/v1/notifications/${uuid}`);
  expect(old.body.notification).not.toHaveProperty('recovery_workflow_details');
});

it('says which gates hold it', async () => {
  const { pipeline, shown } = await reported({}, { minHealthyHosts: 50 });
  await pipeline.run(120);
  const held = await shown();
  expect(held.status).toBe('running');
  expect(held.message).toMatch(/^Held: healthy-hosts: /);
  expect(stepsOf(held)[0]?.progress_details.map(({ message }) => message)).toContain('held: healthy-hosts');
});

it('says who has switched salvor off', async () => {
  const { pipeline, shown } = await reported();
  pipeline.command(aCommand('disarm'));
  await pipeline.run(120);
  expect((await shown()).message).toContain('armed: salvor is disarmed by ann');
});

it.each([
  ['is ignored when the host was up again', 'host.up', 'ignored', /seen up/],
  ['goes on when others say nothing', undefined, 'finished', null],
] as const)('%s', async (_, type, status, message) => {
  const { world, pipeline, shown } = await reported();
  await pipeline.run(10);
  if (type !== undefined) pipeline.report({ type, source: '/agents/other', atMs: world.services.clock.now() });
  await pipeline.run();
  const { status: told, message: said } = await shown();
  expect(told).toBe(status);
  if (message === null) expect(said).toBeNull();
  else expect(said).toMatch(message);
});

it('has failed when not all instances came back', async () => {
  const { world, pipeline, shown } = await reported({}, { instances: {} });
  world.services.cloud.servers = world.services.cloud.servers.map((server, index) =>
    index === 0 ? { ...server, localDisks: { ...server.localDisks, root: true } } : server,
  );
  await pipeline.run();
  expect(await shown()).toMatchObject({ status: 'failed', message: expect.stringMatching(/./) });
});

it('is ignored in a shadow segment', async () => {
  const shadow = await reported({}, { mode: 'shadow' });
  await shadow.pipeline.run();
  expect(await shadow.shown()).toMatchObject({ status: 'ignored', message: expect.stringContaining('shadow') });
});

it('is a part of the incident that was open when it came, not of the next one', async () => {
  const { world, pipeline, shown } = await reported();
  await pipeline.run();
  expect((await shown()).status).toBe('finished');
  const { services } = world;
  services.clock.nowMs += seconds(3600);
  services.cloud.power = 'on';
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, forcedDown: false }));
  pipeline.report({ type: 'host.up', atMs: services.clock.now() });
  await pipeline.run(60);
  const again = await world.notify({ generated_time: iso(services.clock.now()) });
  expect(again.status).toBe(202);
  await pipeline.run(30);
  expect((await show(world, again.body.notification.notification_uuid)).status).toBe('running');
  expect((await shown()).status).toBe('finished');
});
