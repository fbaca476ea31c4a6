import type { Chance } from '#shared/ports.ts';
import { type Random, seededRandom, seedOf } from '#sim/random.ts';

/** A stream of chance of its own for each purpose, so that one that draws more does not change the others. */
export const chanceFor = (seed: number, purpose: string): Random => seededRandom(seedOf(`${seed} ${purpose}`));

/** Chance by purpose. */
export type Chances = (purpose: string) => Random;

/** The middle of everything that chance could give, but for ids, which count: for plays, which people read and compare. */
export function evenChanceFor(seed: number, purpose: string): Random {
  const random = chanceFor(seed, purpose);
  const first = random.hex(8);
  let count = 0;
  const uuid = (): string => {
    count += 1;
    return `${first}-0000-4000-8000-${String(count).padStart(12, '0')}`;
  };
  return { ...random, next: () => 0.5, spread: (valueMs) => valueMs, uuid };
}

/** A whole number from `min` to `max`, both included. */
export const wholeBetween = (random: Random, min: number, max: number): number =>
  min + Math.floor(random.next() * (max - min + 1));

/** Between `min` and `max`, small values more often: most answers are quick, some are slow. */
export const skewedBetween = (random: Random, [min, max]: readonly [number, number]): number =>
  min + (max - min) * random.next() ** 3;

export function pickOne<T>(random: Random, among: readonly T[]): T {
  const one = among[Math.floor(random.next() * among.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

export const happens = (random: Random, probability: number): boolean => random.next() < probability;

/** The functions' own chance: ids are time-ordered as RFC 9562 has them, with virtual time. */
export function virtualChance(random: Random, now: () => number): Chance {
  return {
    id: () => {
      const time = now().toString(16).padStart(12, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7${random.uuid().slice(15)}`;
    },
    random: () => random.next(),
  };
}
