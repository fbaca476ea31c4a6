import { describe, expect, test } from 'vitest';
import { deadHost, evacuate, openBench, setService, statuses } from './bench.ts';

const guestsOf = (ledger: readonly { host: string; what: string }[]): string[] =>
  ledger.map(({ host, what }) => `${host} ${what}`);

describe('an evacuation in the simulated cloud', () => {
  test('shows ACTIVE without a task on the old host before it is done', async () => {
    const bench = await openBench({ evacuationMs: 1000 });
    const id = await deadHost(bench);
    await evacuate(bench.admin, id);
    const seen = new Set<string>();
    for (let ms = 0; ms < 2000; ms += 20) {
      const { host, vmState, taskState } = bench.cloud.server(id);
      seen.add(`${host} ${vmState} ${taskState} ${statuses(bench.cloud).join()}`);
      bench.clock.advance(20);
    }
    expect([...seen]).toEqual([
      'compute-1 active rebuilding accepted',
      'compute-1 active rebuild_spawning pre-migrating',
      'compute-1 active null pre-migrating',
      'compute-2 active null done',
    ]);
  });

  test('of a host that was not fenced starts the guest twice, and the ledger says so', async () => {
    const bench = await openBench();
    const id = await deadHost(bench, { leaveGuestsRunning: true });
    await evacuate(bench.admin, id);
    bench.clock.advance(1000);
    expect(guestsOf(bench.cloud.ledger)).toEqual(['compute-1 on', 'compute-2 DOUBLE', 'compute-2 on']);
    expect(bench.cloud.ledger[1]).toMatchObject({ serverId: id, otherHost: 'compute-1' });
  });

  test('of a host that was powered off starts the guest once', async () => {
    const bench = await openBench();
    const id = await deadHost(bench, { leaveGuestsRunning: true });
    bench.cloud.powerOff('compute-1');
    await evacuate(bench.admin, id);
    bench.clock.advance(1000);
    expect(guestsOf(bench.cloud.ledger)).toEqual(['compute-1 on', 'compute-1 off', 'compute-2 on']);
  });

  test('leaves a guest behind that the old host destroys when it is back', async () => {
    const bench = await openBench();
    const id = await deadHost(bench, { leaveGuestsRunning: true });
    await evacuate(bench.admin, id);
    bench.clock.advance(1000);
    bench.cloud.powerOn('compute-1');
    expect([...bench.cloud.host('compute-1').guests]).toEqual([]);
    expect(statuses(bench.cloud)).toEqual(['completed']);
    expect(bench.cloud.host('compute-1').forcedDown).toBe(true);
    expect((await setService(bench, 'compute-1', { forced_down: false })).status).toBe(200);
  });

  test('is destroyed by a second one while it runs', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    expect((await evacuate(bench.admin, id)).status).toBe(200);
    expect((await evacuate(bench.admin, id)).status).toBe(200);
    bench.clock.advance(10_000);
    expect(bench.cloud.server(id)).toMatchObject({
      host: 'compute-1',
      vmState: 'error',
      taskState: 'rebuild_block_device_mapping',
    });
    expect(statuses(bench.cloud)).toEqual(['failed', 'accepted']);
  });

  test('is lost with its destination, and may be sent again', async () => {
    const bench = await openBench({ evacuationMs: 1000 });
    const id = await deadHost(bench);
    await evacuate(bench.admin, id, { host: 'compute-3' });
    bench.clock.advance(500);
    bench.cloud.powerOff('compute-3');
    bench.clock.advance(10_000);
    expect(bench.cloud.server(id)).toMatchObject({ host: 'compute-1', taskState: 'rebuild_spawning' });
    await evacuate(bench.admin, id);
    bench.clock.advance(10_000);
    expect(bench.cloud.server(id)).toMatchObject({ host: 'compute-2', vmState: 'active', taskState: null });
    expect(statuses(bench.cloud)).toEqual(['pre-migrating', 'done']);
  });

  test('of a stopped instance starts and stops its guest', async () => {
    const bench = await openBench();
    const [server] = bench.cloud.boot(1, { host: 'compute-1', state: 'stopped' });
    bench.cloud.killHost('compute-1');
    await setService(bench, 'compute-1', { forced_down: true });
    await evacuate(bench.admin, server?.id ?? '');
    bench.clock.advance(1000);
    expect(guestsOf(bench.cloud.ledger)).toEqual(['compute-2 on', 'compute-2 off']);
  });

  test('in a burst without targets lands on one host', async () => {
    const bench = await openBench();
    const servers = bench.cloud.boot(10, { host: 'compute-1' });
    bench.cloud.killHost('compute-1');
    await setService(bench, 'compute-1', { forced_down: true });
    bench.cloud.faults.set({ kind: 'evacuation-slow', delayMs: 1000 });
    for (const { id } of servers) await evacuate(bench.admin, id);
    bench.clock.advance(1_000_000);
    const places = new Map<string | null, number>();
    for (const { id } of servers) {
      const { host } = bench.cloud.server(id);
      places.set(host, (places.get(host) ?? 0) + 1);
    }
    expect(Math.max(...places.values())).toBeGreaterThanOrEqual(8);
  });

  test('waits its turn on a busy destination', async () => {
    const bench = await openBench({ rebuildsAtOncePerHost: 1, evacuationMs: 1000 });
    const servers = bench.cloud.boot(3, { host: 'compute-1' });
    bench.cloud.killHost('compute-1');
    await setService(bench, 'compute-1', { forced_down: true });
    for (const { id } of servers) await evacuate(bench.admin, id, { host: 'compute-2' });
    bench.clock.advance(600);
    expect(statuses(bench.cloud).sort()).toEqual(['accepted', 'accepted', 'pre-migrating']);
    bench.clock.advance(10_000);
    expect(statuses(bench.cloud)).toEqual(['done', 'done', 'done']);
  });

  test('goes nowhere while the server group forbids every host', async () => {
    const bench = await openBench({ hosts: 2 });
    const [one, two] = bench.cloud.boot(2, { host: 'compute-1' });
    bench.cloud.world.moveServer(bench.cloud.server(two?.id ?? ''), 'compute-2');
    bench.cloud.addServerGroup({ name: 'apart', policy: 'anti-affinity', members: [one?.id ?? '', two?.id ?? ''] });
    bench.cloud.killHost('compute-1');
    await setService(bench, 'compute-1', { forced_down: true });
    await evacuate(bench.admin, one?.id ?? '');
    bench.clock.advance(1000);
    expect(bench.cloud.server(one?.id ?? '')).toMatchObject({ vmState: 'error', host: 'compute-1' });
    expect(statuses(bench.cloud)).toEqual(['error']);
  });
});

