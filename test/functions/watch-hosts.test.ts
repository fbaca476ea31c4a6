import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WatchHosts } from '#events/watch-hosts.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { sweep } from '#functions/sweep.ts';
import { watchHosts } from '#functions/watch-hosts.ts';
import { RetryableError } from '#shared/errors.ts';
import { loadWatch } from '#shared/state/watch.ts';
import { aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aProcessEvent } from '#test/support/instances.ts';

const policy = (everySeconds: number) =>
  aPolicy({
    watch: { everySeconds },
    segments: [{ name: 'az1', hosts: { names: ['compute-1', 'compute-2', 'compute-3'] } }],
  });
let services: FakeServices;

beforeEach(async () => {
  services = fakeServices(policy(5));
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

const look = (atMs = services.clock.nowMs) =>
  watchHosts.handle(services, [aRecord({ type: 'watch-hosts', version: 1, atMs } satisfies WatchHosts)]);
const lastReport = (host: string, atMs: number) => {
  services.cloud.services = services.cloud.services.map((each) =>
    each.host === host ? { ...each, lastReportAtMs: atMs } : { ...each, lastReportAtMs: services.clock.nowMs },
  );
};
const said = () => services.outbox.take().map(({ message }) => message);

it('says nothing, writes nothing and reads little while all report', async () => {
  await look();
  const { reads, writes } = await services.state.counted(() => look());
  // The leases, whether heartbeats are heard, and whom Nova has been silent about.
  expect({ reads, writes, said: said() }).toEqual({ reads: 3, writes: 0, said: [] });
});

it('notes once a minute that it looks, and how young Nova’s newest report is', async () => {
  const noted = async () => (await loadWatch(services.state)).value.looked;
  for (let second = 0; second < 65; second += 5) {
    services.clock.nowMs = NOW_MS + seconds(second);
    lastReport('compute-2', NOW_MS + seconds(second - 3));
    await look();
    const noteMs = NOW_MS + (second < 60 ? 0 : seconds(60));
    expect(await noted()).toEqual({ atMs: noteMs, newestReportAtMs: noteMs });
  }
});

it('says that a silent host is down, by salvor’s clock, and that it is up when it reports again', async () => {
  lastReport('compute-2', NOW_MS - seconds(40));
  await look();
  expect(said()).toMatchObject([
    { type: 'host.down', reporter: 'nova', source: '/salvor/watch-hosts', time: new Date(NOW_MS).toISOString() },
  ]);
  await look();
  expect(said()).toEqual([]);
  services.clock.nowMs += seconds(60);
  lastReport('compute-2', services.clock.nowMs - seconds(4));
  await look();
  expect(said()).toMatchObject([{ type: 'host.up', time: new Date(NOW_MS + seconds(56)).toISOString() }]);
  await look();
  expect(said()).toEqual([]);
});

it('says nothing of anybody while the message bus is away, and forgets nobody whom it had accused', async () => {
  lastReport('compute-2', NOW_MS - seconds(40));
  await look();
  expect(said()).toMatchObject([{ data: { host: 'compute-2' } }]);
  services.clock.nowMs += seconds(120);
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'down' }));
  await look();
  expect(said()).toEqual([]);
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
  lastReport('compute-2', services.clock.nowMs - seconds(4));
  await look();
  expect(said()).toMatchObject([{ type: 'host.up', data: { host: 'compute-2' } }]);
});

it('says it again when nobody knows whether it was heard', async () => {
  lastReport('compute-2', NOW_MS - seconds(40));
  services.outbox.faults.plan('fails-afterwards');
  expect(await look()).toHaveLength(1);
  await look();
  expect(said().map(({ type }) => type)).toEqual(['host.down', 'host.down']);
});

it('goes back to its queue when Nova does not answer, and says nothing of any host', async () => {
  services.cloud.compute.services = () => Promise.reject(new RetryableError('Nova is away'));
  expect(await look()).toHaveLength(1);
  expect(said()).toEqual([]);
});

it('leaves out a look that comes too late', async () => {
  lastReport('compute-2', NOW_MS - seconds(40));
  await look(NOW_MS - seconds(31));
  expect(said()).toEqual([]);
});

it('lets another look say it that was faster', async () => {
  lastReport('compute-2', NOW_MS - seconds(40));
  services.state.faults.plan('conflicts');
  expect(await look()).toEqual([]);
});

it.each([
  [5, 12, 55],
  [7, 9, 56],
  [60, 1, 0],
  [0, 0, undefined],
])('is asked for by each sweep, every %d s of the minute to come', async (everySeconds, count, last) => {
  services = fakeServices(policy(everySeconds));
  await sweep(services);
  const looks = services.outbox.sent.filter(({ message }) => message.type === 'watch-hosts');
  expect(looks).toHaveLength(count);
  expect(looks.at(-1)?.delaySeconds).toBe(last);
  for (const { message, delaySeconds } of looks)
    expect(message).toMatchObject({ atMs: services.clock.nowMs + seconds(delaySeconds) });
});

it('says nothing of a host whose nova-compute is being started again, until that has had its time', async () => {
  const processRecovery = { restart: ['nova-compute'], worker: 'edge-1', restartAttempts: 2, restartEverySeconds: 30 };
  const hosts = { names: ['compute-1', 'compute-2', 'compute-3'] };
  const restarting: FakeServices = {
    ...services,
    policy: aPolicy({ watch: { everySeconds: 5 }, segments: [{ name: 'az1', hosts, processRecovery }] }),
  };
  const stopped = aProcessEvent('down', 'nova-compute', { atMs: NOW_MS });
  await receiveHostEvent.handle(restarting, [aRecord(stopped)]);
  said();

  const lookAt = async (second: number) => {
    services.clock.nowMs = NOW_MS + seconds(second);
    lastReport('compute-1', NOW_MS - seconds(40));
    await watchHosts.handle(restarting, [aRecord({ type: 'watch-hosts', version: 1, atMs: services.clock.nowMs })]);
    return said().map(({ type }) => type);
  };
  expect(await lookAt(0)).toEqual([]);
  expect(await lookAt(89)).toEqual([]);
  expect(await lookAt(90)).toEqual(['host.down']);
});
