import { afterEach, describe, expect, it } from 'vitest';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Answer, Compute } from '#shared/ports.ts';
import {
  type FakeOptions,
  fakeOpenStack,
  PASSWORD,
  type SessionChanges,
  sessionAt,
  unauthorized,
} from './fake-openstack.ts';
import { deadUrl, type Handler, type Reply } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup(nova: Handler, options: FakeOptions = {}, changes: SessionChanges = {}) {
  const fake = await fakeOpenStack({ nova, ...options });
  const session = sessionAt(fake, changes);
  closers.push(session.http.close, fake.close);
  return { fake, session, compute: novaCompute({ session, now: Date.now }) };
}

describe('the token', () => {
  it('is shared by a hundred reads, version discovery too', async () => {
    const { compute, fake } = await setup(() => ({ body: { services: [] } }));
    await Promise.all(Array.from({ length: 100 }, () => compute.services()));
    expect(fake.logins()).toHaveLength(1);
    expect(fake.nova()).toHaveLength(100);
    expect(fake.requests.filter(({ path }) => path === '/compute/v2.1/')).toHaveLength(1);
  });

  it('is renewed once when it is refused, by a read or an evacuate', async () => {
    const { compute, fake } = await setup((request) => ({ body: request.method === 'GET' ? { services: [] } : {} }));
    await compute.services();
    fake.revoke();
    await Promise.all(Array.from({ length: 10 }, () => compute.services()));
    expect(fake.logins()).toHaveLength(2);
    fake.revoke();
    expect(await compute.evacuate('i1', { host: null, end: 'as-it-was' })).toMatchObject({ kind: 'accepted' });
    expect(fake.logins()).toHaveLength(3);
    expect(
      fake
        .nova()
        .filter(({ method }) => method === 'POST')
        .map(({ headers }) => headers['x-auth-token']),
    ).toEqual(['token-2', 'token-3']);
  });

  it('is renewed once only', async () => {
    const { compute, fake } = await setup(() => unauthorized('http://k'));
    await expect(compute.services()).rejects.toBeInstanceOf(PermanentError);
    expect(fake.logins()).toHaveLength(2);
    expect(await compute.forceDown('s1')).toMatchObject({ kind: 'refused', httpStatus: 401 });
    expect(fake.logins()).toHaveLength(3);
  });
});

