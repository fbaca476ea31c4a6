/**
 * Packets of `fence_kdump_send` (ClusterLabs/fence-agents): magic and version, 4 bytes each, in the byte order of the
 * sender. They name nobody and are not signed: who has sent one is told by its address, which can be forged.
 */
const BYTES = 8;
const MAGIC = 0x1b302a40;
const VERSION = 1;

export const isKdumpPacket = (datagram: Buffer): boolean =>
  datagram.length === BYTES &&
  ((datagram.readUInt32LE(0) === MAGIC && datagram.readUInt32LE(4) === VERSION) ||
    (datagram.readUInt32BE(0) === MAGIC && datagram.readUInt32BE(4) === VERSION));
