export type CipherSuiteId = 3 | 17;

/** How the parties of a session prove who they are, and how its messages are protected (22.15.2). */
export interface CipherSuite {
  readonly id: CipherSuiteId;
  /** RAKP-HMAC-SHA1 or RAKP-HMAC-SHA256 (13.28, Table 13-17). */
  readonly authentication: number;
  /** HMAC-SHA1-96 or HMAC-SHA256-128 (13.28.4, Table 13-18). */
  readonly integrity: number;
  /** AES-CBC-128 (13.29, Table 13-19). */
  readonly confidentiality: number;
  readonly hash: 'sha1' | 'sha256';
  /** Of the codes in RAKP messages 2 and 3. */
  readonly digestBytes: number;
  /** What is left of a code in RAKP message 4 and in the trailer of each packet. */
  readonly checkBytes: number;
}

/** Suites without authentication, integrity or encryption, and those with MD5, are left out on purpose. */
export const CIPHER_SUITES: Readonly<Record<CipherSuiteId, CipherSuite>> = {
  3: { id: 3, authentication: 1, integrity: 1, confidentiality: 1, hash: 'sha1', digestBytes: 20, checkBytes: 12 },
  17: { id: 17, authentication: 3, integrity: 4, confidentiality: 1, hash: 'sha256', digestBytes: 32, checkBytes: 16 },
};
