import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { RetryableError } from '#shared/errors.ts';
import { ingestApp } from '#shared/ingest/app.ts';
import { hostToken } from '#shared/ingest/authenticate.ts';
import { listParked } from '#shared/state/parked.ts';
import { anEvent, seconds } from '#test/support/builders.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from './support.ts';

const records: Record<string, Record<string, string>> = {};
let services: FakeIngest;
let app: ReturnType<typeof ingestApp>;

beforeEach(async () => {
  Object.assign(records, {
    consul: { token: 'new-token-of-consul', previousToken: 'old-token-of-consul' },
    agents: { key: 'new-key-of-all-agents', previousKey: 'old-key-of-all-agents' },
    rack: { token: 'rack-token-of-rack-a' },
    empty: { password: 'x' },
    short: { token: 'fifteen-letters' },
  });
  const reporters = {
    consul: { token: 'consul', events: ['host.down' as const, 'host.up' as const], maxEventsPerMinute: 5 },
    agents: { hostTokens: 'agents', self: true },
    rack: { token: 'rack', segments: ['az1'] },
    broken: { token: 'empty' },
    missing: { token: 'no-such-secret' },
    short: { token: 'short' },
  };
  services = fakeIngest({ reporters }, fakeSecrets(records));
  await mirrorInventory(services);
  app = ingestApp(services);
});
afterEach(() => services.state.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const post = (
  body: unknown,
  headers: Record<string, string> = bearer('new-token-of-consul'),
  type = 'application/json',
) =>
  app.request('/v1/events', {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const sent = () => services.outbox.sent.map(({ message }) => message);

describe('a reporter is let in', () => {
  it.each([
    ['a token', bearer('new-token-of-consul'), 'consul', 'compute-1'],
    ['the token before, while tokens change', bearer('old-token-of-consul'), 'consul', 'compute-1'],
    ['a scheme in small letters', { authorization: 'bearer new-token-of-consul' }, 'consul', 'compute-1'],
    ['a token as a password', basic('anyone:new-token-of-consul'), 'consul', 'compute-1'],
    ['a token as a user without a password', basic('new-token-of-consul'), 'consul', 'compute-1'],
    ['the token of a host', bearer(hostToken('new-key-of-all-agents', 'compute-2')), 'agents', 'compute-2'],
    ['one made with the key before', bearer(hostToken('old-key-of-all-agents', 'compute-2')), 'agents', 'compute-2'],
  ])('with %s', async (_, headers, reporter, host) => {
    const response = await post(anEvent({ source: 'whatever', data: { host } }), headers);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, refused: [] });
    expect(sent()).toMatchObject([{ type: 'host.down', source: 'whatever', reporter, data: { host } }]);
  });

  it.each([
    ['no token', {}],
    ['an unknown token', bearer('guess')],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Digest new-token-of-consul' }],
    ["another host's code", bearer(hostToken('new-key-of-all-agents', 'compute-2').replace('compute-2', 'compute-1'))],
    ['a key in place of a token', bearer('new-key-of-all-agents')],
    ['a secret without a token', bearer('x')],
    ['nothing of a basic login', basic(':')],
    ['a token of fewer than 16 characters', bearer('fifteen-letters')],
  ])('not with %s', async (_, headers) => {
    const response = await post(anEvent(), headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(sent()).toEqual([]);
  });

  it('with a changed token half a minute later, and with the old one no more', async () => {
    expect((await post(anEvent())).status).toBe(202);
    records.consul = { token: 'newer-token-of-consul' };
    services.clock.nowMs += seconds(31);
    expect((await post(anEvent(), bearer('newer-token-of-consul'))).status).toBe(202);
    expect((await post(anEvent(), bearer('new-token-of-consul'))).status).toBe(401);
  });

  it('later, when the secrets are out of reach: 503, and not 401, which would be final', async () => {
    const away = { get: () => Promise.reject(new RetryableError('Secrets Manager is away')) };
    app = ingestApp({ ...services, secrets: away });
    const response = await post(anEvent());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
  });

  it('although another reporter has no secret: that is logged, without any secret', async () => {
    await post(anEvent());
    const lines = services.lines.filter(({ level }) => level === 'error');
    expect(lines.map(({ fields }) => fields)).toEqual([
      { reporter: 'broken', error: 'secret empty needs token' },
      { reporter: 'missing', error: 'there is no secret no-such-secret' },
      { reporter: 'short', error: 'the token of secret short has fewer than 16 characters' },
    ]);
    expect(JSON.stringify(services.lines)).not.toMatch(
      /new-token-of-consul|old-token-of-consul|new-key-of-all-agents|rack-token-of-rack-a/,
    );
  });
});

describe('events come', () => {
  it.each([
    ['one by one', 'application/cloudevents+json', anEvent(), 1],
    ['as plain JSON', 'application/json; charset=utf-8', anEvent(), 1],
    ['in a batch', 'application/cloudevents-batch+json', [anEvent(), anEvent({ type: 'host.up' })], 2],
    ['in a batch of plain JSON', 'application/json', [anEvent(), anEvent()], 2],
    ['in an empty batch', 'application/cloudevents-batch+json', [], 0],
  ])('%s', async (_, type, body, accepted) => {
    const response = await post(body, bearer('new-token-of-consul'), type);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted, refused: [] });
    expect(sent()).toHaveLength(accepted);
  });

  it('in headers and body', async () => {
    const { data, time } = anEvent();
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'one%20two',
      'ce-source': '/curl',
      'ce-type': 'host.down',
      'ce-time': time,
      'ce-reporter': 'agents',
    };
    expect((await post(data, { ...bearer('new-token-of-consul'), ...headers })).status).toBe(202);
    expect(sent()).toMatchObject([{ id: 'one two', source: '/curl', type: 'host.down', data, reporter: 'consul' }]);
  });

  it.each([
    ['text', 'text/plain', 'x', 415],
    ['a form', 'application/x-www-form-urlencoded', 'a=b', 415],
    ['XML in binary mode', 'application/xml', '<a/>', 415],
    ['no JSON', 'application/json', '{', 400],
    ['no event', 'application/json', '{}', 400],
    ['a batch that is none', 'application/cloudevents-batch+json', '{}', 400],
    ['a batch with one that is none', 'application/json', JSON.stringify([anEvent(), {}]), 400],
    ['a batch of too many', 'application/json', JSON.stringify(Array(1001).fill(anEvent())), 400],
    [
      'an event that is too large',
      'application/json',
      JSON.stringify({ ...anEvent(), subject: 'x'.repeat(70_000) }),
      400,
    ],
    ['too much', 'application/json', 'x'.repeat(1024 * 1024 + 1), 413],
  ])('not as %s', async (_, type, body, status) => {
    const response = await post(
      body,
      type === 'application/xml'
        ? { ...bearer('new-token-of-consul'), 'ce-specversion': '1.0' }
        : bearer('new-token-of-consul'),
      type,
    );
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
    expect(sent()).toEqual([]);
  });

  it('at one place, by one method', async () => {
    expect((await app.request('/v1/events', { headers: bearer('new-token-of-consul') })).status).toBe(405);
    expect((await app.request('/v2/events')).status).toBe(404);
    expect((await app.request('/healthz')).status).toBe(200);
  });
});