describe('evacuate', () => {
  const evacuate = { host: null, end: 'as-it-was' } as const;

  it.each([
    ['as it was', '2.96', { host: null, end: 'as-it-was' }, '2.94', { evacuate: {} }],
    ['as it was, on an older Nova', '2.79', { host: 'b', end: 'as-it-was' }, '2.79', { evacuate: { host: 'b' } }],
    ['stopped', '2.96', { host: 'b', end: 'stopped' }, '2.95', { evacuate: { host: 'b' } }],
  ] as const)('is sent with its microversion: %s', async (_name, newest, options, microversion, body) => {
    const { compute, fake } = await setup(() => ({ headers: { 'x-openstack-request-id': 'req-1' } }), { newest });
    expect(await compute.evacuate('i1', options)).toEqual({
      kind: 'accepted',
      requestId: 'req-1',
      durationMs: expect.any(Number),
    });
    const [request] = fake.nova();
    expect(request).toMatchObject({ method: 'POST', path: '/compute/v2.1/servers/i1/action' });
    expect(request?.headers['openstack-api-version']).toBe(`compute ${microversion}`);
    expect(JSON.parse(request?.body ?? '')).toEqual(body);
  });

  it('is not sent to a Nova that is too old for its end', async () => {
    const { compute, fake } = await setup(() => ({}), { newest: '2.90' });
    expect(await compute.evacuate('i1', { host: null, end: 'stopped' })).toMatchObject({
      kind: 'refused',
      httpStatus: 406,
      message: 'not sent: bringing an instance back stopped needs microversion 2.95; this Nova has 2.90',
    });
    expect(fake.nova()).toHaveLength(0);
  });

  it('is not sent to a Nova that is too old at all', async () => {
    const { compute, fake } = await setup(() => ({}), { newest: '2.38' });
    const text = 'Nova offers microversions up to "2.38"; 2.53 or newer is needed';
    expect(await compute.evacuate('i1', evacuate)).toMatchObject({
      kind: 'refused',
      httpStatus: 0,
      message: `not sent: ${text}`,
    });
    await expect(compute.services()).rejects.toThrow(text);
    expect(fake.nova()).toHaveLength(0);
  });

  it.each([
    [400, 'Compute service of a is still in use.'],
    [404, 'Instance i1 could not be found.'],
    [409, "Cannot 'evacuate' instance i1 while it is in vm_state paused"],
    [413, 'too large'],
    [429, 'slow down'],
  ])('is refused with %i', async (status, message) => {
    const { compute, fake } = await setup(() => ({
      status,
      headers: { 'x-compute-request-id': 'req-2' },
      body: { badRequest: { code: status, message } },
    }));
    expect(await compute.evacuate('i1', evacuate)).toEqual({
      kind: 'refused',
      httpStatus: status,
      message,
      requestId: 'req-2',
      durationMs: expect.any(Number),
    });
    expect(fake.nova()).toHaveLength(1);
  });

  it.each<[string, Reply, string]>([
    [
      '500',
      { status: 500, body: { computeFault: { code: 500, message: 'Unexpected API Error.' } } },
      'Nova answered 500: Unexpected API Error.',
    ],
    ['504', { status: 504, body: '<html>\n<h1>Gateway Timeout' }, 'Nova answered 504: <html> <h1>Gateway Timeout'],
    ['408', { status: 408, body: '' }, 'Nova answered 408: (no reason given)'],
    ['a 401 that is not of keystonemiddleware', { status: 401, body: {} }, 'Nova answered 401: {}'],
    ['a broken connection', 'drop', 'Nova: connection closed before the answer (UND_ERR_SOCKET)'],
    ['no answer', 'hang', 'Nova: no complete answer within 300 ms'],
  ])('has an unknown outcome after %s, and is not sent again', async (_name, reply, error) => {
    const { compute, fake } = await setup(() => reply, {}, { http: { timeoutMs: 300 } });
    expect(await compute.evacuate('i1', evacuate)).toEqual({ kind: 'unknown', error, durationMs: expect.any(Number) });
    expect(fake.nova()).toHaveLength(1);
  });

  it('is refused, with status 0, if it is certain that nothing was sent', async () => {
    const computeEndpoint = await deadUrl();
    const unreachable = await setup(() => ({}), {}, { cloud: { computeEndpoint }, http: { maxTries: 1 } });
    expect(await unreachable.compute.evacuate('i1', evacuate)).toMatchObject({
      kind: 'refused',
      httpStatus: 0,
      requestId: null,
    });
    expect(await unreachable.compute.forceDown('s1')).toMatchObject({
      kind: 'refused',
      httpStatus: 0,
      message: 'not sent: Nova: connection refused (ECONNREFUSED)',
    });
    const { compute, fake } = await setup(() => ({}), { keystone: () => ({ status: 503 }) });
    const answer = await compute.evacuate('i1', evacuate);
    expect(answer).toMatchObject({ kind: 'refused', httpStatus: 0, message: expect.stringContaining('Keystone at') });
    expect(fake.nova()).toHaveLength(0);
  });

  it.each([
    ['the first token', false, 1],
    ['another token', true, 2],
  ])('is not sent once its time is over, for want of %s', async (_name, revoked, logins) => {
    let nowMs = 1000;
    const keystone = () => {
      nowMs += 1000;
      return undefined;
    };
    const { session, fake } = await setup(() => ({}), { keystone });
    const compute = novaCompute({ session, now: () => nowMs });
    if (revoked) await compute.services().catch(() => undefined);
    if (revoked) fake.revoke();
    expect(await compute.evacuate('i1', { ...evacuate, leaveByMs: nowMs + 500 })).toMatchObject({
      kind: 'refused',
      httpStatus: 0,
      message: 'not sent: Nova: its time was over before it could be sent',
    });
    expect(fake.logins()).toHaveLength(logins);
    expect(fake.nova().filter(({ method }) => method === 'POST')).toHaveLength(revoked ? 1 : 0);
    expect(await compute.evacuate('i1', { ...evacuate, leaveByMs: nowMs })).toMatchObject({ kind: 'accepted' });
  });

  it('quotes no secret in its answer', async () => {
    const echo: Handler = (request) => ({
      status: 400,
      body: { badRequest: { message: `got ${request.headers['x-auth-token']} and ${PASSWORD}` } },
    });
    const { compute } = await setup(echo);
    expect(await compute.evacuate('i1', evacuate)).toMatchObject({ message: 'got *** and ***' });
    await expect(compute.services()).rejects.toThrow('Nova: GET /os-services answered 400: got *** and ***');
  });
});

