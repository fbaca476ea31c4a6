/**
 * How a BMC puts a UUID into the 16 bytes of a GUID. Nothing in them tells. By the specification (20.8) it
 * is `ipmi`; most BMCs hand out the bytes of the SMBIOS table.
 *
 * `smbios`: the first three fields little-endian (SMBIOS 7.2.1), `rfc4122`: all big-endian, `ipmi`: `rfc4122` backwards.
 */
export type GuidEncoding = 'smbios' | 'rfc4122' | 'ipmi';

const ORDER: Readonly<Record<GuidEncoding, readonly number[]>> = {
  smbios: [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
  rfc4122: [...Array(16).keys()],
  ipmi: [...Array(16).keys()].reverse(),
};

/** As a UUID in lower case; null for 16 times 0x00 or 0xff, which say that none is set. */
export function uuidOf(guid: Buffer, encoding: GuidEncoding): string | null {
  if (guid.every((byte) => byte === 0) || guid.every((byte) => byte === 0xff)) return null;
  const hex = Buffer.from(ORDER[encoding].map((index) => guid.readUInt8(index))).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The encoding by which the same bytes are this UUID. */
export function encodingThatGives(uuid: string, guid: Buffer): GuidEncoding | undefined {
  const encodings: readonly GuidEncoding[] = ['smbios', 'rfc4122', 'ipmi'];
  return encodings.find((encoding) => uuidOf(guid, encoding) === uuid);
}
