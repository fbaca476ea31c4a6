/** Signing in at an issuer behind a function URL: cookies and query as Lambda hands them over, and by processes that share nothing. */
import type { LambdaContext } from 'hono/aws-lambda';
import { expect, it } from 'vitest';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { served } from '#shared/api/served.ts';
import { httpHandler } from '#shared/lambda/http-handler.ts';
import type { IssuerSignIn } from '#shared/ports.ts';
import { NO_KEYSTONE, people, secretsOf, TOKENS } from '#test/api/support.ts';
import { aPolicy } from '#test/support/builders.ts';
import { fakeServices } from '#test/support/fakes.ts';

const HOST = 'abc123.lambda-url.eu-west-1.on.aws';
const SITE = 'https://salvor.test';
const oidc = { issuer: 'https://login.test', audience: 'salvor', roles: { ops: 'operator' as const }, signIn: {} };
const services = fakeServices(aPolicy({ access: { people, oidc }, notify: { consoleUrl: SITE } }));

const login: IssuerSignIn = {
  begin: async ({ state }) => `https://login.test/?state=${state}`,
  finish: async (answer) =>
    answer.get('code') === 'good'
      ? { kind: 'token', value: 'of-ann' }
      : { kind: 'none', why: 'refused', detail: 'wrong' },
};
const aProcess = () =>
  httpHandler(
    async () => ({
      ...services,
      clock: systemClock,
      secrets: secretsOf(TOKENS),
      tokens: NO_KEYSTONE,
      isLocal: false,
      issued: { check: async (token: string) => (token === 'of-ann' ? { sub: 'ann', groups: ['ops'] } : undefined) },
      signIn: login,
    }),
    (given) => served(given, import.meta.dirname),
  );

interface Asked {
  readonly method?: 'POST';
  readonly query?: string;
  readonly cookies?: readonly string[];
}
/** In the form of payload 2.0. */
async function ask(handler: ReturnType<typeof aProcess>, path: string, { method, query = '', cookies }: Asked = {}) {
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: { host: HOST, 'content-type': 'application/json', ...(method && { origin: `https://${HOST}` }) },
    ...(cookies && { cookies: [...cookies] }),
    ...(method && { body: '{}' }),
    isBase64Encoded: false,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'abc123',
      domainName: HOST,
      http: { method: method ?? 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent: 'test' },
    },
  };
  const answered = (await handler(event as never, {} as LambdaContext as never)) as {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly cookies?: readonly string[];
    readonly body: string;
  };
  const set = answered.cookies ?? [answered.headers['set-cookie'] ?? ''];
  return {
    ...answered,
    kept: set.filter((each) => !each.includes('Max-Age=0')).map((each) => each.split(';')[0] ?? ''),
  };
}

it('ends in a session, in another process than it was begun in', async () => {
  const begun = await ask(aProcess(), '/api/v1/session/oidc', { method: 'POST' });
  expect(begun.kept).toEqual([expect.stringMatching(/^__Host-salvor-sign-in=/)]);
  const { at } = JSON.parse(begun.body) as { readonly at: string };
  const query = `code=good&${new URL(at).searchParams}`;
  const back = await ask(aProcess(), '/api/v1/session/oidc/callback', { query, cookies: begun.kept });
  expect([back.statusCode, back.headers.location]).toEqual([303, '/console/']);
  expect(back.kept).toEqual([expect.stringMatching(/^__Host-salvor=/)]);
  const me = await ask(aProcess(), '/api/v1/me', { cookies: back.kept });
  expect(JSON.parse(me.body)).toMatchObject({ name: 'oidc:ann', role: 'operator' });
  const without = await ask(aProcess(), '/api/v1/session/oidc/callback', { query });
  expect([without.statusCode, without.headers.location]).toEqual([303, '/console/?sign-in=stale']);
});
