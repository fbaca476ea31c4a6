import type { Policy } from '#shared/domain/policy.ts';
import { clientIdOf, signInOf } from '#shared/domain/policy-access.ts';
import { PermanentError } from '#shared/errors.ts';
import type { IssuedTokens, IssuerSignIn, Secrets } from '#shared/ports.ts';
import { issuedTokens } from './issued.ts';
import { issuerSignIn } from './sign-in.ts';

export interface Issuer {
  readonly issued: IssuedTokens | undefined;
  readonly signIn: IssuerSignIn | undefined;
}

/** Below the site of the console; the issuer must know it as a redirect URI of the client. */
export const CALLBACK = '/api/v1/session/oidc/callback';

/**
 * The issuer of the policy's `access.oidc`, and signing in there as far as the policy has it.
 * @param now Unix ms
 */
export function issuerOf(policy: Policy, secrets: Secrets, now: () => number): Issuer {
  const oidc = policy.access?.oidc;
  if (oidc === undefined) return { issued: undefined, signIn: undefined };
  const issued = issuedTokens({ ...oidc, now });
  const offered = signInOf(policy);
  if (oidc.signIn === undefined || offered === undefined) return { issued, signIn: undefined };
  const { clientSecret: secret, scopes } = oidc.signIn;
  const signIn = issuerSignIn({
    issuer: oidc.issuer,
    clientId: clientIdOf(oidc),
    scopes,
    redirectUri: new URL(CALLBACK, offered.site).href,
    clientSecret: secret === undefined ? undefined : () => clientSecretOf(secrets, secret),
    now,
  });
  return { issued, signIn };
}

/** Read each time: a changed one needs no restart. */
async function clientSecretOf(secrets: Secrets, name: string): Promise<string> {
  const { clientSecret } = await secrets.get(name);
  if (!clientSecret) throw new PermanentError(`secret ${name} needs clientSecret`);
  return clientSecret;
}
