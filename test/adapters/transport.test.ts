import { once } from 'node:events';
import { createServer } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, redactor } from '#shared/http/redact.ts';
import { type Exchange, type HttpRequest, httpTransport, type TransportOptions } from '#shared/http/transport.ts';
import { certificate } from '../support/tls.ts';
import { deadUrl, serve } from './server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function server(...args: Parameters<typeof serve>) {
  const started = await serve(...args);
  cleanups.push(started.close);
  return started;
}

function transport(options: TransportOptions = {}) {
  const made = httpTransport(options);
  cleanups.push(made.close);
  return made;
}

const request = (url: string, changes: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: new URL(url),
  headers: { 'x-auth-token': 'sesame' },
  body: '{}',
  timeoutMs: 5000,
  ...changes,
});

const failure = (sent: boolean, error: unknown): Partial<Exchange> =>
  ({ kind: 'failed', sent, error }) as Partial<Exchange>;

describe('a request that never left', () => {
  it('is told apart when the connection is refused', async () => {
    const exchange = await transport().exchange(request(await deadUrl()));
    expect(exchange).toMatchObject(failure(false, 'connection refused (ECONNREFUSED)'));
  });

  it('is told apart when the host name does not exist', async () => {
    const exchange = await transport().exchange(request('http://nobody.invalid/'));
    expect(exchange).toMatchObject(failure(false, expect.stringMatching(/host name/)));
  });

  it('is told apart when it waits for a connection in vain, and is not sent later', async () => {
    const { url, requests } = await server(async (_request, index) => (index === 0 ? 'hang' : {}));
    const one = transport({ maxConnections: 1, reuseConnections: false });
    const first = one.exchange(request(url, { timeoutMs: 400 }));
    await expect.poll(() => requests.length).toBe(1);
    const second = await one.exchange(request(url, { timeoutMs: 50 }));
    expect(second).toMatchObject(failure(false, 'no complete answer within 50 ms'));
    expect(await first).toMatchObject(failure(true, 'no complete answer within 400 ms'));
    expect(await one.exchange(request(url))).toMatchObject({ kind: 'answer' });
    expect(requests).toHaveLength(2);
  });

  it('is told apart when the caller has given up before', async () => {
    const { url, requests } = await server(() => ({}));
    const exchange = await transport().exchange(request(url, { signal: AbortSignal.abort() }));
    expect(exchange).toMatchObject(failure(false, 'the caller gave up'));
    expect(requests).toHaveLength(0);
  });

  it('is told apart when a header cannot be sent, without quoting it', async () => {
    const exchange = await transport().exchange(request(await deadUrl(), { headers: { 'x-auth-token': 'ses\name' } }));
    expect(exchange).toMatchObject(failure(false, 'request failed (UND_ERR_INVALID_ARG)'));
  });
});

describe('a request that left', () => {
  it('is sent once when the connection breaks', async () => {
    const { url, requests } = await server(() => 'drop');
    const exchange = await transport().exchange(request(url));
    expect(exchange).toMatchObject(failure(true, 'connection closed before the answer (UND_ERR_SOCKET)'));
    expect(requests).toHaveLength(1);
  });

  it('is sent once when a kept connection breaks under it', async () => {
    const { url, requests } = await server((_request, index) => (index === 1 ? 'drop' : {}));
    const kept = transport();
    await kept.exchange(request(url));
    expect(await kept.exchange(request(url))).toMatchObject({ kind: 'failed', sent: true });
    expect(requests).toHaveLength(2);
  });

  it('ends at its deadline and when the caller gives up', async () => {
    const { url, requests } = await server(() => 'hang');
    const caller = new AbortController();
    const late = transport().exchange(request(url, { timeoutMs: 50 }));
    const abandoned = transport().exchange(request(url, { signal: caller.signal }));
    await expect.poll(() => requests.length).toBe(2);
    caller.abort();
    expect(await late).toMatchObject(failure(true, 'no complete answer within 50 ms'));
    expect(await abandoned).toMatchObject(failure(true, 'the caller gave up'));
  });
});

