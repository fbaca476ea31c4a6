import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { accept } from '#shared/ingest/accept.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { listParked } from '#shared/state/parked.ts';
import { anEvent, aPolicy, aService, type EventInput, HOST_KEY, seconds } from '#test/support/builders.ts';
import { aRecord, FakeClock, type FakeServices, fakeServices } from '#test/support/fakes.ts';

const policy = aPolicy({
  segments: [{ name: 'az1', hosts: { names: ['compute-1', 'compute-2'] } }],
  reporters: {
    monitor: { awsPrincipals: ['AROAEXAMPLEMONITOR', 'AIDAEXAMPLEUSER'], maxEventsPerMinute: 3 },
    agents: { awsPrincipals: ['AROAEXAMPLEHOSTS'], self: true },
    relay: {
      awsPrincipals: ['AROAEXAMPLERELAY'],
      relay: true,
      hosts: ['compute-1', 'compute-9'],
      maxEventsPerMinute: 2,
    },
  },
});
let services: FakeServices;

beforeEach(async () => {
  services = { ...fakeServices(policy), trustedSenders: { principals: ['AROAEXAMPLEOWN'] } };
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

const from = (senderId: string, input: EventInput = {}, extra: object = {}) =>
  aRecord({ ...anEvent(input), ...extra }, { senderId });
const handle = (...records: Parameters<typeof receiveHostEvent.handle>[1]) =>
  receiveHostEvent.handle(services, records);
const claims = async () => Object.keys((await loadHost(services.state, HOST_KEY))?.value.claims ?? {});
const parked = async () => Array.fromAsync(listParked(services.state));

describe('who sends', () => {
  it('is one reporter, whatever sources and identities it has', async () => {
    await handle(from('AROAEXAMPLEMONITOR:a', { source: '/a' }), from('AIDAEXAMPLEUSER', { source: '/b' }));
    expect(await claims()).toEqual(['monitor']);
  });

  it('can not speak in another name', async () => {
    await handle(from('AIDAEXAMPLEOTHER', { source: 'monitor' }, { reporter: 'monitor' }));
    expect(await claims()).toEqual(['aws:AIDAEXAMPLEOTHER']);
  });

  it('may be a host that speaks of itself, and of no other', async () => {
    await handle(from('AROAEXAMPLEHOSTS:compute-2', { type: 'host.up' }));
    expect(await claims()).toEqual([]);
    expect(await parked()).toMatchObject([{ because: 'it may speak of itself only', subject: 'reporter agents' }]);
    await handle(from('AROAEXAMPLEHOSTS:compute-1', { type: 'host.up' }));
    expect(await claims()).toEqual(['agents']);
  });

  it('fills no list with names of hosts that it may not speak of', async () => {
    const names = Array.from({ length: 20 }, (_, index) => ({ data: { host: `made-up-${index}` } }));
    await handle(...names.map((input) => from('AROAEXAMPLEHOSTS:compute-1', input)));
    expect(await parked()).toHaveLength(1);
  });

  it('keeps its name when its report of a host that nobody knows yet is sent again', async () => {
    const forged = { reporter: 'monitor' };
    await handle(from('AIDAEXAMPLEOTHER', { source: 'aws:AIDAEXAMPLEOTHER', data: { host: 'compute-9' } }, forged));
    services.cloud.services = [...services.cloud.services, aService({ host: 'compute-9' })];
    await mirrorInventory(services);
    expect(services.outbox.sent.map(({ message }) => message)).toMatchObject([{ reporter: 'aws:AIDAEXAMPLEOTHER' }]);
  });
});

describe('a relay', () => {
  it('brings the words of many, within its own scope and its own limit, and takes nobody’s name', async () => {
    const through = (source: string, host = 'compute-1') =>
      from('AROAEXAMPLERELAY:x', { source, data: { host } }, { relay: 'none' });
    await handle(through('/a'), through('nova'), through('/a', 'compute-2'), through('/b'), through('/c'));
    expect(await claims()).toEqual(['/a', '/b']);
    const refusals = (await parked()).map(({ because, subject, count }) => ({ because, subject, count }));
    expect(refusals.toSorted((a, b) => a.because.localeCompare(b.because))).toEqual([
      { because: 'it may not speak in the name of another reporter', subject: 'reporter relay', count: 1 },
      { because: 'it may speak of compute-1, compute-9 only', subject: 'reporter relay', count: 1 },
      { because: 'it says more than 2 events a minute', subject: 'reporter relay', count: 1 },
    ]);
  });

  it('still answers for a report of a host that nobody knew, when that is sent again', async () => {
    await handle(from('AROAEXAMPLERELAY:x', { source: '/a', data: { host: 'compute-9' } }));
    services.cloud.services = [...services.cloud.services, aService({ host: 'compute-9' })];
    await mirrorInventory(services);
    expect(services.outbox.sent.map(({ message }) => message)).toMatchObject([{ reporter: '/a', relay: 'relay' }]);
  });

  it('is nobody who only says so, to salvor’s endpoint or to the queue', async () => {
    const forged = { relay: 'relay' };
    const early = from('AIDAEXAMPLEOTHER', { source: 'aws:AIDAEXAMPLEOTHER', data: { host: 'compute-9' } }, forged);
    await handle(early);
    services.cloud.services = [...services.cloud.services, aService({ host: 'compute-9' })];
    await mirrorInventory(services);
    const [again] = services.outbox.take().map(({ message }) => message);
    expect(again).toMatchObject({ reporter: 'aws:AIDAEXAMPLEOTHER' });
    expect(again).not.toHaveProperty('relay');
    const door = { ...services, throttle: throttle(services.clock) };
    await accept(door, { name: 'monitor', host: null }, [{ ...anEvent(), ...forged }]);
    const [sent] = services.outbox.take().map(({ message }) => message);
    expect(sent).toMatchObject({ reporter: 'monitor' });
    expect(sent).not.toHaveProperty('relay');
  });
});

describe('a flood', () => {
  it('of one reporter is cut and shown; others are heard, and so is that the host is up', async () => {
    const flood = Array.from({ length: 5 }, (_, index) =>
      from('AIDAEXAMPLEUSER', { type: 'host.down', atMs: services.clock.nowMs + index }),
    );
    await handle(...flood);
    expect(await parked()).toMatchObject([
      { because: 'it says more than 3 events a minute', subject: 'reporter monitor', count: 2 },
    ]);
    const up = { type: 'host.up', atMs: services.clock.nowMs + seconds(1) } as const;
    await handle(from('AIDAEXAMPLEOTHER'), from('AIDAEXAMPLEUSER', up));
    const host = await loadHost(services.state, HOST_KEY);
    expect(host?.value.claims).toMatchObject({ monitor: { says: 'up' }, 'aws:AIDAEXAMPLEOTHER': { says: 'down' } });
  });
});

describe('words that a host is up', () => {
  // With the first word the policy goes on record.
  beforeEach(() => handle(from('AIDAEXAMPLEOTHER', { type: 'host.up', data: { host: 'compute-2' } })));

  const ups = (count: number, everyMs = 10, input: EventInput = {}) =>
    Array.from({ length: count }, (_, index) => {
      const atMs = services.clock.nowMs + index * everyMs;
      return { sentAtMs: atMs, event: anEvent({ type: 'host.up', atMs, ...input }) };
    });
  /** One after the other, as they come. */
  async function tell(all: ReturnType<typeof ups>, senderId = 'AIDAEXAMPLEUSER', extra: object = {}): Promise<void> {
    for (const { sentAtMs, event } of all) {
      services.clock.nowMs = sentAtMs;
      await handle(aRecord({ ...event, ...extra }, { senderId, sentAtMs }));
    }
  }
  const writes = async (work: () => Promise<void>) => (await services.state.counted(work)).writes;

  it('are accepted by HTTP too, however many; and others only as many as the policy says', async () => {
    const door = { ...services, throttle: throttle(services.clock) };
    const events = ups(9).map(({ event }) => event);
    const alive = [...events, anEvent({ type: 'host.heartbeat' })];
    const monitor = { name: 'monitor', host: null };
    expect(await accept(door, monitor, alive)).toEqual({ accepted: 10, refused: [], tooMany: false });
    const downs = Array.from({ length: 5 }, () => anEvent());
    expect(await accept(door, monitor, downs)).toMatchObject({ accepted: 3, tooMany: true });
  });

  it('of one who says too many are written once a minute while nobody doubts the host', async () => {
    expect(await writes(() => tell(ups(200)))).toBe(3);
    expect(await writes(() => tell(ups(100, seconds(3))))).toBeLessThanOrEqual(20);
    expect(await parked()).toEqual([]);
  });

  it('of one who keeps to its limit are all written: a down from between two of them must meet the newer', async () => {
    expect(await writes(() => tell(ups(10), 'AIDAEXAMPLEOTHER'))).toBe(10);
  });

  it('end a suspicion, however many were said before', async () => {
    await tell(ups(50));
    services.clock.nowMs += seconds(1);
    await handle(from('AIDAEXAMPLEOTHER', { atMs: services.clock.nowMs }));
    expect((await loadHost(services.state, HOST_KEY))?.value.incident?.status).toBe('suspected');
    await tell(ups(1, 0, { atMs: services.clock.nowMs + 1 }));
    expect((await loadHost(services.state, HOST_KEY))?.value.incident).toBeNull();
  });

  it('are counted once: what the endpoint has let in is not thrown away behind it', async () => {
    const downs = Array.from({ length: 9 }, (_, index) =>
      from('AROAEXAMPLEOWN:x', { atMs: services.clock.nowMs + index }, { reporter: 'monitor' }),
    );
    await handle(...downs);
    expect(await parked()).toEqual([]);
    expect(await writes(() => tell(ups(50, 10), 'AROAEXAMPLEOWN:x', { reporter: 'monitor' }))).toBeLessThan(50);
  });
});

describe('the allowance of a minute', () => {
  const clock = new FakeClock();
  const counted = throttle(clock);
  it('is taken at once, or as it comes back, and belongs to nobody else', () => {
    expect(counted.take('a', 50, 60)).toBe(50);
    expect(counted.take('a', 50, 60)).toBe(10);
    expect(counted.take('a', 1, 60)).toBe(0);
    expect(counted.take('b', 1, 60)).toBe(1);
    clock.nowMs += seconds(2);
    expect(counted.take('a', 9, 60)).toBe(2);
    clock.nowMs += seconds(3600);
    expect(counted.take('a', 100, 60)).toBe(60);
  });

  it('is forgotten of those who were silent longest, so that names cost no memory', () => {
    counted.take('first', 60, 60);
    for (let other = 0; other < 10_000; other += 1) counted.take(`name-${other}`, 1, 60);
    expect(counted.take('first', 60, 60)).toBe(60);
  });
});
