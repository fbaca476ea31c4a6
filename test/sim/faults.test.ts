import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { FaultBoard } from '#sim/faults.ts';
import { until } from '#test/openstack/poll.ts';
import { deadHost, evacuate, openBench, setService, signInAs, statuses } from './bench.ts';

describe('the fault board', () => {
  test('strikes the next n, for the host it names', () => {
    const board = new FaultBoard();
    board.set({ kind: 'bmc-error', host: 'a', count: 2 });
    expect(board.take('bmc-error', { host: 'b' })).toBeUndefined();
    expect(board.take('bmc-dead', { host: 'a' })).toBeUndefined();
    expect([1, 2, 3].map(() => board.take('bmc-error', { host: 'a' })?.kind)).toEqual([
      'bmc-error',
      'bmc-error',
      undefined,
    ]);
  });

  test('is switched off by its answer, by kind, by kind and host', () => {
    const board = new FaultBoard();
    const off = board.set({ kind: 'nova-503' });
    off();
    expect(board.take('nova-503')).toBeUndefined();
    board.set({ kind: 'bmc-stuck', host: 'a' });
    board.set({ kind: 'bmc-stuck', host: 'b' });
    board.clear('bmc-stuck', 'a');
    expect(board.take('bmc-stuck', { host: 'a' })).toBeUndefined();
    expect(board.take('bmc-stuck', { host: 'b' })).toBeDefined();
    board.clear();
    expect(board.take('bmc-stuck', { host: 'b' })).toBeUndefined();
  });

  test('may be limited to one operation', () => {
    const board = new FaultBoard();
    board.set({ kind: 'nova-429', on: 'evacuate' });
    expect(board.take('nova-429', { on: 'list-servers' })).toBeUndefined();
    expect(board.take('nova-429', { on: 'evacuate' })).toBeDefined();
  });
});

describe('faults of Nova', () => {
  test('503 and 429 come before the effect', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set({ kind: 'nova-503', on: 'evacuate', count: 1 });
    bench.cloud.faults.set({ kind: 'nova-429', on: 'evacuate', retryAfterSeconds: 7, count: 1 });
    expect((await evacuate(bench.admin, id)).status).toBe(503);
    const limited = await evacuate(bench.admin, id);
    expect(limited.status).toBe(429);
    expect(limited.headers['retry-after']).toBe('7');
    expect(statuses(bench.cloud)).toEqual([]);
    expect((await evacuate(bench.admin, id)).status).toBe(200);
  });

  test('500 after the effect hides that it took place', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set({ kind: 'nova-500-after-effect', on: 'evacuate', status: 504, count: 1 });
    expect((await evacuate(bench.admin, id)).status).toBe(504);
    expect(statuses(bench.cloud)).toEqual(['accepted']);
  });

  test('no answer at all after the effect', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set({ kind: 'nova-timeout-after-effect', serverId: id, on: 'evacuate' });
    const answer = evacuate(bench.admin, id).then(
      () => 'answered',
      () => 'closed',
    );
    await until('the effect', async () => (statuses(bench.cloud).length > 0 ? true : undefined), { intervalMs: 5 });
    expect(bench.cloud.requestLog.find({ operation: 'evacuate' })[0]?.status).toBeUndefined();
    await bench.cloud.stop();
    expect(await answer).toBe('closed');
    // The connection has closed; a turn of the event loop lets the handler that held it run to its end.
    await nextTurn();
    expect(bench.cloud.requestLog.find({ operation: 'evacuate' })[0]?.status, 'never answered').toBeUndefined();
  });

  test('a slow answer waits for the clock of the cloud', async () => {
    const { cloud, clock, admin } = await openBench();
    cloud.faults.set({ kind: 'nova-slow', delayMs: 60_000, count: 1 });
    const answer = admin.send('compute', 'GET', '/os-services');
    await until('the request', async () => cloud.requestLog.count({ operation: 'list-services' }) || undefined, {
      intervalMs: 5,
    });
    expect(cloud.requestLog.find({ operation: 'list-services' })[0]?.status).toBeUndefined();
    clock.advance(60_000);
    expect((await answer).status).toBe(200);
  });

  test('a lie about a service changes what is told, not what is', async () => {
    const bench = await openBench();
    bench.cloud.faults.set({ kind: 'lie-about-service', host: 'compute-1', state: 'down' });
    const { body } = await bench.admin.send('compute', 'GET', '/os-services?host=compute-1');
    expect(body).toMatchObject({ services: [{ state: 'down' }] });
    const [server] = bench.cloud.boot(1, { host: 'compute-1' });
    expect((await evacuate(bench.admin, server?.id ?? '')).status).toBe(400);
  });
});

