import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import type { Access } from '#shared/domain/policy-access.ts';
import { RetryableError } from '#shared/errors.ts';
import type { IssuedTokens } from '#shared/ports.ts';

export interface IssuedOptions extends Pick<NonNullable<Access['oidc']>, 'issuer' | 'audience' | 'algorithms'> {
  /** Unix ms. */
  readonly now: () => number;
}

const TIMEOUT_MS = 5_000;
/** A key that the issuer has withdrawn is believed this much longer at most; an unknown one is looked for at once. */
const KEYS_KEPT_MS = 600_000;
/** A flood of tokens with unknown keys asks the issuer no oftener than this. */
const COOL_DOWN_MS = 10_000;
/** Clocks differ. */
const SKEW_SECONDS = 30;
/** No issuer makes longer ones. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Tokens by RFC 7519, with the issuer's keys by OpenID Connect Discovery 1.0, section 4. */
export function issuedTokens({ issuer, audience, algorithms, now }: IssuedOptions): IssuedTokens {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const keysOf = (): Promise<JWTVerifyGetKey> => {
    keys ??= findKeys(issuer);
    const asked = keys;
    asked.catch(() => {
      if (keys === asked) keys = undefined;
    });
    return asked;
  };
  return {
    check: async (token, whom = audience) => {
      if (!FORM.test(token)) return undefined;
      const issuersKeys = await keysOf();
      try {
        const { payload } = await jwtVerify(token, issuersKeys, {
          issuer,
          audience: whom,
          algorithms: [...algorithms],
          clockTolerance: SKEW_SECONDS,
          currentDate: new Date(now()),
          requiredClaims: ['exp', 'sub'],
        });
        return payload;
      } catch (error) {
        if (isOutOfReach(error)) throw new RetryableError(`the keys of ${issuer} can't be had: ${messageOf(error)}`);
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

async function findKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const where = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let found: z.infer<typeof discovery>;
  try {
    const answered = await fetch(where, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    if (!answered.ok) throw new Error(`status ${answered.status}`);
    found = discovery.parse(await answered.json());
  } catch (error) {
    throw new RetryableError(`${where} can't be read: ${messageOf(error)}`);
  }
  if (found.issuer !== issuer) throw new RetryableError(`${where} is of another issuer: the policy says ${issuer}`);
  const at = new URL(found.jwks_uri);
  if (at.protocol !== new URL(issuer).protocol) throw new RetryableError(`${where} gives keys by another protocol`);
  return createRemoteJWKSet(at, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOL_DOWN_MS,
    cacheMaxAge: KEYS_KEPT_MS,
  });
}

/** What says nothing of the token: no answer, none with keys, or not in time. */
const isOutOfReach = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
