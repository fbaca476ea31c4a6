import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { type HttpOptions, type HttpServer, isReadable, startHttpServer } from '#infra/embedded/http-server.ts';
import { anEvent } from '#test/support/builders.ts';
import { fakeIngest, fakeSecrets } from '../../ingest/support.ts';

let server: HttpServer | undefined;
afterEach(() => server?.close());

const services = fakeIngest(
  { reporters: { consul: { token: 'consul' } } },
  fakeSecrets({ consul: { token: 'secret-of-consul' } }),
);
const start = async (options: Partial<HttpOptions> = {}) => {
  server = await startHttpServer(services, { address: '127.0.0.1', port: 0, ...options });
  return server.url;
};
const request = {
  method: 'POST',
  headers: { authorization: 'Bearer secret-of-consul', 'content-type': 'application/json' },
  body: JSON.stringify(anEvent()),
};

it('takes events over real HTTP, and answers what is under way before it closes', async () => {
  const url = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const send = services.outbox.send.bind(services.outbox);
  services.outbox.send = (messages) => {
    asked.resolve();
    return gate.promise.then(() => send(messages));
  };
  const answered = fetch(`${url}/v1/events`, request);
  await asked.promise;
  const closed = server?.close();
  server = undefined;
  gate.resolve();
  expect((await answered).status).toBe(202);
  await closed;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

it('answers on every socket of its port, and lets go of all connections when it closes', async () => {
  const url = await start();
  const agents = Array.from({ length: 100 }, () => new Agent({ connections: 1 }));
  const asked = agents.map((dispatcher) => fetch(`${url}/v1/events`, { ...request, dispatcher }));
  const answers = await Promise.all(asked);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  await Promise.all(answers.map((answer) => answer.text()));
  // Kept open by those who asked.
  await server?.close();
  server = undefined;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  await Promise.all(agents.map((agent) => agent.close()));
});

it('speaks TLS with the certificate that it is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-tls-'));
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  const url = await start({ tls: { certificate, key } });
  const dispatcher = new Agent({ connect: { ca: readFileSync(certificate, 'utf8') } });
  expect((await fetch(`${url}/healthz`, { dispatcher })).status).toBe(200);
  await dispatcher.close();
  const { validTo } = new X509Certificate(readFileSync(certificate));
  expect(server?.certificate).toEqual({ expiresAtMs: Date.parse(validTo) });
});

it('says which PEM file it can not read', async () => {
  const tls = { certificate: '/nonexistent/cert.pem', key: '/nonexistent/key.pem' };
  await expect(start({ tls })).rejects.toThrow("the PEM file /nonexistent/cert.pem can't be read (ENOENT)");
});

it('says that its port is taken', async () => {
  const { port } = new URL(await start());
  await expect(startHttpServer(services, { address: '127.0.0.1', port: Number(port) })).rejects.toThrow(/EADDRINUSE/);
});

it.each([
  ['127.0.0.1', false],
  ['::1', false],
  ['localhost', false],
  ['0.0.0.0', true],
  ['::', true],
  ['192.0.2.1', true],
])('warns where tokens could be read on their way: at %s, %j', async (address, is) => {
  expect(isReadable({ address, port: 0 })).toBe(is);
  expect(isReadable({ address, port: 0, tls: { certificate: 'cert.pem', key: 'key.pem' } })).toBe(false);
});

it('warns of nothing on this machine only', async () => {
  await start();
  expect(services.lines.filter(({ level }) => level === 'warn')).toEqual([]);
});
