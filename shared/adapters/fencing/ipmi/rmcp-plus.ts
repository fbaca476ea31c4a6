import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.ts';
import { packetCode, type SessionKeys, sameCode } from './keys.ts';
import { PAYLOAD } from './rakp.ts';
import { afterRmcp, RMCP_HEADER } from './rmcp.ts';

/** RMCP+ packets: IPMI v2.0's session header and trailer (13.6, Table 13-8), encryption by AES-CBC-128 (13.29). */

const RMCP_PLUS = 0x06;
const ENCRYPTED = 0x80;
const AUTHENTICATED = 0x40;
const HEADER_BYTES = 12;
const INTEGRITY_PAD = 0xff;
const NEXT_HEADER = 0x07;
const BLOCK_BYTES = 16;

/** Whose packets these are. */
export interface Protection {
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
}

export interface Opened {
  readonly sequence: number;
  readonly payload: Buffer;
}

/** A packet of the session setup: outside of any session, unprotected. */
export function setupPacket(type: number, payload: Buffer): Buffer {
  return Buffer.concat([RMCP_HEADER, sessionHeader(type, 0, 0, payload.length), payload]);
}

/** The payload of such a packet; undefined for any other. Which session it is about, the payload says. */
export function setupPayload(datagram: Buffer, type: number): Buffer | undefined {
  const packet = packetOf(datagram);
  return packet?.flags === type ? packet.payload : undefined;
}

/** An IPMI message, encrypted and authenticated. `session` is the receiver's id. */
export function seal(protection: Protection, session: number, sequence: number, message: Buffer): Buffer {
  const payload = encrypt(protection.keys.aes, message);
  const header = sessionHeader(PAYLOAD.ipmi | ENCRYPTED | AUTHENTICATED, session, sequence, payload.length);
  // From the authentication type to the next header it must be a multiple of 4 (13.28.4).
  const padBytes = -(header.length + payload.length + 2) & 3;
  const trailer = Buffer.from([...Array<number>(padBytes).fill(INTEGRITY_PAD), padBytes, NEXT_HEADER]);
  const covered = Buffer.concat([header, payload, trailer]);
  return Buffer.concat([RMCP_HEADER, covered, packetCode(protection.suite, protection.keys.k1, covered)]);
}

/**
 * What is in a packet to the session `session`, if it is whole: encrypted, and with the right code. Undefined for
 * everything else, as nobody but the BMC has the keys.
 */
export function open(protection: Protection, session: number, datagram: Buffer): Opened | undefined {
  const packet = packetOf(datagram);
  if (packet?.flags !== (PAYLOAD.ipmi | ENCRYPTED | AUTHENTICATED) || packet.session !== session) return undefined;
  const { suite, keys } = protection;
  const covered = packet.whole.subarray(0, -suite.checkBytes);
  const trailerBytes = covered.length - HEADER_BYTES - packet.payload.length;
  if (trailerBytes < 2 || covered.at(-1) !== NEXT_HEADER || covered.at(-2) !== trailerBytes - 2) return undefined;
  if (!sameCode(packetCode(suite, keys.k1, covered), packet.whole.subarray(-suite.checkBytes))) return undefined;
  const payload = decrypt(keys.aes, packet.payload);
  return payload === undefined ? undefined : { sequence: packet.sequence, payload };
}

function sessionHeader(flags: number, session: number, sequence: number, payloadBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(RMCP_PLUS, 0);
  header.writeUInt8(flags, 1);
  header.writeUInt32LE(session, 2);
  header.writeUInt32LE(sequence, 6);
  header.writeUInt16LE(payloadBytes, 10);
  return header;
}

interface Packet {
  /** Payload type, and whether it is encrypted and authenticated. */
  readonly flags: number;
  readonly session: number;
  readonly sequence: number;
  readonly payload: Buffer;
  /** From the authentication type on. */
  readonly whole: Buffer;
}

function packetOf(datagram: Buffer): Packet | undefined {
  const whole = afterRmcp(datagram);
  if (whole === undefined || whole.length < HEADER_BYTES || whole[0] !== RMCP_PLUS) return undefined;
  const end = HEADER_BYTES + whole.readUInt16LE(10);
  if (whole.length < end) return undefined;
  return {
    flags: whole.readUInt8(1),
    session: whole.readUInt32LE(2),
    sequence: whole.readUInt32LE(6),
    payload: whole.subarray(HEADER_BYTES, end),
    whole,
  };
}

/** Initialization vector, then message, pad 1, 2, 3 … and pad length (13.29, Table 13-20). */
function encrypt(key: Buffer, message: Buffer): Buffer {
  const padBytes = -(message.length + 1) & (BLOCK_BYTES - 1);
  const pad = Buffer.from([...Array(padBytes).keys()].map((index) => index + 1));
  const iv = randomBytes(BLOCK_BYTES);
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([iv, cipher.update(Buffer.concat([message, pad, Buffer.from([padBytes])])), cipher.final()]);
}

function decrypt(key: Buffer, payload: Buffer): Buffer | undefined {
  if (payload.length < 2 * BLOCK_BYTES || payload.length % BLOCK_BYTES !== 0) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', key, payload.subarray(0, BLOCK_BYTES)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(payload.subarray(BLOCK_BYTES)), decipher.final()]);
  const padBytes = plain.readUInt8(plain.length - 1);
  return padBytes < BLOCK_BYTES ? plain.subarray(0, plain.length - 1 - padBytes) : undefined;
}
