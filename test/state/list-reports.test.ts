import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEventType } from '#events/host-event.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { anEvent, aPolicy, HOST_KEY, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

const policy = aPolicy({}, { reporters: { claimTtlSeconds: 7200 } });
let services: FakeServices;
beforeEach(async () => {
  services = fakeServices(policy);
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

async function tell(type: HostEventType, source: string, more: object = {}): Promise<void> {
  services.clock.nowMs += seconds(1);
  const event = anEvent({ source, atMs: services.clock.nowMs });
  const body = { ...event, type, data: { ...event.data, ...more } };
  expect(await receiveHostEvent.handle(services, [aRecord(body, { sentAtMs: services.clock.nowMs })])).toEqual([]);
}

describe('what is on record of reporters', () => {
  it('has those that speak neither of up nor of down, with what they said last', async () => {
    await tell('instance.down', 'probe', { instanceId: uuid(3, 1) });
    await tell('instance.down', 'probe', { instanceId: uuid(3, 2) });
    await tell('process.down', 'processes', { process: 'nova-compute' });
    await tell('host.down', '/monitor/a');
    await tell('host.dumping', 'kdump');
    const { asides } = await listReports(services.state);
    const of = (reporter: string, says: string, after: number) => ({
      reporter,
      host: 'compute-1',
      says,
      heardAtMs: NOW_MS + seconds(after),
    });
    expect(asides).toHaveLength(3);
    expect(asides).toEqual(
      expect.arrayContaining([
        of('probe', 'instance.down', 2),
        of('processes', 'process.down', 3),
        of('kdump', 'host.dumping', 5),
      ]),
    );
  });

  it('names the segment and the policy under which a host was judged last, with or without an incident', async () => {
    await tell('host.up', '/monitor/a');
    const { judgedBy } = await listReports(services.state);
    expect(judgedBy.get(HOST_KEY)).toEqual({ segment: 'az1', policy });
  });
});
