/** Whose token it is, as Keystone says. */
export interface TokenOwner {
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly domain: { readonly id: string; readonly name: string };
  };
  /** Null for a token without a project. */
  readonly projectId: string | null;
  /** Names, as the token's scope gives them. */
  readonly roles: readonly string[];
  /** Unix ms. */
  readonly expiresAtMs: number;
}

/** Whether Keystone lets somebody in. Answers may be some seconds old. */
export interface KeystoneTokens {
  /** Keystone's address, for the `WWW-Authenticate` of a 401. */
  uri(): Promise<string>;
  /**
   * Undefined when the token is none, or is not valid any more.
   * @throws RetryableError when Keystone is out of reach or answers 429 or 5xx.
   * @throws PermanentError when salvor's own account may not ask it.
   */
  check(token: string): Promise<TokenOwner | undefined>;
}
