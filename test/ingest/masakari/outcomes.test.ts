/** What becomes of a notification, told from the incident that it is a part of: the pipeline runs behind the API. */
import { describe, expect, it } from 'vitest';
import type { PolicyInput, SegmentInput } from '#test/support/builders.ts';
import { aPolicy, INSTANCE_ID, iso, SERVICE_ID, seconds } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { type Item, type MasakariWorld, masakariWorld } from './support.ts';

async function reported(policy: Partial<PolicyInput> = {}, segment: Partial<SegmentInput> = {}, changes = {}) {
  const world = await masakariWorld(
    aPolicy(policy, { graceSeconds: 60, instances: { sharedInstanceStorage: true }, ...segment }),
  );
  const pipeline = new Pipeline(world.services);
  const { status, body } = await world.notify(changes);
  expect(status).toBe(202);
  return { world, pipeline, shown: () => show(world, body.notification.notification_uuid) };
}

/** What fails on a host that lives. */
async function reportedOnLiving(segment: Partial<SegmentInput>, changes: object) {
  const told = await reported({}, segment, changes);
  const { cloud } = told.world.services;
  cloud.changeService(SERVICE_ID, { state: 'up' });
  return told;
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

describe('of an instance', () => {
  const VM = {
    type: 'VM',
    payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: INSTANCE_ID },
  };
  const RESTARTS = { instanceRecovery: { protect: 'all', maxRestarts: 1 } } as const;

  it('is only evidence where the policy does not recover it', async () => {
    for (const [segment, message] of [
      [{}, 'by its policy'],
      [{ instanceRecovery: { processGone: { do: 'record', sources: 1 } } }, 'does nothing for process-gone'],
    ] as const) {
      const { pipeline, shown } = await reportedOnLiving(segment, VM);
      await pipeline.run(60);
      expect(await shown()).toMatchObject({ status: 'ignored', message: expect.stringContaining(message) });
    }
  });

  it('goes from new by running to finished, with its own progress', async () => {
    const { pipeline, shown } = await reportedOnLiving(RESTARTS, VM);
    expect((await shown()).status).toBe('new');
    await pipeline.run(5);
    expect(stepsOf(await shown())).toMatchObject([{ name: 'Restart the instance, or move it', state: 'RUNNING' }]);
    expect(await shown()).toMatchObject({ status: 'running', message: null });
    await pipeline.run(60);
    const end = await shown();
    expect(end).toMatchObject({ status: 'finished', message: null });
    expect(stepsOf(end)).toMatchObject([{ state: 'SUCCESS', progress: 1 }]);
    const said = stepsOf(end)[0]?.progress_details.map(({ message }) => message);
    expect(said).toContain('asking Nova: reboot (process-gone, say masakari)');
    expect(said?.at(-1)).toMatch(/^restarted: /);
  });

  it('says what it waits for', async () => {
    const { world, pipeline, shown } = await reportedOnLiving(RESTARTS, VM);
    world.services.cloud.change(INSTANCE_ID, { taskState: 'powering-off' });
    await pipeline.run(60);
    const message = 'Waits: task: Nova is at work on it: powering-off';
    expect(await shown()).toMatchObject({ status: 'running', message });
  });

  it('has failed when a person must look, and each is told of its own incident', async () => {
    const { world, pipeline, shown } = await reportedOnLiving(RESTARTS, VM);
    await pipeline.run(60);
    world.services.clock.nowMs += seconds(1200);
    const again = await world.notify({ ...VM, generated_time: iso(world.services.clock.now()) });
    expect(again.status).toBe(202);
    await pipeline.run(60);
    const second = await show(world, again.body.notification.notification_uuid);
    expect(second).toMatchObject({ status: 'failed', message: expect.stringContaining('restarts within') });
    expect(stepsOf(second)[0]?.progress_details.at(-1)?.message).toMatch(/^person: /);
    expect((await shown()).status).toBe('finished');
    expect(stepsOf(await shown())[0]?.progress_details.at(-1)?.message).toMatch(/^restarted: /);
  });

  it('is ignored when its owner has stopped it', async () => {
    const { world, pipeline, shown } = await reportedOnLiving(RESTARTS, VM);
    world.services.cloud.change(INSTANCE_ID, { vmState: 'stopped' });
    world.services.cloud.note(INSTANCE_ID, 'stop', 'owner');
    await pipeline.run(60);
    expect(await shown()).toMatchObject({ status: 'ignored', message: 'its owner has stopped it' });
  });
});

describe('of a process', () => {
  const STOPPED = { type: 'PROCESS', payload: { event: 'STOPPED', process_name: 'libvirtd' } };
  const RECOVERS = { processRecovery: {} } as const;

  it('is only evidence where the policy does nothing for it', async () => {
    const others: readonly (readonly [Partial<SegmentInput>, string])[] = [
      [{}, 'by its policy'],
      [{ processRecovery: { disable: ['nova-compute'] } }, 'does nothing for libvirtd'],
    ];
    for (const [segment, message] of others) {
      const { pipeline, shown } = await reportedOnLiving(segment, STOPPED);
      await pipeline.run(60);
      expect(await shown()).toMatchObject({ status: 'ignored', message: expect.stringContaining(message) });
    }
  });

  it('is finished when nothing is scheduled to the host any more, and stays so', async () => {
    const { world, pipeline, shown } = await reportedOnLiving(RECOVERS, STOPPED);
    await pipeline.run(30);
    const off = await shown();
    expect(off).toMatchObject({ status: 'finished', message: null });
    expect(stepsOf(off)).toMatchObject([{ name: 'Disable the compute service', state: 'SUCCESS' }]);
    const generated_time = iso(world.services.clock.now());
    const started = { ...STOPPED, payload: { ...STOPPED.payload, event: 'STARTED' }, generated_time };
    const up = await world.notify(started);
    await pipeline.run(300);
    expect(world.services.cloud.actions).toEqual(['disable', 'enable']);
    const end = await shown();
    expect(end.status).toBe('finished');
    expect(stepsOf(end).map(({ name, state }) => ({ name, state }))).toEqual([
      { name: 'Disable the compute service', state: 'SUCCESS' },
      { name: 'Wait until its processes run again', state: 'SUCCESS' },
    ]);
    expect((await show(world, up.body.notification.notification_uuid)).status).toBe('finished');
  });

  it('says what it waits for, and is ignored when a person has it in hand', async () => {
    const { world, pipeline, shown } = await reportedOnLiving(RECOVERS, STOPPED);
    pipeline.command(aCommand('disarm'));
    await pipeline.run(30);
    expect(await shown()).toMatchObject({ status: 'running', message: expect.stringContaining('disarmed by ann') });
    pipeline.command(aCommand('arm', { time: iso(world.services.clock.now()) }));
    await pipeline.run(60);
    expect((await shown()).status).toBe('finished');
    world.services.cloud.changeService(SERVICE_ID, { status: 'enabled', disabledReason: null });
    await pipeline.run(60);
    expect(await shown()).toMatchObject({ status: 'ignored', message: 'somebody has enabled it' });
  });
});
