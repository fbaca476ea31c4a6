/** RMCP version 1.0, not to be acknowledged, class IPMI (13.1.3). Stands before everything that is sent here. */
export const RMCP_HEADER = Buffer.from([0x06, 0x00, 0xff, 0x07]);

/** No datagram of this protocol is longer here; longer ones are not looked at. */
export const LONGEST_DATAGRAM = 1024;

const NO_AUTHENTICATION = 0x00;
/** Authentication type, session sequence number and session id (all zero outside of a session), length. */
const HEADER_BYTES = 10;

/** A message outside of any session, in IPMI v1.5's session header (13.6, Table 13-8). */
export function sessionlessPacket(message: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(message.length, HEADER_BYTES - 1);
  return Buffer.concat([RMCP_HEADER, header, message]);
}

/** The message in such a packet; undefined if it is none. */
export function sessionlessMessage(datagram: Buffer): Buffer | undefined {
  const packet = afterRmcp(datagram);
  if (packet === undefined || packet.length < HEADER_BYTES || packet[0] !== NO_AUTHENTICATION) return undefined;
  const end = HEADER_BYTES + packet.readUInt8(HEADER_BYTES - 1);
  return packet.length < end ? undefined : packet.subarray(HEADER_BYTES, end);
}

/** What follows the RMCP header; undefined for what is not IPMI over RMCP. */
export function afterRmcp(datagram: Buffer): Buffer | undefined {
  if (datagram.length > LONGEST_DATAGRAM || datagram.length < RMCP_HEADER.length) return undefined;
  const isIpmi = datagram[0] === RMCP_HEADER[0] && datagram[3] === RMCP_HEADER[3];
  return isIpmi ? datagram.subarray(RMCP_HEADER.length) : undefined;
}
