import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
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
