import type { State } from './state.ts';

/**
 * The states that were met, by a fingerprint of 64 bits, each with a number in the order in which they were met. Two
 * states with one fingerprint would be taken for one: for n states the chance of that is below n²/2⁶⁵.
 */
export class Visited {
  private high = new Uint32Array(1 << 16);
  private low = new Uint32Array(1 << 16);
  /** Number plus 1; 0 is a free place. */
  private numbers = new Uint32Array(1 << 16);
  size = 0;

  /** The state's number, a new one if it was not met before. */
  number(state: State): number {
    const [high, low] = fingerprint(state);
    const place = this.placeOf(high, low);
    const known = this.numbers[place] ?? 0;
    if (known > 0) return known - 1;
    this.size += 1;
    this.high[place] = high;
    this.low[place] = low;
    this.numbers[place] = this.size;
    if (this.size * 2 > this.numbers.length) this.grow();
    return this.size - 1;
  }

  find(state: State): number | undefined {
    const known = this.numbers[this.placeOf(...fingerprint(state))] ?? 0;
    return known > 0 ? known - 1 : undefined;
  }

  private placeOf(high: number, low: number): number {
    const mask = this.numbers.length - 1;
    let place = low & mask;
    while (this.numbers[place] !== 0 && (this.high[place] !== high || this.low[place] !== low))
      place = (place + 1) & mask;
    return place;
  }

  private grow(): void {
    const { high, low, numbers } = this;
    const size = numbers.length * 2;
    this.high = new Uint32Array(size);
    this.low = new Uint32Array(size);
    this.numbers = new Uint32Array(size);
    for (const [from, number] of numbers.entries()) {
      if (number === 0) continue;
      const place = this.placeOf(high[from] ?? 0, low[from] ?? 0);
      this.high[place] = high[from] ?? 0;
      this.low[place] = low[from] ?? 0;
      this.numbers[place] = number;
    }
  }
}

/** Two independent hashes over the numbers of the parts (MurmurHash3's mixing). */
function fingerprint({ items, queue, runs, cloud, budget, active }: State): readonly [number, number] {
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  const mix = (value: number): void => {
    a = Math.imul(a ^ Math.imul(value, 0xcc9e2d51), 0x1b873593);
    a = ((a << 13) | (a >>> 19)) + 0x6b64e654;
    b = Math.imul(b ^ Math.imul(value + 0x7f4a7c15, 0x85ebca6b), 0xc2b2ae35);
    b = ((b << 15) | (b >>> 17)) + 0x52dce729;
  };
  let last = items.length;
  while (last > 0 && items[last - 1] === 0) last -= 1;
  for (let at = 0; at < last; at += 1) mix(items[at] ?? 0);
  mix(-1);
  for (const message of queue) mix(message);
  mix(-2);
  for (const run of runs) mix(run);
  mix(cloud);
  mix(budget);
  mix(active);
  return [final(a), final(b)];
}

function final(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
