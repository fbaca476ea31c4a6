import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import type { Policy } from '#shared/domain/policy.ts';
import type { Reporter } from '#shared/domain/reporter.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Clock, Secrets } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { problem } from './problem.ts';

export interface IngestEnv {
  Variables: { reporter: Reporter };
}

interface Parts {
  readonly secrets: Secrets;
  readonly policy: Policy;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** As the keys of heartbeats: what is shorter can be guessed, and nobody counts the guesses. */
const MIN_SECRET_BYTES = 16;

/** A changed token is known after so long. */
const KEEP_MS = 30_000;

/** What stands between a host's name and its code. Legal in a bearer token (RFC 6750, section 2.1), and in no host's name. */
const SEPARATOR = '~';

/** The token by which a host proves that it is this one (`salvor token`). */
export const hostToken = (key: string, host: string): string =>
  `${host}${SEPARATOR}${createHmac('sha256', key).update(`salvor host token ${host}`).digest('base64url')}`;

/**
 * Lets in who sends a token that the policy's `reporters` know: as a bearer (RFC 6750), or as the password of a basic login
 * (RFC 7617) for programs that can put nothing but an address with a user into their configuration.
 */
export function authenticate(parts: Parts) {
  const credentials = keptCredentials(parts);
  return createMiddleware<IngestEnv>(async (c, next) => {
    const token = tokenIn(c.req.header('authorization'));
    if (token === undefined) return problem(401, 'send the token of a reporter: "Authorization: Bearer <token>"');
    const reporter = whoHas(token, await credentials());
    if (reporter === undefined)
      return problem(401, 'no reporter of the policy has this token: compare it with the secrets that they name');
    c.set('reporter', reporter);
    return next();
  });
}

function tokenIn(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() !== 'basic') return value || undefined;
  const login = Buffer.from(value, 'base64').toString('utf8');
  return login.slice(login.indexOf(':') + 1) || undefined;
}

interface Credential {
  readonly name: string;
  readonly kind: 'token' | 'host key';
  readonly value: string;
}

function whoHas(token: string, credentials: readonly Credential[]): Reporter | undefined {
  const host = token.slice(0, Math.max(0, token.lastIndexOf(SEPARATOR)));
  const found = credentials.find(({ kind, value }) => same(token, kind === 'token' ? value : hostToken(value, host)));
  if (found === undefined) return undefined;
  return { name: found.name, host: found.kind === 'host key' ? host : null };
}

/** In a time that tells nothing of either. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Of all reporters, read again when they are too old. One whose secret is missing keeps nobody else out. */
function keptCredentials({ secrets, policy, clock, log }: Parts): () => Promise<readonly Credential[]> {
  let kept: { readonly untilMs: number; readonly credentials: Promise<readonly Credential[]> } | undefined;
  const read = async (): Promise<readonly Credential[]> => {
    const all = Object.entries(policy.reporters ?? {}).map(async ([name, { token, hostTokens }]) => [
      ...(await fieldsOf(name, 'token', token, ['token', 'previousToken'])),
      ...(await fieldsOf(name, 'host key', hostTokens, ['key', 'previousKey'])),
    ]);
    return (await Promise.all(all)).flat();
  };
  const fieldsOf = async (
    name: string,
    kind: Credential['kind'],
    secret: string | undefined,
    fields: readonly string[],
  ): Promise<readonly Credential[]> => {
    if (secret === undefined) return [];
    try {
      const record = await secrets.get(secret);
      const values = fields.flatMap((field) => record[field] || []);
      if (values.some((value) => Buffer.byteLength(value) < MIN_SECRET_BYTES))
        throw new PermanentError(`the ${fields[0]} of secret ${secret} has fewer than ${MIN_SECRET_BYTES} characters`);
      if (values.length === 0) throw new PermanentError(`secret ${secret} needs ${fields[0]}`);
      return values.map((value) => ({ name, kind, value }));
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.error('a reporter can not be let in', { reporter: name, error: error.message });
      return [];
    }
  };
  return () => {
    if (kept !== undefined && clock.now() < kept.untilMs) return kept.credentials;
    const credentials = read();
    kept = { untilMs: clock.now() + KEEP_MS, credentials };
    credentials.catch(() => {
      kept = undefined;
    });
    return credentials;
  };
}
