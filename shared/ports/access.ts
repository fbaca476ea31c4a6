/** A certificate that was shown on a connection of salvor's, and by whom. */
export interface EndpointCertificate {
  /** Who answers there, as people call it: `keystone`, `nova and placement`. */
  readonly of: string;
  /** `https://nova.example:8774`. */
  readonly address: string;
  /** Unix ms. */
  readonly expiresAtMs: number;
}

/** The account by which salvor signs in, and its end. */
export interface AccountEnd {
  /** In words: `the password of user salvor`. */
  readonly of: string;
  /** Unix ms; null: it has none, or nobody tells it. */
  readonly endsAtMs: number | null;
  /** Why it is not known; null where it is. */
  readonly untold: string | null;
}

/** What lets salvor into its cloud, and will not for ever. */
export interface CloudAccess {
  /** Those that this process has seen on its own connections. Nobody is asked for them. */
  certificates(): Promise<readonly EndpointCertificate[]>;
  /**
   * @throws PermanentError when Keystone refuses the credentials.
   * @throws RetryableError when it is out of reach.
   */
  account(): Promise<AccountEnd>;
}
