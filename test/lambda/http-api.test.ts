/** The API and the console behind a function URL: as Lambda hands over a request, and takes back an answer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LambdaContext } from 'hono/aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { served } from '#shared/api/served.ts';
import { access } from '#shared/domain/policy-access.ts';
import { httpHandler } from '#shared/lambda/http-handler.ts';
import { people, secretsOf, TOKENS } from '#test/api/support.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const HOST = 'abc123.lambda-url.eu-west-1.on.aws';
const SCRIPT = `export const text = "${'salvor '.repeat(1000)}";`;
const ANN = 'arn:aws:iam::111122223333:user/ann';

let folder: string;
let services: FakeServices;
let opened = 0;
let isBroken = false;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'salvor-console-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>salvor</title>');
  writeFileSync(join(folder, 'assets', 'main.js'), SCRIPT);
  services = fakeServices({ ...aPolicy(), access: access.parse({ people, iam: { [ANN]: { role: 'operator' } } }) });
});
afterAll(() => rmSync(folder, { recursive: true }));

const none = async () => undefined;
const handler = httpHandler(
  async () => {
    opened += 1;
    if (isBroken) throw new Error('no such table');
    const tokens = { uri: async () => '', check: none, signIn: none };
    return { ...services, secrets: secretsOf(TOKENS), tokens, isLocal: false };
  },
  (given) => served(given, folder),
);

interface Answered {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}
interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: object;
  readonly userArn?: string;
}

/** In the form of payload 2.0 (Lambda Developer Guide, "Invoking Lambda function URLs"). */
async function ask(path: string, { method, headers = {}, cookies, body, userArn }: Asked = {}): Promise<Answered> {
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: HOST, 'content-type': 'application/json', ...headers },
    ...(cookies && { cookies: [...cookies] }),
    ...(body && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'abc123',
      ...(userArn && { authorizer: { iam: { userArn } } }),
      domainName: HOST,
      domainPrefix: 'abc123',
      http: {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.7',
        userAgent: 'test',
      },
      requestId: 'id',
      routeKey: '$default',
      stage: '$default',
      time: '27/Nov/2026:00:00:00 +0000',
      timeEpoch: 0,
    },
  };
  return (await handler(event as never, {} as LambdaContext as never)) as Answered;
}

it('keeps no failure: the next request opens it anew, and the one after that does not', async () => {
  isBroken = true;
  await expect(ask('/api/v1/me')).rejects.toThrow('no such table');
  isBroken = false;
  expect((await ask('/api/v1/me')).statusCode).toBe(401);
  expect((await ask('/api/v1/me')).statusCode).toBe(401);
  expect(opened).toBe(2);
});

it('serves the console, compressed for who takes that', async () => {
  expect(await ask('/', { headers: { accept: 'text/html' } })).toMatchObject({
    statusCode: 302,
    headers: { location: '/console/' },
  });
  const page = await ask('/console/incidents/x');
  expect([page.statusCode, page.body]).toEqual([200, expect.stringContaining('<title>salvor</title>')]);
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  expect((await ask('/console/assets/main.js')).body).toBe(SCRIPT);
  const packed = await ask('/console/assets/main.js', { headers: { 'accept-encoding': 'gzip' } });
  expect(packed).toMatchObject({ isBase64Encoded: true, headers: { 'content-encoding': 'gzip' } });
  expect(gunzipSync(Buffer.from(packed.body, 'base64')).toString()).toBe(SCRIPT);
  expect((await ask('/console/assets/../../package.json')).statusCode).toBe(404);
});

it('signs in by a cookie that goes over TLS only, and takes commands from its own pages by it', async () => {
  const ownPage = { origin: `https://${HOST}` };
  const signedIn = await ask('/api/v1/session', { headers: ownPage, body: { token: TOKENS.ben } });
  const [cookie = ''] = signedIn.cookies ?? [signedIn.headers['set-cookie'] ?? ''];
  expect(cookie).toMatch(/^__Host-salvor=.*; HttpOnly; Secure; SameSite=Strict$/);
  const cookies = [cookie.split(';')[0] ?? ''];
  const body = { type: 'disarm', reason: 'test' };
  expect(
    (await ask('/api/v1/commands', { cookies, headers: { origin: 'https://evil.example' }, body })).statusCode,
  ).toBe(403);
  expect((await ask('/api/v1/commands', { cookies, headers: ownPage, body })).statusCode).toBe(200);
  expect(services.outbox.take()).toMatchObject([{ message: { type: 'disarm', by: 'ben' } }]);
  expect(services.lines).toContainEqual(
    expect.objectContaining({ fields: { person: 'ben', role: 'operator', address: '192.0.2.7' } }),
  );
});

it('knows who has signed a request, by what AWS says of it', async () => {
  expect(JSON.parse((await ask('/api/v1/me', { userArn: ANN })).body)).toMatchObject({
    name: 'iam:111122223333:user/ann',
    role: 'operator',
  });
  expect((await ask('/api/v1/me', { userArn: 'arn:aws:iam::111122223333:user/eve' })).statusCode).toBe(403);
});
