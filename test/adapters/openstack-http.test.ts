import { afterEach, describe, expect, it } from 'vitest';
import { type HttpOptions, type OpenStackHttp, openStackHttp } from '#shared/adapters/openstack/http.ts';
import { RetryableError } from '#shared/errors.ts';
import { deadUrl, type Handler, type Reply, serve, type TestServer } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup(
  handler: Handler,
  options: Partial<HttpOptions> = {},
): Promise<{ server: TestServer; http: OpenStackHttp; pauses: number[]; url: URL }> {
  const server = await serve(handler);
  const pauses: number[] = [];
  const sleep = async (delayMs: number) => pauses.push(delayMs);
  const http = openStackHttp({ version: '1.2.3', random: () => 0, timeoutMs: 5000, sleep, ...options });
  closers.push(http.close, server.close);
  return { server, http, pauses, url: new URL(`${server.url}/os-services?host=a`) };
}

/** The first replies in turn, then 200. */
const first =
  (...replies: Reply[]): Handler =>
  (_request, index) =>
    replies[index] ?? {};

describe('GET', () => {
  it.each<[string, Reply]>([
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['a broken connection', 'drop'],
  ])('is tried again after %s', async (_name, reply) => {
    const { http, server, url } = await setup(first(reply, reply));
    expect((await http.get(url, {})).status).toBe(200);
    expect(server.requests).toHaveLength(3);
  });

  it('waits longer each time, between half and the whole of the pause', async () => {
    const low = await setup(first({ status: 500 }, { status: 500 }, { status: 500 }));
    await low.http.get(low.url, {});
    expect(low.pauses).toEqual([125, 250, 500]);
    const high = await setup(first({ status: 500 }, { status: 500 }), { random: () => 1 });
    await high.http.get(high.url, {});
    expect(high.pauses).toEqual([250, 500]);
  });

  it('waits as long as Retry-After asks, in seconds or until a date', async () => {
    const date = new Date(Date.now() + 3_000_000).toUTCString();
    const { http, pauses, url } = await setup(
      first({ status: 429, headers: { 'retry-after': '3' } }, { status: 503, headers: { 'retry-after': date } }),
      { retryMaxMs: 4_000_000, timeoutMs: 10_000_000 },
    );
    await http.get(url, {});
    expect(pauses[0]).toBe(3000);
    expect(pauses[1]).toBeGreaterThan(2_900_000);
  });

  it('gives up at once when it is asked to wait too long, and says so', async () => {
    const { http, server, url } = await setup(() => ({ status: 429, headers: { 'retry-after': '60' } }));
    const failed = http.get(url, {});
    await expect(failed).rejects.toBeInstanceOf(RetryableError);
    await expect(failed).rejects.toThrow(`GET ${server.url}/os-services answered 429 (1 try); it asks to wait 60 s`);
  });

  it('gives up after four tries', async () => {
    const { http, server, url } = await setup(() => ({ status: 502 }));
    await expect(http.get(url, {})).rejects.toThrow(`GET ${server.url}/os-services answered 502 (4 tries)`);
    expect(server.requests).toHaveLength(4);
  });

  it('gives up at the end of its time', async () => {
    const { http, server, url } = await setup(() => 'hang', { timeoutMs: 60 });
    await expect(http.get(url, {})).rejects.toThrow(/gave no answer: no complete answer within 60 ms \(1 try\)/);
    expect(server.requests).toHaveLength(1);
  });

  it('says why there was no answer', async () => {
    const { http } = await setup(() => ({}));
    const url = await deadUrl();
    await expect(http.get(new URL(url), {})).rejects.toThrow(
      `GET ${url}/ gave no answer: connection refused (ECONNREFUSED) (4 tries)`,
    );
  });

  it('ends when the caller gives up during a pause', async () => {
    const caller = new AbortController();
    const { http, url } = await setup(() => ({ status: 500 }), {
      signal: caller.signal,
      sleep: async () => {
        caller.abort();
        throw new Error('aborted');
      },
    });
    await expect(http.get(url, {})).rejects.toThrow(/answered 500, and the caller gave up/);
  });

  it.each([400, 401, 403, 404, 409])('hands over %i, which is an answer', async (status) => {
    const { http, server, url } = await setup(() => ({ status }));
    expect((await http.get(url, {})).status).toBe(status);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a request with an effect', () => {
  it.each<[string, Reply]>([
    ['500', { status: 500 }],
    ['503', { status: 503, headers: { 'retry-after': '0' } }],
    ['429', { status: 429 }],
    ['a broken connection', 'drop'],
    ['no answer', 'hang'],
  ])('is never tried again, not even after %s', async (_name, reply) => {
    const { http, server, url, pauses } = await setup(() => reply, { timeoutMs: 100 });
    await http.send('POST', url, {}, { evacuate: {} });
    expect(server.requests).toHaveLength(1);
    expect(pauses).toEqual([]);
  });

  it('is JSON on a connection of its own', async () => {
    const { http, server, url } = await setup(() => ({}));
    await http.send('PUT', url, { 'x-auth-token': 'sesame' }, { forced_down: true });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'PUT', body: '{"forced_down":true}' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      connection: 'close',
      'user-agent': 'salvor/1.2.3',
      'x-auth-token': 'sesame',
    });
  });
});

it('caps the connections to one origin', async () => {
  const held: ((reply: Reply) => void)[] = [];
  const { http, server, url } = await setup(() => new Promise<Reply>((resolve) => held.push(resolve)), {
    maxConnections: 3,
  });
  const all = Array.from({ length: 5 }, () => http.get(url, {}));
  await expect.poll(() => held.length).toBe(3);
  // A full round trip by another client: a fourth request would have come in by then.
  const other = await setup(() => ({}));
  await other.http.get(other.url, {});
  expect(server.requests).toHaveLength(3);
  while (held.length > 0) {
    held.shift()?.({});
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => server.requests.length).toBe(5);
  for (const release of held) release({});
  await Promise.all(all);
});
