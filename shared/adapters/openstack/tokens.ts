import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Exchange } from '#shared/http/transport.ts';
import type { KeystoneTokens, TokenOwner } from '#shared/ports.ts';
import type { Session } from './keystone.ts';
import { messageOf, parseBody } from './parse.ts';
import { signIn } from './sign-in.ts';

export interface TokensOptions {
  readonly session: Session;
  /** Unix ms. */
  readonly now: () => number;
}

/** A token that was revoked is believed this much longer at most. */
const BELIEVED_MS = 60_000;
/** So long a refused token is not asked about again. */
const REFUSED_MS = 10_000;
/** Of each kind; the oldest is forgotten. Apart, so that a flood of wrong tokens drives out none that is good. */
const KEPT = 2_000;
const TIMEOUT_MS = 5_000;
/** What may stand in a header, and no longer than any Keystone makes them. */
const FORM = /^[\x21-\x7e]{1,8192}$/;

const named = z.looseObject({ id: z.string(), name: z.string() });
const answerSchema = z.looseObject({
  token: z.looseObject({
    user: z.looseObject({ id: z.string(), name: z.string(), domain: named }),
    project: z.looseObject({ id: z.string() }).optional(),
    system: z.looseObject({ all: z.boolean().optional() }).optional(),
    roles: z.array(z.looseObject({ name: z.string() })).optional(),
    expires_at: z.iso.datetime({ offset: true }),
  }),
});

/**
 * Asks Keystone about other people's tokens with the cloud's own account (Identity API v3, "Validate and show
 * information for token"). Only hashes of tokens are kept. Concurrent checks of one token share a request.
 */
export function keystoneTokens({ session, now }: TokensOptions): KeystoneTokens {
  const believed = memory<TokenOwner>(now);
  const refused = memory<true>(now);
  const underWay = new Map<string, Promise<TokenOwner | undefined>>();

  async function ask(key: string, token: string): Promise<TokenOwner | undefined> {
    const owner = await validate(session, token);
    const nowMs = now();
    if (owner === undefined || owner.expiresAtMs <= nowMs) {
      refused.keep(key, true, nowMs + REFUSED_MS);
      return undefined;
    }
    believed.keep(key, owner, Math.min(owner.expiresAtMs, nowMs + BELIEVED_MS));
    return owner;
  }

  return {
    uri: async () => session.cloud.authUrl,
    signIn: (login) => signIn(session, login),
    check: async (token) => {
      if (!FORM.test(token)) return undefined;
      const key = createHash('sha256').update(token).digest('base64');
      const known = believed.get(key);
      if (known !== undefined || refused.get(key) === true) return known;
      const asking = underWay.get(key) ?? ask(key, token).finally(() => underWay.delete(key));
      underWay.set(key, asking);
      return asking;
    },
  };
}

function memory<T>(now: () => number) {
  const kept = new Map<string, { readonly value: T; readonly untilMs: number }>();
  return {
    get: (key: string): T | undefined => {
      const found = kept.get(key);
      return found !== undefined && found.untilMs > now() ? found.value : undefined;
    },
    keep: (key: string, value: T, untilMs: number): void => {
      kept.delete(key);
      kept.set(key, { value, untilMs });
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    },
  };
}

async function validate(session: Session, token: string): Promise<TokenOwner | undefined> {
  const who = `Keystone at ${session.cloud.authUrl}`;
  let exchange = await askOnce(session, token);
  // The account's own token may have been revoked, or a kept connection closed at that moment.
  if (exchange.kind === 'failed' || exchange.status === 401) exchange = await askOnce(session, token);
  if (exchange.kind === 'failed') throw new RetryableError(`${who} gave no answer: ${exchange.error}`);
  const { status, body } = exchange;
  if (status === 404) return undefined;
  if (status === 200) return ownerOf(parseBody(answerSchema, body, `${who}: GET /auth/tokens`));
  const message = messageOf(body, session.redact);
  if (status === 401 || status === 403)
    throw new PermanentError(
      `${who} does not let the account of cloud ${session.cloud.name} check tokens (${status}; it needs the role service or admin): ${message}`,
    );
  throw new RetryableError(`${who} answered ${status} to the check of a token: ${message}`);
}

async function askOnce({ http, cloud, token, reject }: Session, subject: string): Promise<Exchange> {
  const own = await token();
  const url = new URL(`${cloud.authUrl}/auth/tokens?nocatalog`);
  const exchange = await http.once(url, { 'x-auth-token': own.value, 'x-subject-token': subject }, TIMEOUT_MS);
  if (exchange.kind === 'answer' && exchange.status === 401) reject(own);
  return exchange;
}

function ownerOf({ token }: z.infer<typeof answerSchema>): TokenOwner {
  const { user, project, system, roles = [], expires_at } = token;
  const { id, name, domain } = user;
  return {
    user: { id, name, domain: { id: domain.id, name: domain.name } },
    projectId: project?.id ?? null,
    isSystem: system?.all === true,
    roles: roles.map((role) => role.name),
    expiresAtMs: Date.parse(expires_at),
  };
}
