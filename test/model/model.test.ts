import { describe, expect, it } from 'vitest';
import { searchWorld } from './search-profile.ts';
import { SMALL } from './small.ts';

/** `npm run model` searches much larger worlds, to their ends as well. */
describe('a small world, searched to its end', () => {
  it.each(SMALL)(
    'holds every invariant, and ends from every state: $name, $about',
    async (profile) => {
      const { found } = await searchWorld(profile);
      expect(found.violation).toBeUndefined();
      expect(found.exhausted).toBe(true);
      expect(found.ends).toBeGreaterThan(0);
      // What was allowed to happen did happen.
      for (const fault of Object.keys(profile.budget))
        if (fault !== 'switch') expect(found.faults).toHaveProperty(fault);
    },
    60_000,
  );
});
