import * as z from 'zod';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { type Redact, redactor } from '#shared/http/redact.ts';
import { type Catalog, catalogSchema } from './catalog.ts';
import { type CloudConfig, type Named, secretsOf } from './cloud-config.ts';
import type { OpenStackHttp } from './http.ts';
import { messageOf, parseBody } from './parse.ts';

export interface Token {
  readonly value: string;
  readonly catalog: Catalog;
  /** Whose it is; undefined where Keystone does not tell as its API says. */
  readonly owner?: TokenOwner | undefined;
}

export interface TokenOwner {
  readonly user: {
    readonly id: string;
    readonly name: string;
    /** Unix ms; null: never, or not told. */
    readonly passwordEndsAtMs: number | null;
  };
  /** By which it was had. */
  readonly applicationCredentialId: string | null;
}

/** One identity at one Keystone. All who use it share one token. */
export interface Session {
  readonly cloud: CloudConfig;
  readonly http: OpenStackHttp;
  /**
   * The token, new if the old one nears its end. Concurrent callers share one request; a failure is not remembered.
   * @throws PermanentError when Keystone refuses the credentials.
   * @throws RetryableError when Keystone is out of reach or answers 429 or 5xx.
   */
  token(): Promise<Token>;
  /** Says that a service answered 401 to this token; the next `token()` fetches another one. */
  reject(token: Token): void;
  /** Takes the credentials and the newest token out of a text. */
  readonly redact: Redact;
}

export interface SessionOptions {
  readonly cloud: CloudConfig;
  readonly http: OpenStackHttp;
  /** Unix ms. */
  readonly now: () => number;
}

const tokenSchema = z.looseObject({
  token: z.looseObject({ issued_at: z.iso.datetime(), expires_at: z.iso.datetime(), catalog: catalogSchema }),
});

/** Identity API v3, "Authentication and token management". `password_expires_at` is there since v3.8. */
const ownerSchema = z.looseObject({
  token: z.looseObject({
    user: z.looseObject({ id: z.string(), name: z.string(), password_expires_at: z.string().nullish() }),
    application_credential: z.looseObject({ id: z.string() }).optional(),
  }),
});

/** Keystone's times are UTC, whether they say so or not. Null for none, and for what is no time. */
export function utcMs(text: string | null | undefined): number | null {
  if (text == null) return null;
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/** A token is renewed this long before its end, or in the last tenth of its life if that is shorter. */
const RENEWAL_MARGIN_MS = 5 * 60_000;

/** Keystone v3 (Identity API v3, "Authentication and token management"). */
export function keystoneSession({ cloud, http, now }: SessionOptions): Session {
  let current: { readonly token: Token; readonly renewAtMs: number } | undefined;
  let underWay: Promise<Token> | undefined;
  let redact = redactor(secretsOf(cloud));

  const renew = async (): Promise<Token> => {
    // Its life counts from before the request, by our clock; Keystone's may differ.
    const askedAtMs = now();
    const { token, lifeMs } = await requestToken(cloud, http);
    redact = redactor([...secretsOf(cloud), token.value]);
    current = { token, renewAtMs: askedAtMs + lifeMs - Math.min(RENEWAL_MARGIN_MS, lifeMs / 10) };
    return token;
  };
  return {
    cloud,
    http,
    redact: (text) => redact(text),
    token: () => {
      if (current !== undefined && now() < current.renewAtMs) return Promise.resolve(current.token);
      underWay ??= renew().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    reject: (token) => {
      if (current?.token === token) current = undefined;
    },
  };
}

async function requestToken(cloud: CloudConfig, http: OpenStackHttp): Promise<{ token: Token; lifeMs: number }> {
  const url = new URL(`${cloud.authUrl}/auth/tokens`);
  const who = `Keystone at ${cloud.authUrl}`;
  const exchange = await http.send('POST', url, {}, { auth: authBody(cloud.identity) });
  if (exchange.kind === 'failed') throw new RetryableError(`${who} gave no answer: ${exchange.error}`);
  const { status, body, headers } = exchange;
  if (status !== 201 && status !== 200)
    throw tokenError(cloud, who, status, messageOf(body, redactor(secretsOf(cloud))));
  const value = headers['x-subject-token'];
  if (value === undefined || value === '') throw new RetryableError(`${who}: the answer has no X-Subject-Token`);
  const { token } = parseBody(tokenSchema, body, who);
  const lifeMs = Date.parse(token.expires_at) - Date.parse(token.issued_at);
  return { token: { value, catalog: token.catalog, owner: ownerOf(body) }, lifeMs };
}

/** What it says besides is not worth a login. */
function ownerOf(body: string): TokenOwner | undefined {
  const parsed = ownerSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return undefined;
  const { user, application_credential: credential } = parsed.data.token;
  const { id, name, password_expires_at: endsAt } = user;
  return { user: { id, name, passwordEndsAtMs: utcMs(endsAt) }, applicationCredentialId: credential?.id ?? null };
}

function tokenError(cloud: CloudConfig, who: string, status: number, message: string): Error {
  if (status === 429 || status === 408 || status >= 500)
    return new RetryableError(`${who} answered ${status}: ${message}`);
  if (status === 401 || status === 403)
    return new PermanentError(`${who} refuses the credentials of cloud ${cloud.name} (${status}): ${message}`);
  if (status >= 300 && status < 400)
    return new PermanentError(`${who} answers with a redirect (${status}): auth_url names another service`);
  return new PermanentError(
    `${who} answered ${status} to the login of cloud ${cloud.name}; is auth_url right? ${message}`,
  );
}

function authBody(identity: CloudConfig['identity']): unknown {
  if (identity.kind === 'password') {
    const user = { ...identity.user, password: identity.password };
    return { identity: { methods: ['password'], password: { user } }, scope: { project: identity.project } };
  }
  const { credential, secret } = identity;
  const application_credential: { id?: string; name?: string; user?: Named; secret: string } = {
    ...credential,
    secret,
  };
  return { identity: { methods: ['application_credential'], application_credential } };
}
