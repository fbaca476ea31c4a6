import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { listParked, type Parked } from '#shared/state/parked.ts';
import { anEvent, aPolicy, aService, type EventInput, HOST_KEY, iso, NOW_MS, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

const policy = aPolicy({
  segments: [{ name: 'az1', hosts: { names: ['compute-1', 'compute-2', 'compute-3'] } }],
});
let services: FakeServices;

beforeEach(async () => {
  services = fakeServices(policy);
  services.cloud.services = [...services.cloud.services, aService({ host: 'compute-9' })];
  await mirrorInventory(services);
  // The copy of the mirror that a process keeps is filled.
  await receiveHostEvent.handle(services, [aRecord(anEvent({ type: 'host.up', data: { host: 'compute-3' } }))]);
});
afterEach(() => services.state.close());

const handle = (...records: readonly SqsRecord[]) => receiveHostEvent.handle(services, records);
const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
async function parkedNow(): Promise<readonly Parked[]> {
  return Array.fromAsync(listParked(services.state));
}
const down = (input: EventInput = {}) => aRecord(anEvent(input));
const withData = (data: EventInput['data']) => down(data === undefined ? {} : { data });

describe('what nobody can act on is parked with the reason, and acknowledged', () => {
  const event = anEvent();
  const elsewhere = { host: 'compute-1', cloud: 'another-cloud' };
  it.each<[what: string, record: SqsRecord, because: RegExp, subject: string]>([
    ['text that is not JSON', aRecord('{"specversion": "1.0", '), /^the body is not JSON$/, 'host-events'],
    ['nothing at all', aRecord(''), /not JSON/, 'host-events'],
    ['JSON that is no object', aRecord('null'), /not a host event/, 'host-events'],
    ['another version of CloudEvents', aRecord({ ...event, specversion: '0.3' }), /specversion/, 'host-events'],
    ['another version of the data', withData({ schemaVersion: 2 as 1 }), /schemaVersion/, 'host-events'],
    ['an unknown type', aRecord({ ...event, type: 'host.exploded' }), /type/, 'host-events'],
    ['no host', aRecord({ ...event, data: {} }), /data\.host/, 'host-events'],
    ['a time that is none', aRecord({ ...event, time: 'yesterday' }), /time/, 'host-events'],
    ['a time without a zone', aRecord({ ...event, time: '2026-11-21T12:00:00' }), /time/, 'host-events'],
    ['a name of 256 characters', withData({ host: 'x'.repeat(256) }), /data\.host/, 'host-events'],
    ['an unknown host', withData({ host: 'no-such-host' }), /no compute service of this name/, 'no-such-host'],
    [
      'another cloud’s host of the same name',
      withData(elsewhere),
      /serves cloud default/,
      'another-cloud/RegionOne/compute-1',
    ],
    ['another region’s host', withData({ region: 'R2' }), /region RegionOne/, 'default/R2/compute-1'],
    ['a host outside every segment', withData({ host: 'compute-9' }), /no segment of the policy holds it/, 'compute-9'],
    ['100 kB', withData({ reason: 'x'.repeat(100_000) }), /at most 65536 are read/, 'host-events'],
    ['20,000 brackets', aRecord(`${'['.repeat(20_000)}${']'.repeat(20_000)}`), /not a host event/, 'host-events'],
    [
      'brackets inside an event',
      aRecord(`{"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      /not a host event/,
      'host-events',
    ],
  ])('%s', async (_, record, because, subject) => {
    expect(await handle(record)).toEqual([]);
    const [parked, ...others] = await parkedNow();
    expect(others).toEqual([]);
    expect(parked).toMatchObject({ because: expect.stringMatching(because), subject, count: 1 });
    expect(parked?.sample).toBe(record.body.slice(0, 1000));
    expect(await hostNow()).toBeUndefined();
    expect(services.outbox.sent).toEqual([]);
  });

  it('is one item for the same fault, counted once a minute: a flood stays small', async () => {
    const bad = () => withData({ host: 'no-such-host' });
    await handle(bad(), bad(), bad());
    const { writes } = await services.state.counted(() => handle(bad(), bad()));
    expect(writes).toBe(0);
    services.clock.nowMs += seconds(60);
    await handle(bad(), bad());
    expect(await parkedNow()).toMatchObject([{ count: 5 }]);
  });
});

describe('what is not believed is recorded with its host, and acknowledged', () => {
  it.each([
    ['far past', '1970-01-01T00:00:00Z'],
    ['far future', '9999-12-31T23:59:59.999Z'],
  ])('from the %s', async (_, time) => {
    expect(await handle(aRecord({ ...anEvent(), time }))).toEqual([]);
    expect(await hostNow()).toMatchObject({ claims: {}, incident: null, recordedEvents: [expect.any(String)] });
    expect(await parkedNow()).toEqual([]);
  });
});

describe('a batch', () => {
  it('costs one read of its host, one of its lease and one write, however many reports are in it', async () => {
    const batch = Array.from({ length: 10 }, (_, index) =>
      down({ source: `/monitor/${index % 4}`, atMs: NOW_MS + index }),
    );
    expect(await services.state.counted(() => handle(...batch))).toEqual({ reads: 2, writes: 1 });
    expect(Object.keys((await hostNow())?.claims ?? {})).toHaveLength(4);
  });

  it('of pure repeats costs no write, and sends nothing', async () => {
    const event = anEvent();
    await handle(aRecord(event));
    services.outbox.take();
    for (let batch = 0; batch < 100; batch += 1) {
      const repeats = Array.from({ length: 10 }, () => aRecord(event));
      expect(await services.state.counted(() => handle(...repeats))).toEqual({ reads: 1, writes: 0 });
    }
    expect(services.outbox.take()).toEqual([]);
  });

  it('about two hosts costs as much for each', async () => {
    const both = [down(), withData({ host: 'compute-2' }), down({ source: '/b' })];
    expect(await services.state.counted(() => handle(...both))).toEqual({ reads: 4, writes: 2 });
  });

  it('is not failed by one bad record, and fails only the host that could not be written', async () => {
    // Behind the policy, which is put on record with the first decision.
    services.state.faults.plan('fails', 1);
    const [one, other, bad] = [down(), withData({ host: 'compute-2' }), aRecord('nonsense')];
    expect(await handle(one, other, bad)).toEqual([one.messageId]);
    expect(services.outbox.take()).toHaveLength(1);
    expect(await parkedNow()).toHaveLength(1);
  });

  it('comes again whole when the store is away', async () => {
    for (const call of [0, 1]) services.state.faults.plan('fails', call);
    const records = [down(), aRecord('nonsense')];
    expect(new Set(await handle(...records))).toEqual(new Set(records.map((record) => record.messageId)));
  });

  it('that lost a race is decided again', async () => {
    services.state.faults.plan('conflicts');
    expect(await handle(down())).toEqual([]);
    expect((await hostNow())?.incident?.status).toBe('suspected');
  });
});

describe('a report that comes again', () => {
  const first = { type: 'confirm-host-down', version: 1, hostKey: HOST_KEY, tick: 0 };

  it('since its function died before it had sent, sends what the state asks for', async () => {
    const record = down();
    services.outbox.faults.plan('fails');
    expect(await handle(record)).toEqual([record.messageId]);
    expect(services.outbox.take()).toEqual([]);
    const again = { ...record, attributes: { ...record.attributes, ApproximateReceiveCount: '2' } };
    expect(await services.state.counted(() => handle(again))).toEqual({ reads: 1, writes: 0 });
    expect(services.outbox.take()).toMatchObject([{ message: first, delaySeconds: 180 }]);
  });

  it('does so as well together with news from another reporter', async () => {
    const record = down();
    services.outbox.faults.plan('fails');
    await handle(record);
    const again = { ...record, attributes: { ...record.attributes, ApproximateReceiveCount: '2' } };
    expect(await handle(again, down({ source: '/monitor/b' }))).toEqual([]);
    expect(services.outbox.take()).toMatchObject([{ message: first }]);
  });
});

describe('reports out of order', () => {
  it('come to what the newest says: up after down, and down before up', async () => {
    await handle(down({ atMs: NOW_MS - seconds(3) }));
    await handle(down({ type: 'host.up', atMs: NOW_MS - seconds(1) }));
    await handle(down({ atMs: NOW_MS - seconds(2) }));
    expect(await hostNow()).toMatchObject({ incident: null, claims: { '/monitor/a': { says: 'up' } } });
  });

  it('of two reporters that disagree come to what the later one saw', async () => {
    await handle(down({ atMs: NOW_MS - seconds(1) }));
    await handle(down({ type: 'host.up', source: '/monitor/b', atMs: NOW_MS - seconds(2) }));
    expect((await hostNow())?.incident?.status).toBe('suspected');
    await handle(down({ type: 'host.up', source: '/monitor/b', atMs: NOW_MS }));
    expect((await hostNow())?.incident).toBeNull();
  });

  it('may be as old as it takes them to come: the time is the reporter’s', async () => {
    await handle(aRecord({ ...anEvent(), time: iso(NOW_MS - seconds(600)) }, { sentAtMs: NOW_MS }));
    expect((await hostNow())?.claims['/monitor/a']).toMatchObject({ occurredAtMs: NOW_MS - seconds(600) });
  });
});
