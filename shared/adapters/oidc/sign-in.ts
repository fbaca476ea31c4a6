import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  clockSkew,
  discovery,
  None,
  type ServerMetadata,
} from 'openid-client';
import { RetryableError } from '#shared/errors.ts';
import type { IssuerSignIn } from '#shared/ports.ts';
import { whyOf } from './why.ts';

export interface SignInOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** By which the issuer sends the browser back. */
  readonly redirectUri: string;
  /**
   * What proves to be the client; undefined for a public one.
   * @throws PermanentError when there is none.
   */
  readonly clientSecret: (() => Promise<string>) | undefined;
  /** Unix ms. */
  readonly now: () => number;
}

const TIMEOUT_SECONDS = 5;
/** An issuer that moves its endpoints leaves the old ones for longer. */
const METADATA_KEPT_MS = 600_000;

/** OpenID Connect Core 1.0, 3.1, by authorization code with PKCE (RFC 7636), and with RFC 9207 where the issuer knows it. */
export function issuerSignIn({
  issuer,
  clientId,
  scopes,
  redirectUri,
  clientSecret,
  now,
}: SignInOptions): IssuerSignIn {
  const isPlain = new URL(issuer).protocol === 'http:';
  let known: { readonly untilMs: number; readonly metadata: Promise<ServerMetadata> } | undefined;
  const metadataOf = (): Promise<ServerMetadata> => {
    if (known !== undefined && now() < known.untilMs) return known.metadata;
    const asked = { untilMs: now() + METADATA_KEPT_MS, metadata: discover(issuer, clientId, isPlain) };
    known = asked;
    asked.metadata.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked.metadata;
  };
  const client = (metadata: ServerMetadata, secret?: string): Configuration => {
    // Its own clock is not asked: there is one for all of salvor.
    const skew = { [clockSkew]: Math.round((now() - Date.now()) / 1000) };
    const made = new Configuration(metadata, clientId, skew, authentication(metadata, secret));
    made.timeout = TIMEOUT_SECONDS;
    if (isPlain) allowInsecureRequests(made);
    return made;
  };
  return {
    begin: async ({ state, nonce, verifier }) => {
      const url = buildAuthorizationUrl(client(await metadataOf()), {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return url.href;
    },
    finish: async (answer, { state, nonce, verifier }) => {
      try {
        const came = new URL(redirectUri);
        came.search = answer.toString();
        const config = client(await metadataOf(), await clientSecret?.());
        const { id_token: value } = await authorizationCodeGrant(config, came, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        return value === undefined
          ? { kind: 'none', why: 'refused', detail: 'there is no ID token' }
          : { kind: 'token', value };
      } catch (error) {
        return { kind: 'none', ...whyOf(error) };
      }
    },
  };
}

/** @throws RetryableError */
async function discover(issuer: string, clientId: string, isPlain: boolean): Promise<ServerMetadata> {
  let metadata: ServerMetadata;
  try {
    const execute = isPlain ? [allowInsecureRequests] : [];
    const found = await discovery(new URL(issuer), clientId, undefined, None(), { execute, timeout: TIMEOUT_SECONDS });
    metadata = found.serverMetadata();
  } catch (error) {
    throw new RetryableError(`what ${issuer} says of itself can't be read: ${whyOf(error).detail}`);
  }
  if (metadata.issuer !== issuer)
    throw new RetryableError(`${issuer} calls itself otherwise: the policy must say ${metadata.issuer}`);
  const { authorization_endpoint: page } = metadata;
  if (page === undefined || URL.parse(page)?.protocol !== new URL(issuer).protocol)
    throw new RetryableError(`${issuer} names no page to sign in by its own protocol`);
  return metadata;
}

/** `client_secret_basic` is what an issuer takes that says nothing (OpenID Connect Discovery 1.0, section 3). */
function authentication({ token_endpoint_auth_methods_supported: taken }: ServerMetadata, secret: string | undefined) {
  if (secret === undefined) return None();
  return taken === undefined || taken.includes('client_secret_basic')
    ? ClientSecretBasic(secret)
    : ClientSecretPost(secret);
}
