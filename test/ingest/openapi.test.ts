/** The OpenAPI document names every route of the server, and whatever the server answers is of the form it gives. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { ingestApp } from '#shared/ingest/app.ts';
import type { TokenOwner } from '#shared/ports.ts';
import { anEvent } from '#test/support/builders.ts';
import { fakeIngest, fakeSecrets } from './support.ts';

const owner: TokenOwner = {
  user: { id: 'u1', name: 'admin', domain: { id: 'default', name: 'Default' } },
  projectId: 'a1b2',
  isSystem: false,
  roles: ['admin'],
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};
const services = {
  ...fakeIngest(
    { reporters: { monitor: { token: 'monitor', maxEventsPerMinute: 1_000_000 } } },
    fakeSecrets({ monitor: { token: 'secret-of-monitor' } }),
  ),
  tokens: {
    uri: async () => 'https://keystone.example/v3',
    signIn: async () => undefined,
    check: async (token: string) => (token === 'good' ? owner : undefined),
  },
};
const app = ingestApp(services);

beforeAll(() => mirrorInventory(services));
afterAll(() => services.state.close());

const response = z.looseObject({
  content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional(),
});
const operation = z.looseObject({
  responses: z.record(z.string(), response),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
});
const METHODS = ['get', 'post', 'put', 'delete'] as const;
const documentForm = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.looseObject(Object.fromEntries(METHODS.map((method) => [method, operation.optional()]))),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});
const document = documentForm.parse(await (await app.request('/openapi.json')).json());
const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => (item[method] === undefined ? [] : [{ method: method.toUpperCase(), path }])),
);

/** As Hono writes it, without the project that may stand in a Masakari path. */
const templateOf = (path: string): string =>
  path
    .replace('/:project{[0-9a-f-]+}', '')
    .replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
    .replace(/(.)\/$/, '$1');

it('names every route of the server, and no other', () => {
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${templateOf(path)}`);
  expect(documented.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...new Set(served)].sort());
});

/** The schema of what comes back with this status. */
function schemaOf(path: string, method: string, status: number, type: string): z.ZodType | undefined {
  const { responses = {} } = document.paths[path]?.[method.toLowerCase() as 'get'] ?? {};
  const found = responses[String(status)] ?? responses[`${Math.floor(status / 100)}XX`];
  expect(found, `${method} ${path} answers ${status}, of which the document says nothing`).toBeDefined();
  const schema = found?.content?.[type]?.schema;
  if (found?.content !== undefined && status !== 204)
    expect(Object.keys(found.content), `${method} ${path} answers ${status} as ${type}`).toContain(type);
  return schema && z.fromJSONSchema({ ...resolved(schema), components: document.components } as never);
}

const resolved = (schema: Record<string, unknown>): Record<string, unknown> =>
  typeof schema.$ref === 'string' ? (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema;

interface Ask {
  readonly body: string | undefined;
  readonly type: string | undefined;
  readonly auth: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly query: string;
}

async function ask({ method, path }: { method: string; path: string }, { body, type, auth, names, query }: Ask) {
  let next = 0;
  const url = path.replace(/\{\w+\}/g, () => {
    next += 1;
    return encodeURIComponent(names[next % names.length] ?? 'x');
  });
  const answer = await app.request(`${url}${query}`, {
    method,
    headers: { ...auth, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(method === 'GET' || body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  const answered = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  expect(answer.status, `${method} ${url}: ${text}`).toBeLessThan(500);
  const schema = schemaOf(path, method, answer.status, answered);
  if (schema !== undefined && text !== '') expect(schema.safeParse(JSON.parse(text)).error, text).toBeUndefined();
  return answer.status;
}

const GOOD = { authorization: 'Bearer secret-of-monitor', 'x-auth-token': 'good' };
const event = anEvent();
const notification = {
  notification: {
    type: 'COMPUTE_HOST',
    hostname: 'compute-1',
    generated_time: '2026-11-21T12:00:00.000000',
    payload: { event: 'STOPPED', host_status: 'NORMAL', cluster_status: 'OFFLINE' },
  },
};
const bodies = fc.oneof(
  fc.constant(JSON.stringify(event)),
  fc.constant(JSON.stringify([event])),
  fc.constant(JSON.stringify(notification)),
  fc.json(),
  fc.string(),
  fc.jsonValue().map((value) => JSON.stringify({ ...event, data: value })),
  fc.jsonValue().map((value) => JSON.stringify({ notification: value, segment: value, host: value })),
  fc
    .dictionary(fc.constantFrom('segment', 'host', 'notification', 'alerts', 'version', 'data'), fc.jsonValue())
    .map((each) => JSON.stringify(each)),
);
const asks: fc.Arbitrary<Ask> = fc.record({
  body: fc.option(bodies, { nil: undefined }),
  type: fc.option(
    fc.oneof(
      fc.constantFrom(
        'application/json',
        'application/cloudevents+json',
        'application/cloudevents-batch+json',
        'text/plain',
      ),
      fc.stringMatching(/^[\x20-\x7e]*$/),
    ),
    { nil: undefined },
  ),
  auth: fc.constantFrom(GOOD, GOOD, GOOD, {}, { authorization: 'Bearer x', 'x-auth-token': 'x' }),
  names: fc.array(
    fc.oneof(
      fc.constantFrom('alertmanager', 'consul', 'zabbix', 'az1', 'compute-1'),
      fc.uuid(),
      fc.stringMatching(/^[^/.]+$/),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  query: fc.oneof(
    fc.constant(''),
    fc.webQueryParameters().map((text) => `?${text}`),
    fc.constantFrom('?limit=1', '?limit=-1', '?marker=x', '?sort_key=id&sort_dir=up', '?generated-since=yesterday'),
  ),
});

describe('whatever is asked, the answer is of the form that the document gives, and never 5xx', () => {
  it.each(documented)('$method $path', { timeout: 120_000 }, async (route) => {
    await fc.assert(
      fc.asyncProperty(asks, async (each) => {
        await ask(route, each);
      }),
      { numRuns: 60 },
    );
    expect(services.lines.filter(({ level, message }) => level === 'error' && /failed$/.test(message))).toEqual([]);
  });

  it('takes what is right', async () => {
    const right = { type: 'application/json', auth: GOOD, names: ['alertmanager'], query: '' };
    expect(await ask({ method: 'POST', path: '/v1/events' }, { ...right, body: JSON.stringify(event) })).toBe(202);
    expect(
      await ask(
        { method: 'POST', path: '/v1/notifications' },
        { ...right, body: JSON.stringify(notification).replace('compute-1', 'compute-2') },
      ),
    ).toBe(202);
  });
});
