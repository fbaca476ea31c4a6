import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { lookForSilence } from '#shared/shell/look-for-silence.ts';
import { loadHearing, loadLease, loadLeases } from '#shared/state/heartbeats.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { listParked } from '#shared/state/parked.ts';
import { anEvent, aPolicy, type EventInput, HOST_KEY, NOW_MS, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const HOSTS = ['compute-1', 'compute-2', 'compute-3'];
const policy = aPolicy({}, { graceSeconds: 30 });
const REGION = { cloud: 'default', region: 'RegionOne' };
let services: FakeServices;

beforeEach(async () => {
  services = fakeServices(policy);
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

const nowMs = () => services.clock.now();
const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
const leaseNow = async (host = 'compute-1') => (await loadLease(services.state, REGION, host))?.value;

async function tell(input: EventInput, { sentAtMs = nowMs(), receives = 1 } = {}): Promise<void> {
  const event = anEvent({ atMs: nowMs(), ...input });
  expect(await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs, receives })])).toEqual([]);
}
const beat = (host = 'compute-1', atMs = nowMs()) =>
  tell({ type: 'host.heartbeat', source: `/itself/${host}`, atMs, data: { host } });

/** So many seconds in which these hosts beat every ten, and silence is looked for every five; `compute-1` by a clock of its own. */
async function pass(forSeconds: number, hosts: readonly string[] = HOSTS, aheadSeconds = 0): Promise<void> {
  for (let after = 0; after < forSeconds; after += 5) {
    services.clock.nowMs += seconds(5);
    const aheadOf = (host: string) => seconds(host === 'compute-1' ? aheadSeconds : 0);
    if (after % 10 === 5) for (const host of hosts) await beat(host, nowMs() + aheadOf(host));
    await lookForSilence(services);
  }
}
const silencesSaid = () =>
  services.outbox.take().flatMap(({ message }) => (message.type === 'host.down' ? [message] : []));

