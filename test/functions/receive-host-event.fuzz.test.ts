import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import type { HostState } from '#shared/domain/host.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { anEvent, aPolicy, HOST_KEY, NOW_MS } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

let services: FakeServices;
beforeAll(async () => {
  services = fakeServices(aPolicy());
  await mirrorInventory(services);
});
afterAll(() => services.state.close());

const good = anEvent();
/** An event of which any field may be anything. */
const anyField = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constant(undefined));
const nearlyGood = fc
  .record(
    {
      specversion: fc.oneof(fc.constant('1.0'), anyField),
      id: fc.oneof(fc.constant('event-1'), anyField),
      source: fc.oneof(fc.constantFrom('/a', '__proto__', 'constructor'), anyField),
      type: fc.oneof(fc.constantFrom('host.down', 'host.up', 'instance.down', '__proto__'), anyField),
      time: fc.oneof(
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        fc.integer({ min: NOW_MS - 1e6, max: NOW_MS + 1e5 }).map((ms) => new Date(ms).toISOString()),
        anyField,
      ),
      data: fc.oneof(
        fc.record(
          { host: fc.oneof(fc.constantFrom('compute-1', '__proto__'), fc.string({ unit: 'binary' })), cloud: anyField },
          { requiredKeys: ['host'] },
        ),
        fc.constant({ host: 'compute-1', __proto__: { polluted: true } }),
        anyField,
      ),
    },
    { requiredKeys: [] },
  )
  .map((fields) => JSON.stringify({ ...good, ...fields }));
const aBody = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), nearlyGood, fc.constant(JSON.stringify(good)));

describe('whatever is in the queue', () => {
  it('never fails the function, and only given records may come again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aBody, { maxLength: 10 }), async (bodies) => {
        const records = bodies.map((body) => aRecord(body));
        const failed = await receiveHostEvent.handle(services, records);
        // The store works, so that nothing has a reason to come again.
        expect(failed).toEqual([]);
        expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('leaves the host in a state that can be read, of a bounded size', async () => {
    const host = await loadHost(services.state, HOST_KEY);
    expect(Buffer.byteLength(JSON.stringify(host?.value satisfies HostState | undefined))).toBeLessThan(100_000);
  });

  it('comes again, and nothing else does, when the store fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aBody, { maxLength: 10 }), fc.nat({ max: 3 }), async (bodies, call) => {
        const records = bodies.map((body) => aRecord(body));
        services.state.faults.plan('fails', call);
        const failed = await receiveHostEvent.handle(services, records);
        const given = new Set(records.map((record) => record.messageId));
        expect(failed.filter((id) => !given.has(id))).toEqual([]);
        expect(new Set(failed).size).toBeLessThanOrEqual(records.length);
      }),
      { numRuns: 200 },
    );
  });
});
