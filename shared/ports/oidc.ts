/** What an issuer of the policy says of somebody, by a token that it has signed. */
export interface Claims {
  readonly [claim: string]: unknown;
}

/** Tokens of an OpenID Connect issuer. */
export interface IssuedTokens {
  /**
   * Undefined when it is no such token, is not valid now, or is for somebody else.
   * @throws RetryableError when the issuer's keys can't be had.
   */
  check(token: string): Promise<Claims | undefined>;
}