const POST = ['POST', '/compute/v2.1/servers/i1/action'] as const;
const AGGREGATE = ['POST', '/compute/v2.1/os-aggregates/7/action'] as const;
const PUT = ['PUT', '/compute/v2.1/os-services/s1'] as const;

it.each<[string, (compute: Compute) => Promise<Answer>, readonly [string, string], object]>([
  ['force-down', (compute) => compute.forceDown('s1'), PUT, { forced_down: true }],
  [
    'disable',
    (compute) => compute.disableService('s1', 'salvor: process libvirtd down'),
    PUT,
    { status: 'disabled', disabled_reason: 'salvor: process libvirtd down' },
  ],
  ['enable', (compute) => compute.enableService('s1'), PUT, { status: 'enabled' }],
  ['join', (compute) => compute.addToAggregate(7, 'spare-1'), AGGREGATE, { add_host: { host: 'spare-1' } }],
  ['part', (compute) => compute.removeFromAggregate(7, 'spare-1'), AGGREGATE, { remove_host: { host: 'spare-1' } }],
  ['reset', (compute) => compute.resetStateToActive('i1'), POST, { 'os-resetState': { state: 'active' } }],
  ['reboot', (compute) => compute.rebootHard('i1'), POST, { reboot: { type: 'HARD' } }],
  ['rebuild', (compute) => compute.rebuild('i1', 'image-2'), POST, { rebuild: { imageRef: 'image-2' } }],
  ['migrate', (compute) => compute.migrate('i1', { host: null }), POST, { migrate: null }],
  ['confirm', (compute) => compute.confirmResize('i1'), POST, { confirmResize: null }],
  [
    'live-migrate',
    (compute) => compute.liveMigrate('i1', { host: null }),
    POST,
    { 'os-migrateLive': { host: null, block_migration: 'auto' } },
  ],
  [
    'live-migrate to a host',
    (compute) => compute.liveMigrate('i1', { host: 'c2' }),
    POST,
    { 'os-migrateLive': { host: 'c2', block_migration: 'auto' } },
  ],
])('asks Nova once to %s, at the oldest microversion that will do', async (_name, ask, [method, path], body) => {
  const { compute, fake } = await setup(() => ({ status: 202 }));
  expect(await ask(compute)).toMatchObject({ kind: 'accepted' });
  const [sent, ...others] = fake.nova();
  expect(others).toEqual([]);
  expect(sent).toMatchObject({ method, path });
  expect(JSON.parse(sent?.body ?? '')).toEqual(body);
  expect(sent?.headers['openstack-api-version']).toBe('compute 2.53');
});

describe('the status of a service', () => {
  it('is waited for shortly: Nova writes it down, and may wait for a dead nova-compute then', async () => {
    const { session } = await setup(() => ({ body: {} }));
    const waited: (number | undefined)[] = [];
    const send: typeof session.http.send = (method, url, headers, body, timeoutMs) => {
      waited.push(timeoutMs);
      return session.http.send(method, url, headers, body, timeoutMs);
    };
    const compute = novaCompute({ session: { ...session, http: { ...session.http, send } }, now: Date.now });
    expect(await compute.disableService('s1', 'memory')).toMatchObject({ kind: 'accepted' });
    expect(await compute.enableService('s1')).toMatchObject({ kind: 'accepted' });
    expect(await compute.forceDown('s1')).toMatchObject({ kind: 'accepted' });
    expect(waited).toEqual([10_000, 10_000, undefined]);
  });
});

it('names the host of a cold migration at 2.56, and not to a Nova that does not know how', async () => {
  const { compute, fake } = await setup(() => ({ status: 202 }));
  expect(await compute.migrate('i1', { host: 'c2' })).toMatchObject({ kind: 'accepted' });
  const sent = fake.nova().at(-1);
  expect(JSON.parse(sent?.body ?? '')).toEqual({ migrate: { host: 'c2' } });
  expect(sent?.headers['openstack-api-version']).toBe('compute 2.56');

  const older = await setup(() => ({ status: 202 }), { newest: '2.53' });
  expect(await older.compute.migrate('i1', { host: 'c2' })).toMatchObject({
    kind: 'refused',
    httpStatus: 406,
    message: 'not sent: naming the host of a cold migration needs microversion 2.56; this Nova has 2.53',
  });
  expect(older.fake.nova().filter(({ method }) => method === 'POST')).toEqual([]);
});
