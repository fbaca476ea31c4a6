import { describe, expect, it } from 'vitest';
import { playSeed } from '#cli/simulate/explore.ts';

describe('a seed', () => {
  it.for([1, 2, 3])('%i is the same run each time it is played', { timeout: 60_000 }, async (seed) => {
    const first = await playSeed(seed);
    expect(first.violation).toBeUndefined();
    expect(first.tally.incidents).toBeGreaterThan(0);
    expect((await playSeed(seed)).hash).toBe(first.hash);
  });

  it('is another run than the next one', { timeout: 60_000 }, async () => {
    expect((await playSeed(4)).hash).not.toBe((await playSeed(5)).hash);
  });
});
