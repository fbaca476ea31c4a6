/** Whose token it is, as Keystone says. */
export interface TokenOwner {
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly domain: { readonly id: string; readonly name: string };
  };
  /** Null for a token without a project. */
  readonly projectId: string | null;
  /** Whether its scope is the whole system (Keystone's system assignments). */
  readonly isSystem: boolean;
  /** Names, as the token's scope gives them. */
  readonly roles: readonly string[];
  /** Unix ms. */
  readonly expiresAtMs: number;
}

/** What somebody signs in with. */
export interface KeystoneLogin {
  readonly user: string;
  /** Of the user, by name. */
  readonly domain: string;
  readonly password: string;
  /** By name; without one, the scope of the whole system. */
  readonly project?: string | undefined;
  /** Of the project, by name; the user's, unless given. */
  readonly projectDomain?: string | undefined;
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
  /**
   * A token for whoever has this password; undefined when nobody has, or has no role there.
   * @throws RetryableError when Keystone is out of reach or answers 429 or 5xx.
   */
  signIn(login: KeystoneLogin): Promise<string | undefined>;
}
