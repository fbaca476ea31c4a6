import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.ts';

/** What both sides know of a session being opened. Subscripts of the specification: m is the console, c the BMC. */
export interface Handshake {
  readonly suite: CipherSuite;
  /** SIDm and SIDc. */
  readonly consoleSession: number;
  readonly bmcSession: number;
  /** Rm and Rc, 16 bytes each. */
  readonly consoleRandom: Buffer;
  readonly bmcRandom: Buffer;
  /** GUIDc. */
  readonly bmcGuid: Buffer;
  /** ROLEm: the whole byte of RAKP message 1. */
  readonly role: number;
  /** UNAMEm; its length goes before it. */
  readonly username: Buffer;
}

export interface UserKeys {
  /** Kuid: the password. */
  readonly user: Buffer;
  /** Kg: the BMC's own key. Where none is set, Kuid stands in its place (13.33). */
  readonly bmc?: Buffer;
}

export interface SessionKeys {
  /** For the codes in the trailers. */
  readonly k1: Buffer;
  /** For AES: the first 16 bytes of K2. */
  readonly aes: Buffer;
}

const AES_KEY_BYTES = 16;
const CONSTANT_BYTES = 20;

/** What RAKP message 2 must carry: the BMC knows the password (13.31). */
export function rakp2Code(shake: Handshake, keys: UserKeys): Buffer {
  const { suite, consoleSession, bmcSession, consoleRandom, bmcRandom, bmcGuid } = shake;
  return hmac(suite, keys.user, [
    sessionId(consoleSession),
    sessionId(bmcSession),
    consoleRandom,
    bmcRandom,
    bmcGuid,
    roleAndName(shake),
  ]);
}

/** What RAKP message 3 carries: the console knows it, too (13.31). */
export function rakp3Code(shake: Handshake, keys: UserKeys): Buffer {
  return hmac(shake.suite, keys.user, [shake.bmcRandom, sessionId(shake.consoleSession), roleAndName(shake)]);
}

/** SIK, the session integrity key (13.31). */
export function sessionIntegrityKey(shake: Handshake, keys: UserKeys): Buffer {
  return hmac(shake.suite, keys.bmc ?? keys.user, [shake.consoleRandom, shake.bmcRandom, roleAndName(shake)]);
}

/** What RAKP message 4 must carry: the BMC has come to the same session integrity key (13.31). */
export function rakp4Code(shake: Handshake, sik: Buffer): Buffer {
  const whole = hmac(shake.suite, sik, [shake.consoleRandom, sessionId(shake.bmcSession), shake.bmcGuid]);
  return whole.subarray(0, shake.suite.checkBytes);
}

/** K1 and K2 (13.32). Both constants have 20 bytes, with SHA-256 as well. */
export function sessionKeys(suite: CipherSuite, sik: Buffer): SessionKeys {
  const key = (constant: number): Buffer => hmac(suite, sik, [Buffer.alloc(CONSTANT_BYTES, constant)]);
  return { k1: key(1), aes: key(2).subarray(0, AES_KEY_BYTES) };
}

/** The code in a packet's trailer, over all from the authentication type to the next header (13.28.4). */
export function packetCode(suite: CipherSuite, k1: Buffer, covered: Buffer): Buffer {
  return hmac(suite, k1, [covered]).subarray(0, suite.checkBytes);
}

/** In a time that does not tell how much of it is right. */
export const sameCode = (own: Buffer, other: Buffer): boolean =>
  own.length === other.length && timingSafeEqual(own, other);

function hmac(suite: CipherSuite, key: Buffer, parts: readonly Buffer[]): Buffer {
  const code = createHmac(suite.hash, key);
  for (const part of parts) code.update(part);
  return code.digest();
}

const roleAndName = ({ role, username }: Handshake): Buffer =>
  Buffer.concat([Buffer.from([role, username.length]), username]);

function sessionId(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}