it('hands over status, headers and body, and does not follow redirects', async () => {
  const { url, requests } = await server(() => ({ status: 302, headers: { Location: '/elsewhere' }, body: 'moved' }));
  const exchange = await transport().exchange(request(`${url}/a?b=c`));
  expect(exchange).toMatchObject({ kind: 'answer', status: 302, headers: { location: '/elsewhere' }, body: 'moved' });
  expect(requests.map(({ path }) => path)).toEqual(['/a?b=c']);
});

it('keeps connections, or not', async () => {
  const ports = new Set<string>();
  const { url } = await server((seen) => {
    ports.add(String(seen.headers.connection));
    return {};
  });
  await transport({ reuseConnections: false }).exchange(request(url));
  expect([...ports]).toEqual(['close']);
  await transport().exchange(request(url));
  expect([...ports]).toEqual(['close', 'keep-alive']);
});

describe('TLS', () => {
  const own = certificate();

  async function secureUrl(): Promise<string> {
    const seen: string[] = [];
    const secure = createServer(own, (incoming, response) => {
      seen.push(incoming.url ?? '');
      response.end('{}');
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    cleanups.push(async () => {
      secure.close();
      secure.closeAllConnections();
      expect(seen).not.toContain('/never');
    });
    const address = secure.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `https://127.0.0.1:${address.port}/`;
  }

  it('trusts the given CA, or everything if told so, or nothing unknown', async () => {
    const url = await secureUrl();
    expect(await transport({ caPem: own.cert }).exchange(request(url))).toMatchObject({ kind: 'answer', status: 200 });
    expect(await transport({ insecureTls: true }).exchange(request(url))).toMatchObject({
      kind: 'answer',
      status: 200,
    });
    const refused = failure(false, 'its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)');
    expect(await transport().exchange(request(`${url}never`))).toMatchObject(refused);
  });

  it('takes a pinned certificate whoever issued it, on each connection', async () => {
    const url = await secureUrl();
    const bare = own.sha256.replaceAll(':', '').toLowerCase();
    for (const certificateSha256 of [own.sha256, bare])
      for (const reuseConnections of [true, false]) {
        const pinned = transport({ certificateSha256, reuseConnections });
        for (const _ of [1, 2]) expect(await pinned.exchange(request(url))).toMatchObject({ status: 200 });
      }
    expect(await transport({ certificateSha256: bare, caPem: own.cert }).exchange(request(url))).toMatchObject({
      status: 200,
    });
  });

  it('sends nothing to the owner of another certificate, and says which it is', async () => {
    const url = await secureUrl();
    const bare = own.sha256.replaceAll(':', '').toLowerCase();
    const refused = failure(false, `its certificate is not the pinned one: it shows ${bare}`);
    const pin = { certificateSha256: 'ab'.repeat(32) };
    // A CA that would do, or leave to take any, makes no difference.
    for (const more of [{}, { caPem: own.cert }, { insecureTls: true }])
      expect(await transport({ ...pin, ...more }).exchange(request(`${url}never`))).toMatchObject(refused);
  });

  it('asks a pinned certificate to be of the CA too where one is named', async () => {
    const url = await secureUrl();
    const options = { certificateSha256: own.sha256, caPem: certificate().cert };
    const refused = failure(false, 'its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)');
    expect(await transport(options).exchange(request(`${url}never`))).toMatchObject(refused);
  });

  it('does not go without TLS where a certificate is pinned', async () => {
    const { url, requests } = await server(() => ({}));
    const refused = failure(false, 'its certificate is not the pinned one: it shows none');
    expect(await transport({ certificateSha256: own.sha256 }).exchange(request(url))).toMatchObject(refused);
    expect(requests).toHaveLength(0);
  });
});

describe('redaction', () => {
  it('blots out every secret, the longer one first', () => {
    expect(redactor(['abc', 'abcdef', ''])('x abcdef y abc')).toBe('x *** y ***');
  });

  it('makes one short line of a page', () => {
    expect(redactor([])('<html>\n\n  <b>')).toBe('<html> <b>');
    expect(redactor([])('a'.repeat(600))).toHaveLength(501);
  });

  it('names an address without its credentials and query', () => {
    expect(addressOf('https://user:word@nova.example:8774/v2.1?token=x')).toBe('https://nova.example:8774/v2.1');
    expect(addressOf('nonsense')).toBe('(not an address)');
  });
});
