import type { SignInKeys } from '#shared/domain/sign-in.ts';
import type { SignInFault } from '#shared/domain/sign-in-words.ts';

/** What an issuer of the policy says of somebody, by a token that it has signed. */
export interface Claims {
  readonly [claim: string]: unknown;
}

/** Tokens of an OpenID Connect issuer. */
export interface IssuedTokens {
  /**
   * Undefined when it is no such token, is not valid now, or is for somebody else.
   * @param audience whom it must be for; the policy's, unless given
   * @throws RetryableError when the issuer's keys can't be had.
   */
  check(token: string, audience?: string): Promise<Claims | undefined>;
}

/** What has become of a sign-in: the ID token, which nobody has judged yet, or why there is none. */
export type SignedIn =
  | { readonly kind: 'token'; readonly value: string }
  | {
      readonly kind: 'none';
      readonly why: SignInFault;
      /** For the log: names what is wrong, and repeats nothing that was sent. */
      readonly detail: string;
    };

/** Signing in at an OpenID Connect issuer's own page, by authorization code and PKCE. */
export interface IssuerSignIn {
  /**
   * Where the browser is to go.
   * @throws RetryableError when the issuer is out of reach, or is not what the policy says.
   */
  begin(keys: SignInKeys): Promise<string>;
  /** @param answer what the issuer has the browser bring back: the query of the redirect URI */
  finish(answer: URLSearchParams, keys: SignInKeys): Promise<SignedIn>;
}
