/** Segments that are made through the API, with the pipeline behind it: really protected, and read anew by each invocation. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { QUEUES, type QueueMessage, type QueueName, queueOf } from '#events/catalog.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { FUNCTIONS } from '#infra/embedded/functions.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { RetryableError } from '#shared/errors.ts';
import { answerSqsEvent, runScheduled } from '#shared/lambda/handler.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, aServer, aService, iso, seconds, uuid } from '#test/support/builders.ts';
import { aRecord } from '#test/support/fakes.ts';
import { type MasakariWorld, masakariWorld } from './support.ts';

const KEY = hostKeyOf('default', 'RegionOne', uuid(2, 1));

/** compute-1, which is dead, in a segment that was made here, with compute-2 and compute-4. */
async function made() {
  const policy = aPolicy(
    {
      observer: { devices: 0 },
      masakari: {
        segmentDefaults: {
          minHealthyHosts: 1,
          graceSeconds: 30,
          requireNovaDown: false,
          instances: { sharedInstanceStorage: true },
          storm: { maxPercent: 100 },
        },
      },
    },
    { hosts: { names: ['compute-3'] } },
  );
  const world = await masakariWorld(policy, ['compute-1', 'compute-2', 'compute-3', 'compute-4']);
  const { cloud } = world.services;
  cloud.servers = [aServer()];
  const segment = { name: 'rack-7', recovery_method: 'auto', service_type: 'COMPUTE' };
  const { body } = await world.ask('POST', '/v1/segments', { body: { segment } });
  const path = `/v1/segments/${body.segment.uuid}`;
  const hosts: Record<string, string> = {};
  for (const name of ['compute-1', 'compute-2', 'compute-4']) {
    const host = { name, type: 'COMPUTE', control_attributes: 'SSH' };
    const added = await world.ask('POST', `${path}/hosts`, { body: { host } });
    hosts[name] = added.body.host.uuid;
  }
  cloud.services = cloud.services.map((each) => (each.host === 'compute-1' ? { ...each, state: 'down' } : each));
  const report = () =>
    world.notify({ hostname: 'compute-1', generated_time: iso(world.services.clock.now()).replace('Z', '') });
  return { world, path, hosts, report };
}

/** As the runtime delivers: through `answerSqsEvent`, each message when it is due, for so long. */
async function run({ services }: MasakariWorld, forSeconds: number): Promise<void> {
  const endMs = services.clock.now() + seconds(forSeconds);
  let waiting: { atMs: number; queue: QueueName; message: QueueMessage }[] = [];
  for (;;) {
    for (const { message, delaySeconds } of services.outbox.take())
      waiting.push({ atMs: services.clock.now() + seconds(delaySeconds), queue: queueOf(message), message });
    const [next] = waiting.sort((a, b) => a.atMs - b.atMs);
    if (next === undefined || next.atMs > endMs) break;
    waiting = waiting.filter((each) => each !== next);
    services.clock.nowMs = Math.max(services.clock.nowMs, next.atMs);
    const record = aRecord(next.message, { sentAtMs: services.clock.now() });
    const answer = await answerSqsEvent(FUNCTIONS[QUEUES[next.queue].function], services, { Records: [record] });
    expect(answer.batchItemFailures).toEqual([]);
  }
  services.clock.nowMs = endMs;
  for (const { message } of waiting) await services.outbox.send([{ message, delaySeconds: 0 }]);
}