describe('a compute service', () => {
  test('counts as down once its last report is old enough, or at once when forced down', async () => {
    const { cloud, clock } = await openBench({ serviceDownSeconds: 60 });
    const host = cloud.host('compute-1');
    cloud.killHost('compute-1');
    clock.advance(60_000);
    expect(cloud.world.serviceIsUp(host)).toBe(true);
    clock.advance(1);
    expect(cloud.world.serviceIsUp(host)).toBe(false);
    cloud.host('compute-2').forcedDown = true;
    expect(cloud.world.serviceIsUp(cloud.host('compute-2'))).toBe(false);
  });

  test('that died keeps its instances’ tasks and, at its start, shows lost guests as stopped', async () => {
    const { cloud, admin } = await openBench();
    const [one, two] = cloud.boot(2, { host: 'compute-1' });
    cloud.killHost('compute-1');
    await admin.send('compute', 'POST', `/servers/${one?.id}/action`, { json: { 'os-stop': null } });
    expect(cloud.server(one?.id ?? '').taskState).toBe('powering-off');
    cloud.powerOn('compute-1');
    expect(cloud.server(two?.id ?? '')).toMatchObject({ vmState: 'stopped', powerState: 4 });
  });
});

test('the same seed gives the same cloud', async () => {
  const [a, b, c] = [await openBench({ seed: 7 }), await openBench({ seed: 7 }), await openBench({ seed: 8 })];
  const ids = ({ cloud }: typeof a): string[] => cloud.hosts().map(({ serviceUuid }) => serviceUuid);
  expect(ids(a)).toEqual(ids(b));
  expect(ids(a)).not.toEqual(ids(c));
});