describe('what a reporter may not say', () => {
  it('is refused and shown, beside what it may', async () => {
    const response = await post([anEvent({ id: 'down' }), anEvent({ id: 'beat', type: 'host.heartbeat' })]);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      accepted: 1,
      refused: [{ id: 'beat', because: 'it may not say host.heartbeat' }],
    });
    expect(await Array.fromAsync(listParked(services.state))).toMatchObject([
      { because: 'it may not say host.heartbeat', subject: 'reporter consul' },
    ]);
  });

  it('alone is 403', async () => {
    const response = await post(
      anEvent({ data: { host: 'compute-1' } }),
      bearer(hostToken('new-key-of-all-agents', 'compute-2')),
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: 'it may speak of itself only' });
  });

  it('is of segments too, by where the host is now', async () => {
    expect((await post(anEvent(), bearer('rack-token-of-rack-a'))).status).toBe(202);
    expect((await post(anEvent({ data: { host: 'compute-9' } }), bearer('rack-token-of-rack-a'))).status).toBe(403);
  });
});

describe('too much', () => {
  it('is 429 for this reporter, and nothing for the others', async () => {
    const response = await post(Array.from({ length: 7 }, () => anEvent()));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('10');
    expect(await response.json()).toMatchObject({ accepted: 5, refused: [{}, {}] });
    expect((await post(anEvent(), bearer('rack-token-of-rack-a'))).status).toBe(202);
    services.clock.nowMs += seconds(60);
    expect((await post(anEvent())).status).toBe(202);
  });
});

describe('while the queue is away', () => {
  it('nothing is accepted: 503, and the sender tries again', async () => {
    services.outbox.faults.plan('fails');
    const response = await post(anEvent());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect((await post(anEvent())).status).toBe(202);
  });

  it('an unforeseen fault is 500, and says nothing of the inside', async () => {
    services.outbox.send = () => Promise.reject(new Error('inside'));
    const response = await post(anEvent());
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('inside');
  });
});
