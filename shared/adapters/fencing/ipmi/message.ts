/** A command to the BMC by its network function (5.1) and number (Appendix G). */
export interface IpmiRequest {
  /** The specification's, for people. */
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  readonly data: Buffer;
}

export interface IpmiResponse {
  /** Table 5-2; 0 when all is well. */
  readonly completionCode: number;
  readonly data: Buffer;
}

const BMC_ADDRESS = 0x20;
/** Software id of a remote console (5.5). */
const CONSOLE_ADDRESS = 0x81;
const RESPONSE = 1;
/** Addresses, network function, sequence, command, completion code and both checksums. */
const SHORTEST_RESPONSE = 8;

/** @param sequence of the request, 0 to 63; its response carries it too (13.8, Figure 13-4) */
export function encodeRequest({ netFn, command, data }: IpmiRequest, sequence: number): Buffer {
  const to = Buffer.from([BMC_ADDRESS, netFn << 2]);
  const body = Buffer.concat([Buffer.from([CONSOLE_ADDRESS, sequence << 2, command]), data]);
  return Buffer.concat([to, checksum(to), body, checksum(body)]);
}

/** The response to that request; undefined for everything else, so that it is waited on. */
export function decodeResponse(message: Buffer, to: IpmiRequest, sequence: number): IpmiResponse | undefined {
  if (message.length < SHORTEST_RESPONSE) return undefined;
  const header = message.subarray(0, 3);
  const body = message.subarray(3);
  if (sum(header) !== 0 || sum(body) !== 0) return undefined;
  const isAnswer =
    header[0] === CONSOLE_ADDRESS &&
    header.readUInt8(1) >> 2 === (to.netFn | RESPONSE) &&
    body.readUInt8(1) >> 2 === sequence &&
    body[2] === to.command;
  return isAnswer ? { completionCode: body.readUInt8(3), data: body.subarray(4, -1) } : undefined;
}

/** Makes the sum of all bytes zero (13.8, "2's complement checksum"). */
const checksum = (bytes: Buffer): Buffer => Buffer.from([-sum(bytes) & 0xff]);

function sum(bytes: Buffer): number {
  let total = 0;
  for (const byte of bytes) total = (total + byte) & 0xff;
  return total;
}
