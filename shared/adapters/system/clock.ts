import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Chance, Clock } from '#shared/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => setTimeout(ms),
};

export const systemChance: Chance = {
  id: () => uuidV7(Date.now(), randomBytes(10)),
  random: () => Math.random(),
};

/** RFC 9562, section 5.7: 48 bits of Unix ms, then chance; so ids sort by the time they were made. */
export function uuidV7(unixMs: number, chance: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(unixMs, 0, 6);
  bytes.set(chance.subarray(0, 10), 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
