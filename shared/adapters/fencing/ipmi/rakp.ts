import type { CipherSuite } from './cipher-suites.ts';

/** The messages that open a session (13.17 to 13.23), without the header around them. Numbers are little-endian. */

/** First byte of each, so that an answer finds its question. */
type Tag = number;

/** Payload types of the RMCP+ session header (13.27.3, Table 13-16). */
export const PAYLOAD = {
  ipmi: 0x00,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** Privilege levels (6.8). */
export const PRIVILEGE = { user: 2, operator: 3, administrator: 4 } as const;

/** Finds the user by its name alone, not by name and level (13.20, byte 25). */
export const NAME_ONLY_LOOKUP = 0x10;

const ALGORITHM_BYTES = 8;
/** Tag, status and session id. */
const STATUS_BYTES = 8;

/** What the BMC answers; a status other than zero (13.24) when it does not go on. */
export type Said<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'denied'; readonly status: number };

/** 13.17. Asks for the highest level that goes with the suite (0), as ipmitool does; RAKP message 1 names the wanted one. */
export function openSessionRequest(
  tag: Tag,
  consoleSession: number,
  { authentication, integrity, confidentiality }: CipherSuite,
): Buffer {
  const algorithms = [authentication, integrity, confidentiality].map((algorithm, type) =>
    Buffer.from([type, 0, 0, ALGORITHM_BYTES, algorithm, 0, 0, 0]),
  );
  return Buffer.concat([statusHead(tag, 0, consoleSession), ...algorithms]);
}

export interface OpenSessionResponse {
  readonly bmcSession: number;
  /** What the BMC has agreed to. */
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
}

/** 13.18. Undefined for what does not answer the request, as in the messages below. */
export function openSessionResponse(
  payload: Buffer,
  tag: Tag,
  consoleSession: number,
): Said<OpenSessionResponse> | undefined {
  // ipmi_sim's refusal has two bytes, and names no session.
  const [ownTag, status] = payload;
  if (payload.length < STATUS_BYTES) return ownTag === tag && status ? { kind: 'denied', status } : undefined;
  return said(payload, tag, consoleSession, 36, () => ({
    bmcSession: payload.readUInt32LE(8),
    authentication: payload.readUInt8(16) & 0x3f,
    integrity: payload.readUInt8(24) & 0x3f,
    confidentiality: payload.readUInt8(32) & 0x3f,
  }));
}

/** 13.20 */
export function rakp1(tag: Tag, bmcSession: number, consoleRandom: Buffer, role: number, username: Buffer): Buffer {
  const tail = Buffer.from([role, 0, 0, username.length]);
  return Buffer.concat([statusHead(tag, 0, bmcSession), consoleRandom, tail, username]);
}

export interface Rakp2 {
  readonly bmcRandom: Buffer;
  readonly bmcGuid: Buffer;
  readonly code: Buffer;
}

/** 13.21 */
export function rakp2(
  payload: Buffer,
  tag: Tag,
  consoleSession: number,
  { digestBytes }: CipherSuite,
): Said<Rakp2> | undefined {
  return said(payload, tag, consoleSession, 40 + digestBytes, () => ({
    bmcRandom: payload.subarray(8, 24),
    bmcGuid: payload.subarray(24, 40),
    code: payload.subarray(40, 40 + digestBytes),
  }));
}

/** 13.22. With a status other than zero it ends what was begun, and carries no code. */
export function rakp3(tag: Tag, status: number, bmcSession: number, code: Buffer): Buffer {
  return Buffer.concat([statusHead(tag, status, bmcSession), code]);
}

/** 13.23. The code of the message. */
export function rakp4(
  payload: Buffer,
  tag: Tag,
  consoleSession: number,
  { checkBytes }: CipherSuite,
): Said<Buffer> | undefined {
  const bytes = STATUS_BYTES + checkBytes;
  return said(payload, tag, consoleSession, bytes, () => payload.subarray(STATUS_BYTES, bytes));
}

function said<T>(payload: Buffer, tag: Tag, consoleSession: number, bytes: number, read: () => T): Said<T> | undefined {
  if (payload.length < STATUS_BYTES || payload[0] !== tag) return undefined;
  if (payload.readUInt32LE(4) !== consoleSession) return undefined;
  const status = payload.readUInt8(1);
  if (status !== 0) return { kind: 'denied', status };
  return payload.length < bytes ? undefined : { kind: 'ok', value: read() };
}

function statusHead(tag: Tag, status: number, session: number): Buffer {
  const head = Buffer.alloc(STATUS_BYTES);
  head.writeUInt8(tag, 0);
  head.writeUInt8(status, 1);
  head.writeUInt32LE(session, 4);
  return head;
}
