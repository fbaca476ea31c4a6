import { afterEach, beforeEach, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { anEvent, aPolicy } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

let services: FakeServices;
beforeEach(() => {
  services = fakeServices(aPolicy());
});
afterEach(() => services.state.close());

const report = (): Promise<unknown> => receiveHostEvent.handle(services, [aRecord(anEvent({ type: 'host.down' }))]);

it('sends the report of a host again that was not known when it came', async () => {
  await report();
  expect(services.outbox.take()).toEqual([]);
  await mirrorInventory(services);
  expect(services.outbox.take()).toMatchObject([{ message: { type: 'host.down', data: { host: 'compute-1' } } }]);
  await mirrorInventory(services);
  expect(services.outbox.take()).toEqual([]);
});

it('sends nothing for hosts of which nobody spoke', async () => {
  await mirrorInventory(services);
  expect(services.outbox.take()).toEqual([]);
});

it('sends it again when it died before that report was in its queue', async () => {
  await report();
  services.outbox.faults.plan('fails');
  await expect(mirrorInventory(services)).rejects.toThrow(/did not happen/);
  await mirrorInventory(services);
  expect(services.outbox.take()).toMatchObject([{ message: { type: 'host.down', data: { host: 'compute-1' } } }]);
  await mirrorInventory(services);
  expect(services.outbox.take()).toEqual([]);
});

it('leaves to another run what that has written first', async () => {
  await expect(Promise.all([mirrorInventory(services), mirrorInventory(services)])).resolves.toHaveLength(2);
});