describe('a heartbeat of a host that nobody doubts', () => {
  it('is one read and no write until half of the lease is over', async () => {
    await beat();
    expect(await leaseNow()).toMatchObject({ beatAtMs: NOW_MS, reporter: '/itself/compute-1' });
    services.clock.nowMs += seconds(3);
    expect(await services.state.counted(() => beat())).toEqual({ reads: 1, writes: 0 });
    services.clock.nowMs += seconds(27);
    await beat();
    expect(await leaseNow()).toMatchObject({ beatAtMs: NOW_MS + seconds(30) });
    expect(await hostNow()).toBeUndefined();
  });

  it('costs no write of the host in an hour, and leaves no record', async () => {
    await pass(3600);
    expect(await hostNow()).toBeUndefined();
    expect(silencesSaid()).toEqual([]);
    expect(services.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('counts all the same when somebody says down of a moment before it', async () => {
    await beat();
    services.clock.nowMs += seconds(5);
    await tell({ atMs: NOW_MS - seconds(1) });
    expect(await hostNow()).toMatchObject({ incident: null, claims: { '/itself/compute-1': { says: 'up' } } });
    await tell({ atMs: NOW_MS + seconds(1) });
    expect((await hostNow())?.incident?.status).toBe('suspected');
  });

  it('is waited for a quarter of the timeout before anything is decided, however short the grace period', async () => {
    services.state.close();
    services = fakeServices(aPolicy({}, { graceSeconds: 0 }));
    await mirrorInventory(services);
    await beat();
    services.clock.nowMs += seconds(59);
    await tell({ source: '/monitor/b' });
    expect((await hostNow())?.incident).toMatchObject({ status: 'suspected', graceEndsAtMs: nowMs() + seconds(15) });
    services.clock.nowMs += seconds(1);
    await beat('compute-2');
    await tell({ data: { host: 'compute-2' }, atMs: nowMs() + 1 });
    services.clock.nowMs += seconds(600);
    await tell({ data: { host: 'compute-3' } });
    expect(services.outbox.take().map(({ delaySeconds }) => delaySeconds)).toEqual([15, 15, 0]);
  });

  it('ends a suspicion from before it although its lease is not due', async () => {
    await beat();
    await tell({ atMs: NOW_MS + seconds(1) });
    services.clock.nowMs += seconds(2);
    await beat();
    expect(await hostNow()).toMatchObject({ incident: null, lastIncident: { outcome: 'stood-down' } });
  });

  it('with a time that is not believed renews nothing, and is parked once, however often it comes', async () => {
    for (let count = 0; count < 10; count += 1) await beat('compute-1', nowMs() - seconds(1000));
    expect(await leaseNow()).toBeUndefined();
    expect(await Array.fromAsync(listParked(services.state))).toMatchObject([
      { subject: 'compute-1', because: 'the time of its heartbeats is not believed: compare its clock with ours' },
    ]);
    expect(await hostNow()).toBeUndefined();
  });
});

describe('a host whose clock is set back by ten minutes', () => {
  it('is not accused while it lives, and people hear of it; nor does its lease cost more than before', async () => {
    await pass(120);
    services.outbox.take();
    await pass(300, HOSTS, -600);
    expect(silencesSaid()).toEqual([]);
    expect(await hostNow()).toBeUndefined();
    const because = 'heartbeats come, but are older than the last one that counts: its clock went back';
    expect(services.lines).toContainEqual(expect.objectContaining({ fields: { hosts: ['compute-1'], because } }));
    const own = await services.state.counted(() => pass(240, HOSTS, -600));
    const usual = await services.state.counted(() => pass(240));
    expect(own.writes).toBeLessThanOrEqual(usual.writes);
  });
});

describe('a host whose heartbeats cease', () => {
  const OTHERS = HOSTS.slice(1);

  it('is said to be down between half a timeout and a whole one later, and within one look', async () => {
    for (const last of [0, 10, 20, 30, 40]) {
      services.state.close();
      services = fakeServices(policy);
      await mirrorInventory(services);
      await pass(120 + last);
      await pass(30, OTHERS);
      expect(silencesSaid()).toEqual([]);
      await pass(35, OTHERS);
      expect(silencesSaid()).toMatchObject([{ reporter: 'heartbeat', data: { host: 'compute-1' } }]);
    }
  });

  it('is said to be down again while it is silent, and not once it is heard again', async () => {
    await pass(120);
    await pass(365, OTHERS);
    expect(silencesSaid()).toHaveLength(2);
    await pass(600);
    expect(silencesSaid()).toEqual([]);
  });

  it('is recovered on that word alone, where one source suffices', async () => {
    await pass(120);
    await pass(65, OTHERS);
    const pipeline = new Pipeline(services);
    await pipeline.run();
    expect(services.cloud.count('power-off')).toBe(1);
    expect(await hostNow()).toMatchObject({
      claims: { heartbeat: { says: 'down' }, '/itself/compute-1': { says: 'up' } },
      lastIncident: { outcome: 'recovered' },
    });
  });

  it('ends the suspicion itself with its next heartbeat, by whatever clock it has', async () => {
    const behind = seconds(40);
    await pass(120, OTHERS);
    for (let after = 0; after < 120; after += 10) {
      services.clock.nowMs += seconds(10);
      for (const host of OTHERS) await beat(host);
      await beat('compute-1', nowMs() - behind);
    }
    await pass(65, OTHERS);
    const [said] = silencesSaid();
    expect(await receiveHostEvent.handle(services, [aRecord(said, { sentAtMs: nowMs() })])).toEqual([]);
    expect((await hostNow())?.incident?.status).toBe('suspected');
    services.clock.nowMs += 1;
    await beat('compute-1', nowMs() - behind);
    expect((await hostNow())?.incident).toBeNull();
  });

  it('is said again by the next look when the one before died between saying and writing it down', async () => {
    await pass(120);
    await pass(30, OTHERS);
    expect(silencesSaid()).toEqual([]);
    services.clock.nowMs += seconds(10);
    for (const host of OTHERS) await beat(host);
    services.state.faults.plan('fails');
    await expect(lookForSilence(services)).rejects.toThrow('planned');
    expect(silencesSaid()).toHaveLength(1);
    await lookForSilence(services);
    expect(silencesSaid()).toHaveLength(1);
    await lookForSilence(services);
    expect(silencesSaid()).toEqual([]);
  });

  it('is missed no more when Nova does not know it any more, or after a day', async () => {
    await pass(120);
    services.cloud.services = services.cloud.services.filter(({ host }) => host !== 'compute-1');
    await mirrorInventory(services);
    await pass(65, OTHERS);
    expect(silencesSaid()).toEqual([]);
    expect((await loadLeases(services.state, REGION)).map(({ value }) => value.host)).toEqual(OTHERS);
    services.clock.nowMs += seconds(86_460);
    await lookForSilence(services);
    expect(await loadLeases(services.state, REGION)).toEqual([]);
  });
});

describe('when salvor itself hears nothing', () => {
  it('nobody is accused, and the log says why, once a minute', async () => {
    await pass(120);
    await pass(600, []);
    expect(silencesSaid()).toEqual([]);
    const told = services.lines.filter(({ message }) => message === 'hosts are silent, and it is not said of them');
    expect(told[0]?.fields).toMatchObject({ hosts: expect.arrayContaining(['compute-1']) });
    expect(told.length).toBeLessThanOrEqual(11);
  });

  it('every lease starts anew once it hears again, and whoever stays silent then is said to be', async () => {
    await pass(120);
    await pass(300, []);
    await beat('compute-2');
    await pass(55, ['compute-2', 'compute-3']);
    expect(silencesSaid()).toEqual([]);
    await pass(10, ['compute-2', 'compute-3']);
    expect(silencesSaid()).toMatchObject([{ data: { host: 'compute-1' } }]);
  });

  it('since its queue is late, nobody is accused while what it reads is old', async () => {
    await pass(120);
    for (let after = 0; after < 300; after += 5) {
      services.clock.nowMs += seconds(5);
      const sentAtMs = nowMs() - seconds(120);
      for (const host of ['compute-2', 'compute-3'])
        await tell({ type: 'host.heartbeat', source: '/itself', atMs: sentAtMs, data: { host } }, { sentAtMs });
      await lookForSilence(services);
    }
    expect(silencesSaid()).toEqual([]);
    expect((await loadHearing(services.state, REGION))?.value.sinceMs).toBeGreaterThan(nowMs() - seconds(15));
  });
});
