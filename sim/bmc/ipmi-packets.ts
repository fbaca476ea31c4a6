/** What goes over the wire: RMCP, the session headers of IPMI v1.5 and v2.0 (13.6), messages (13.8). */

const RMCP = Buffer.from([0x06, 0x00, 0xff, 0x07]);
const V1_HEADER = 10;
const V2_HEADER = 12;

export interface Packet {
  readonly version: 1 | 2;
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  readonly session: number;
  readonly sequence: number;
  readonly payload: Buffer;
  /** From the authentication type on, trailer included. */
  readonly whole: Buffer;
}

/** Undefined for what is no packet of IPMI. */
export function packetIn(datagram: Buffer): Packet | undefined {
  if (datagram.length < RMCP.length + V1_HEADER || !datagram.subarray(0, RMCP.length).equals(RMCP)) return undefined;
  const whole = datagram.subarray(RMCP.length);
  const [type, flags = 0] = whole;
  if (type === 0x00) {
    const end = V1_HEADER + whole.readUInt8(9);
    const payload = whole.subarray(V1_HEADER, end);
    const plain = {
      version: 1,
      payloadType: 0,
      encrypted: false,
      authenticated: false,
      session: 0,
      sequence: 0,
    } as const;
    return whole.length < end ? undefined : { ...plain, payload, whole };
  }
  if (type !== 0x06 || whole.length < V2_HEADER) return undefined;
  const end = V2_HEADER + whole.readUInt16LE(10);
  if (whole.length < end) return undefined;
  return {
    version: 2,
    payloadType: flags & 0x3f,
    encrypted: (flags & 0x80) !== 0,
    authenticated: (flags & 0x40) !== 0,
    session: whole.readUInt32LE(2),
    sequence: whole.readUInt32LE(6),
    payload: whole.subarray(V2_HEADER, end),
    whole,
  };
}

export function v1Packet(payload: Buffer): Buffer {
  return Buffer.concat([RMCP, Buffer.alloc(V1_HEADER - 1), Buffer.from([payload.length]), payload]);
}

export function setupPacket(payloadType: number, payload: Buffer): Buffer {
  return Buffer.concat([RMCP, v2Header(payloadType, 0, 0, payload)]);
}

/** @param code of what it is given, for the trailer */
export function sessionPacket(
  session: number,
  sequence: number,
  payload: Buffer,
  code: (covered: Buffer) => Buffer,
): Buffer {
  const start = v2Header(0xc0, session, sequence, payload);
  const pads = (4 - ((start.length + 2) % 4)) % 4;
  const covered = Buffer.concat([start, Buffer.alloc(pads, 0xff), Buffer.from([pads, 0x07])]);
  return Buffer.concat([RMCP, covered, code(covered)]);
}

function v2Header(flags: number, session: number, sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(V2_HEADER);
  header[0] = 0x06;
  header[1] = flags;
  header.writeUInt32LE(session, 2);
  header.writeUInt32LE(sequence, 6);
  header.writeUInt16LE(payload.length, 10);
  return Buffer.concat([header, payload]);
}

export interface Message {
  readonly netFn: number;
  readonly command: number;
  readonly data: Buffer;
  /** Requester's address, sequence and LUNs, which its answer gives back. */
  readonly from: { readonly address: number; readonly sequence: number; readonly netFnLun: number };
}

/** Undefined for a message with a wrong checksum, or one that is too short. */
export function messageIn(payload: Buffer): Message | undefined {
  if (payload.length < 7) return undefined;
  const [, netFnLun = 0, , address = 0, sequence = 0, command = 0] = payload;
  if (sum(payload.subarray(0, 3)) !== 0 || sum(payload.subarray(3)) !== 0) return undefined;
  return { netFn: netFnLun >> 2, command, data: payload.subarray(6, -1), from: { address, sequence, netFnLun } };
}

export function answerTo({ command, from }: Message, completionCode: number, data: Buffer): Buffer {
  const head = Buffer.from([from.address, from.netFnLun + 4]);
  const body = Buffer.concat([Buffer.from([0x20, from.sequence, command, completionCode]), data]);
  return Buffer.concat([head, Buffer.from([-sum(head) & 0xff]), body, Buffer.from([-sum(body) & 0xff])]);
}

const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
