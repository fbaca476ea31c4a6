/** Whatever is sent: no answer is a 5xx, what is answered with 202 is in the queue, and nothing else is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hostEvent } from '#events/host-event.ts';
import { check } from '#shared/ingest/masakari/json-schema.ts';
import { inPython } from '#shared/ingest/masakari/python.ts';
import { createNotification } from '#shared/ingest/masakari/schemas.ts';
import { inMicros, parseTime } from '#shared/ingest/masakari/times.ts';
import { aPolicy, NOW_MS } from '#test/support/builders.ts';
import { masakariWorld, obeying } from './support.ts';

const RUNS = 300;
const policy = () => aPolicy({ masakari: { segmentDefaults: {} } }, { hosts: { names: ['compute-1'] } });
const world = await masakariWorld(policy());
obeying(world);
const made = await world.ask('POST', '/v1/segments', {
  body: { segment: { name: 'made', recovery_method: 'auto', service_type: 'COMPUTE' } },
});
const reported = await world.notify();
const segment = made.body.segment.uuid;
const notification = reported.body.notification.notification_uuid;
world.services.outbox.take();

const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant({ __proto__: null }));
const word = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }));
/** A value that is right with one part of it replaced, taken away, or added to. */
function mutated(value: object): fc.Arbitrary<unknown> {
  const keys = Object.keys(value);
  return fc.oneof(
    fc.constant(value),
    fc.tuple(fc.constantFrom(...keys), json).map(([key, other]) => ({ ...value, [key]: other })),
    fc.constantFrom(...keys).map((gone) => Object.fromEntries(Object.entries(value).filter(([key]) => key !== gone))),
    fc.tuple(word, json).map(([key, more]) => ({ ...value, [key]: more })),
    json,
  );
}
const plain = fc.stringMatching(/^[A-Za-z_ -]{1,20}$/);
const started = fc.constantFrom('STARTED', 'STOPPED');
/** As monitors send them, with words of their own. */
const good = fc
  .oneof(
    fc.record({
      type: fc.constant('COMPUTE_HOST'),
      payload: fc.record(
        {
          event: started,
          host_status: fc.constantFrom('NORMAL', 'UNKNOWN'),
          cluster_status: fc.constantFrom('ONLINE', 'OFFLINE'),
        },
        { requiredKeys: ['event'] },
      ),
    }),
    fc.record({ type: fc.constant('PROCESS'), payload: fc.record({ event: started, process_name: plain }) }),
    fc.record({
      type: fc.constant('VM'),
      payload: fc.record({ event: plain, vir_domain_event: plain, instance_uuid: fc.uuid() }),
    }),
  )
  .chain((said) =>
    fc
      .tuple(fc.constantFrom('compute-1', 'compute-2', 'compute-3', 'ghost'), fc.nat({ max: 6e9 }))
      .map(([hostname, ms]) => ({ ...said, hostname, generated_time: new Date(NOW_MS - ms).toISOString() })),
  );
const notifications = fc.oneof(
  good,
  good.chain((each) => mutated(each)),
  good.chain((each) => mutated(each.payload).map((payload) => ({ ...each, payload }))),
);

it('a notification is in the queue when it is answered with 202, and only then', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(notifications, async (sent) => {
      const { status, body } = await world.ask('POST', '/v1/notifications', { body: { notification: sent } });
      expect([202, 400, 409]).toContain(status);
      const queued = world.services.outbox.take().map(({ message }) => message);
      if (status !== 202) {
        expect(queued).toEqual([]);
        return;
      }
      taken += 1;
      expect(queued).toHaveLength(1);
      for (const event of queued) expect(hostEvent.safeParse(event).error).toBeUndefined();
      const kept = await world.ask('GET', `/v1/notifications/${body.notification.notification_uuid}`);
      expect(kept.body.notification.id).toBe(body.notification.id);
    }),
    { numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 10);
});

const paths = fc.oneof(
  fc.constantFrom(
    '/v1/notifications',
    `/v1/notifications/${notification}`,
    `/v1/notifications/${notification}/vmoves`,
    '/v1/segments',
    `/v1/segments/${segment}`,
    `/v1/segments/${segment}/hosts`,
  ),
  fc
    .tuple(fc.constantFrom('/v1/', '/v1/segments/', `/v1/segments/${segment}/hosts/`, '/'), word)
    .map(([path, more]) => path + encodeURIComponent(more.toWellFormed())),
);
const queries = fc
  .dictionary(
    fc.constantFrom(
      'limit',
      'marker',
      'sort_key',
      'sort_dir',
      'status',
      'enabled',
      'reserved',
      'generated-since',
      'type',
    ),
    fc.oneof(
      word,
      fc.constantFrom('0', '1', '-1', '1e9', 'asc', 'id', 'created_at', 'NaN', '9'.repeat(40), '2026-11-21'),
    ),
  )
  .map((query) => new URLSearchParams(query).toString());
const bodies = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  word,
  mutated({ name: 'x', recovery_method: 'auto', service_type: 'COMPUTE', enabled: true }).map((sent) =>
    JSON.stringify({ segment: sent }),
  ),
  mutated({ name: 'compute-3', type: 'COMPUTE', control_attributes: 'SSH', reserved: 'no' }).map((sent) =>
    JSON.stringify({ host: sent }),
  ),
);

it('no request is answered with a 5xx', async () => {
  const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE');
  const versions = fc.oneof(fc.constantFrom('1.0', '1.2', '1.3', 'latest'), fc.stringMatching(/^[0-9. a-z,-]{0,12}$/));
  const types = fc.constantFrom('application/json', 'text/plain', 'application/json; charset=x', 'x');
  await fc.assert(
    fc.asyncProperty(
      methods,
      paths,
      queries,
      bodies,
      versions,
      types,
      async (method, path, query, text, version, type) => {
        const withBody = method === 'POST' || method === 'PUT';
        const { status } = await world.ask(method, `${path}?${query}`, {
          version,
          ...(withBody ? { text, headers: { 'content-type': type } } : {}),
        });
        expect([method, path, status]).toEqual([method, path, expect.toSatisfy((code: number) => code < 500)]);
      },
    ),
    { numRuns: RUNS * 3 },
  );
});

it('a body of any bytes is judged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
      const { status } = await world.ask('POST', '/v1/notifications', { text: new Uint8Array(bytes) });
      expect(status).toBe(400);
    }),
    { numRuns: RUNS },
  );
});

it('a value of any form is shown, and not too long', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(inPython(value).length).toBeLessThanOrEqual(1001);
      expect(() => check(createNotification, value)).toThrow();
    }),
    { numRuns: RUNS },
  );
});

it('a time that was understood is written as the same moment', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 999 }),
      fc.integer({ min: -14 * 60, max: 14 * 60 }),
      (date, micros, offset) => {
        const shifted = new Date(date.getTime() + offset * 60_000);
        fc.pre(shifted.getTime() >= 0 && shifted.getUTCFullYear() < 10_000);
        const [sign, size] = [offset < 0 ? '-' : '+', Math.abs(offset)];
        const zone = `${sign}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
        const text = `${shifted.toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}${zone}`;
        const parsed = parseTime(text);
        expect(parsed).toBe(BigInt(date.getTime()) * 1000n + BigInt(micros));
        expect(parseTime(inMicros(parsed ?? -1n))).toBe(parsed);
      },
    ),
    { numRuns: RUNS },
  );
});

it.each([
  '',
  'noon',
  '2026-13-01',
  '2026-02-30',
  '2026-11-21T25:00',
  '2026-11-21T12:60:00',
  '1969-12-31',
  '2026-11-21T12:00+99',
])('"%s" is no time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});
