import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** Numbers of RAKP-HMAC-SHA1/-SHA256, HMAC-SHA1-96/-SHA256-128 and AES-CBC-128 (13.28), and the hash under them. */
export interface Suite {
  readonly id: 3 | 17;
  readonly algorithms: readonly [authentication: number, integrity: number, confidentiality: number];
  readonly hash: 'sha1' | 'sha256';
  /** Bytes of a code that is cut. */
  readonly cut: 12 | 16;
}

export const SUITES: readonly Suite[] = [
  { id: 3, algorithms: [1, 1, 1], hash: 'sha1', cut: 12 },
  { id: 17, algorithms: [3, 4, 1], hash: 'sha256', cut: 16 },
];

export const hmac = (suite: Suite, key: Buffer, ...parts: readonly Buffer[]): Buffer =>
  createHmac(suite.hash, key).update(Buffer.concat(parts)).digest();

/** K1 and K2 (13.32). */
export const keyOf = (suite: Suite, sik: Buffer, constant: 1 | 2): Buffer =>
  hmac(suite, sik, Buffer.alloc(20, constant));

const BLOCK = 16;

/** 13.29 */
export function encrypted(key: Buffer, iv: Buffer, plain: Buffer): Buffer {
  const padded = [...plain];
  for (let pad = 1; padded.length % BLOCK !== BLOCK - 1; pad += 1) padded.push(pad);
  padded.push(padded.length - plain.length);
  const cipher = createCipheriv('aes-128-cbc', key.subarray(0, BLOCK), iv).setAutoPadding(false);
  return Buffer.concat([iv, cipher.update(Buffer.from(padded)), cipher.final()]);
}

/** Undefined for what can't have been encrypted so. */
export function decrypted(key: Buffer, payload: Buffer): Buffer | undefined {
  if (payload.length < 2 * BLOCK || payload.length % BLOCK !== 0) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', key.subarray(0, BLOCK), payload.subarray(0, BLOCK));
  decipher.setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(payload.subarray(BLOCK)), decipher.final()]);
  const pads = padded.at(-1) ?? BLOCK;
  if (pads >= BLOCK) return undefined;
  const end = padded.length - 1 - pads;
  for (let at = 0; at < pads; at += 1) if (padded[end + at] !== at + 1) return undefined;
  return padded.subarray(0, end);
}
