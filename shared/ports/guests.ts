/** Where a guest is asked whether it is up, and how. */
export interface GuestQuestion {
  readonly by: 'tcp' | 'http';
  readonly address: string;
  readonly port: number;
  /** Of a request by `http`. */
  readonly path: string;
}

/** What runs in an instance, as far as it can be reached from here. */
export interface Guests {
  /**
   * Asks once, within seconds: a connection, or a request that is answered without an error (below 500). Never rejects.
   * @returns why it did not answer; undefined when it did
   */
  ask(question: GuestQuestion): Promise<string | undefined>;
}
