import type { OpenAPIHono } from '@hono/zod-openapi';
import { type ApiServices, apiApp } from '#shared/api/app.ts';
import type { ApiEnv } from '#shared/api/who.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { PermanentError } from '#shared/errors.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

/** Three people, and the API as they ask it. */

export const TOKENS = {
  ann: 'ann-0123456789abcdef',
  ben: 'ben-0123456789abcdef',
  cat: 'cat-0123456789abcdef',
} as const;
export const people = {
  ann: { token: 'of-ann', role: 'approver' },
  ben: { token: 'of-ben', role: 'operator' },
  cat: { token: 'of-cat', role: 'viewer' },
} as const;

const fails = (): Promise<never> => Promise.reject(new Error('this test has no Keystone'));
export const NO_KEYSTONE: ApiServices['tokens'] = { uri: fails, check: fails, signIn: fails };

/** Whose tokens are as they are at the moment. */
export const secretsOf = (tokens: Readonly<Record<string, string>>): ApiServices['secrets'] => ({
  get: async (name) => {
    const token = tokens[name.replace('of-', '')];
    if (token === undefined) throw new PermanentError(`there is no secret ${name}`);
    return { token };
  },
});

export interface World {
  readonly services: FakeServices;
  readonly app: OpenAPIHono<ApiEnv>;
}

export function world(policy: Partial<Policy>, more: Partial<ApiServices> = {}): World {
  const services = fakeServices({ ...aPolicy({}, { graceSeconds: 30 }), ...policy });
  const given = { secrets: secretsOf(TOKENS), tokens: NO_KEYSTONE };
  return { services, app: apiApp({ ...services, ...given, isLocal: false, ...more }) };
}

const SITE = 'https://salvor.test';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** From where; by default one address for all. */
  readonly address?: string;
}

/** As a program asks, or a browser with these headers. */
export const asking =
  (app: () => OpenAPIHono<ApiEnv>, site = SITE) =>
  async (path: string, { method, headers, body, address = '192.0.2.1' }: Asked = {}): Promise<Response> =>
    app().request(
      `${site}${path}`,
      {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          host: new URL(site).host,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      { incoming: { socket: { remoteAddress: address } } },
    );

/** What a browser sends back of what it was given. */
export const cookieOf = (answered: Response): string => answered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