it('recovers a host of it, under a policy that can be read back from the audit', async () => {
  const { world, report } = await made();
  const { status, body } = await report();
  expect({ status, segment: body.notification.failover_segment_uuid }).toMatchObject({ status: 202 });
  await run(world, 600);
  const host = await loadHost(world.services.state, KEY);
  expect(host?.value.lastIncident?.outcome).toBe('recovered');
  const { notification_uuid: id } = body.notification;
  const moves = await world.ask('GET', `/v1/notifications/${id}/vmoves`, { version: '1.3' });
  expect(moves.body.vmoves).toMatchObject([
    {
      notification_uuid: id,
      instance_uuid: aServer().id,
      instance_name: 'web-1',
      source_host: 'compute-1',
      type: 'evacuation',
      status: 'succeeded',
      message: null,
      start_time: expect.stringMatching(/^2026-11-21T12:\d\d:\d\d\.\d{6}$/),
      end_time: expect.stringMatching(/^2026-11-21T12:\d\d:\d\d\.\d{6}$/),
    },
  ]);
  const [move] = moves.body.vmoves;
  expect((await world.ask('GET', `/v1/notifications/${id}/vmoves/${move?.uuid}`)).body.vmove).toEqual(move);
  expect((await world.ask('GET', `/v1/notifications/${id}/vmoves?status=failed`)).body.vmoves).toEqual([]);
  const policies = (await readHostLog(world.services.state, KEY)).policies;
  expect(policies.size).toBeGreaterThan(0);
  for (const policy of policies.values()) expect(policy.segments.map(({ name }) => name)).toContain('rack-7');
  await isOnRecord(world);
});

/** Whether the audit is whole, and every decision made again from it comes out the same. */
async function isOnRecord({ services }: MasakariWorld): Promise<void> {
  const { findings } = await verifyAudit(services.state, services.clock);
  expect(findings).toEqual([]);
  const { decisions } = replayHost(await readHostLog(services.state, KEY));
  expect(decisions.length).toBeGreaterThan(0);
  expect(decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null)).toEqual([]);
}

it('never powers off a host that was taken into maintenance before the grace period ended', async () => {
  const { world, path, hosts, report } = await made();
  await report();
  await run(world, 10);
  const body = { host: { on_maintenance: true } };
  expect((await world.ask('PUT', `${path}/hosts/${hosts['compute-1']}`, { body })).status).toBe(200);
  await run(world, 600);
  expect(world.services.cloud.actions).toEqual([]);
  const host = await loadHost(world.services.state, KEY);
  expect(host?.value).toMatchObject({ incident: null, lastIncident: { outcome: 'stood-down' } });
});

it('is asked for maintenance at the last moment: a power-off that is being decided finds it', async () => {
  const { world, path, hosts, report } = await made();
  const { cloud } = world.services;
  let reads = 0;
  cloud.duringRead = async () => {
    reads += 1;
    // The fencing step has begun: its gates are asked behind this reading.
    if (reads === 1)
      await world.ask('PUT', `${path}/hosts/${hosts['compute-1']}`, { body: { host: { on_maintenance: true } } });
  };
  await report();
  await run(world, 600);
  expect(reads).toBeGreaterThan(0);
  expect(cloud.actions).not.toContain('power-off');
});

it('is asked for maintenance once more when only the power-off is left to send', async () => {
  const { world, path, hosts, report } = await made();
  const { cloud } = world.services;
  let asked = 0;
  cloud.during = async (action) => {
    if (action !== 'before power-off') return;
    asked += 1;
    const body = { host: { on_maintenance: true } };
    expect((await world.ask('PUT', `${path}/hosts/${hosts['compute-1']}`, { body })).status).toBe(200);
  };
  await report();
  await run(world, 600);
  expect(asked).toBe(1);
  expect(cloud.actions).toEqual([]);
});