describe('faults of Keystone', () => {
  test('down: 503, then it answers again', async () => {
    const { cloud } = await openBench();
    cloud.faults.set({ kind: 'keystone-down', count: 1 });
    await expect(signInAs(cloud, cloud.credentials.admin)).rejects.toThrow('503');
    await expect(signInAs(cloud, cloud.credentials.admin)).resolves.toBeDefined();
  });

  test('a token that expired early stays expired', async () => {
    const { cloud, admin } = await openBench();
    cloud.faults.set({ kind: 'keystone-token-expired', count: 1 });
    expect((await admin.send('compute', 'GET', '/os-services')).status).toBe(401);
    expect((await admin.send('compute', 'GET', '/os-services')).status).toBe(401);
    const again = await signInAs(cloud, cloud.credentials.admin);
    expect((await again.send('compute', 'GET', '/os-services')).status).toBe(200);
  });
});

describe('faults of a move', () => {
  test.each([
    [{ kind: 'evacuation-dropped', host: 'compute-1' }, 'rebuilding', 'accepted'],
    [{ kind: 'evacuation-stuck', host: 'compute-2' }, 'rebuild_spawning', 'pre-migrating'],
  ] as const)('%o never ends', async (fault, taskState, status) => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set(fault);
    await evacuate(bench.admin, id);
    bench.clock.advance(3_600_000);
    expect(bench.cloud.server(id)).toMatchObject({ host: 'compute-1', taskState });
    expect(statuses(bench.cloud)).toEqual([status]);
  });

  test('a spawn fails once, with a fault on the record, and then works', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set({ kind: 'spawn-fails', host: 'compute-2', count: 1 });
    await evacuate(bench.admin, id, { host: 'compute-2' });
    bench.clock.advance(1000);
    const { body } = await bench.admin.send('compute', 'GET', `/servers/${id}`);
    expect(body).toMatchObject({
      server: { status: 'ERROR', fault: { code: 500, message: 'spawn made to fail on compute-2' } },
    });
    await evacuate(bench.admin, id, { host: 'compute-2' });
    bench.clock.advance(1000);
    expect(statuses(bench.cloud)).toEqual(['failed', 'done']);
  });

  test('no valid host', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    bench.cloud.faults.set({ kind: 'no-valid-host', serverId: id, count: 1 });
    await evacuate(bench.admin, id);
    bench.clock.advance(1000);
    expect(bench.cloud.server(id).vmState).toBe('error');
    expect([...bench.cloud.world.migrations.values()]).toMatchObject([{ status: 'error', destHost: null }]);
  });

  test('a live migration ends on the other host, one whose source dies or that is stuck does not', async () => {
    const bench = await openBench();
    const [well, dies, stuck] = bench.cloud.boot(3, { host: 'compute-1' });
    const migrate = (id = ''): Promise<unknown> =>
      bench.admin.send('compute', 'POST', `/servers/${id}/action`, {
        json: { 'os-migrateLive': { host: 'compute-3' } },
        microversion: '2.90',
      });
    await migrate(well?.id);
    bench.clock.advance(1000);
    expect(bench.cloud.server(well?.id ?? '')).toMatchObject({ host: 'compute-3', vmState: 'active', taskState: null });
    expect(bench.cloud.host('compute-3').guests.has(well?.id ?? '')).toBe(true);
    bench.cloud.faults.set({ kind: 'live-migration-stuck', serverId: stuck?.id ?? '' });
    await migrate(stuck?.id);
    await migrate(dies?.id);
    bench.cloud.powerOff('compute-1');
    bench.clock.advance(60_000);
    expect(bench.cloud.server(dies?.id ?? '')).toMatchObject({ host: 'compute-1', taskState: 'migrating' });
    expect(statuses(bench.cloud)).toEqual(['completed', 'running', 'running']);
    expect(bench.cloud.ledger.some(({ what }) => what === 'DOUBLE')).toBe(false);
    expect((await setService(bench, 'compute-1', { forced_down: true })).status).toBe(200);
  });

  test('a live migration to a host that has just died fails, and leaves the instance where it is', async () => {
    const bench = await openBench();
    const [server] = bench.cloud.boot(1, { host: 'compute-1' });
    const id = server?.id ?? '';
    bench.cloud.powerOff('compute-3');
    const { status } = await bench.admin.send('compute', 'POST', `/servers/${id}/action`, {
      json: { 'os-migrateLive': { host: 'compute-3' } },
      microversion: '2.90',
    });
    expect(status).toBe(202);
    bench.clock.advance(60_000);
    expect(bench.cloud.server(id)).toMatchObject({ host: 'compute-1', taskState: null });
    expect(statuses(bench.cloud)).toEqual(['error']);
    expect(bench.cloud.host('compute-3').guests.size).toBe(0);
  });
});
