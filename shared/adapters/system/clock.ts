import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Chance, Clock } from '#shared/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => setTimeout(ms),
};

export const systemChance: Chance = {
  id: () => uuidV7(Date.now(), randomUUID()),
  random: () => Math.random(),
};

/**
 * RFC 9562, section 5.7: 48 bits of Unix ms, then chance; so ids sort by the time they were made.
 * @param v4 a version 4 UUID for the chance: Node keeps a stock of them, and asking the system costs ten times as much.
 */
function uuidV7(unixMs: number, v4: string): string {
  const time = unixMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${v4.slice(15)}`;
}