it('never powers off a host on maintenance, whenever that is set or taken back', async () => {
  let powerOffs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), async (moments) => {
      const { world, path, hosts, report } = await made();
      const { cloud } = world.services;
      let on_maintenance = false;
      const next = async (): Promise<void> => {
        const moment = moments.shift() ?? on_maintenance;
        if (moment === on_maintenance) return;
        const body = { host: { on_maintenance: moment } };
        const { status } = await world.ask('PUT', `${path}/hosts/${hosts['compute-1']}`, { body });
        // Taken back only while no incident is open, as Masakari has it.
        if (status === 200) on_maintenance = moment;
        else expect([moment, status]).toEqual([false, 409]);
      };
      const { services } = world.services.compute;
      world.services.cloud.compute.services = async () => {
        await next();
        const told = await services();
        await next();
        return told;
      };
      cloud.duringRead = next;
      cloud.during = async (action) => {
        if (action === 'before power-off') await next();
        if (action !== 'power-off') return;
        powerOffs += 1;
        expect(on_maintenance).toBe(false);
      };
      for (let reports = 0; reports < 3; reports += 1) {
        await report();
        await run(world, 300);
      }
      await isOnRecord(world);
    }),
    { numRuns: 60 },
  );
  expect(powerOffs).toBeGreaterThan(0);
});

it('keeps what is reported of a host on maintenance', async () => {
  const { world, path, hosts, report } = await made();
  await world.ask('PUT', `${path}/hosts/${hosts['compute-1']}`, { body: { host: { on_maintenance: true } } });
  expect((await report()).status).toBe(202);
  await run(world, 60);
  const host = await loadHost(world.services.state, KEY);
  expect(host?.value.incident).toBeNull();
  expect(host?.value.claims).toMatchObject({ masakari: { says: 'down' } });
});

it('changes nothing of a segment with an open incident but its switch and maintenance', async () => {
  const { world, path, hosts, report } = await made();
  await report();
  await run(world, 10);
  const refused: [string, string, object?][] = [
    ['PUT', path, { segment: { description: 'later' } }],
    ['DELETE', path],
    ['PUT', `${path}/hosts/${hosts['compute-1']}`, { host: { reserved: true } }],
    ['DELETE', `${path}/hosts/${hosts['compute-1']}`],
  ];
  for (const [method, where, body] of refused) {
    const answer = await world.ask(method, where, body === undefined ? {} : { body });
    expect([method, answer.status]).toEqual([method, 409]);
    expect(answer.body.conflictingRequest.message).toMatch(/as it is in-use to process notifications\.$/);
  }
});

it('is mirrored by the function that runs by the clock', async () => {
  const { world } = await made();
  world.services.cloud.services = [...world.services.cloud.services, aService({ host: 'compute-9' })];
  expect(await runScheduled(mirrorInventory, world.services)).toBe(5);
});

it('decides nothing while the segments can not be read: every message comes again', async () => {
  const { world, report } = await made();
  await report();
  const { services } = world;
  const [sent] = services.outbox.take();
  const records = [aRecord(sent?.message), aRecord(sent?.message)];
  const get = async () => {
    throw new RetryableError('the state is away');
  };
  const away = { ...services, state: { ...services.state, get } };
  const answer = await answerSqsEvent(FUNCTIONS['receive-host-event'], away, { Records: records });
  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(
    records.map(({ messageId }) => messageId),
  );
});

it('has no vmoves for an instance, and none that nobody knows', async () => {
  const { world } = await made();
  const payload = { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: uuid(3, 1) };
  const { body } = await world.notify({ type: 'VM', payload });
  const { notification_uuid: id } = body.notification;
  const vm = await world.ask('GET', `/v1/notifications/${id}/vmoves`);
  expect({ status: vm.status, message: vm.body.badRequest.message }).toEqual({
    status: 400,
    message: `This notification ${id} without vm moves.`,
  });
  const nobody = await world.ask('GET', `/v1/notifications/${uuid(8, 1)}/vmoves`);
  expect({ status: nobody.status, message: nobody.body.itemNotFound.message }).toEqual({
    status: 404,
    message: `No notification with id ${uuid(8, 1)}.`,
  });
  const host = await world.notify();
  const move = `/v1/notifications/${host.body.notification.notification_uuid}/vmoves/${uuid(8, 1)}`;
  expect((await world.ask('GET', move)).body.itemNotFound.message).toBe(`No vm move with id ${uuid(8, 1)}.`);
});
