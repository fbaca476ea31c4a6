import type { Check, Scene } from './check.ts';

/** What a function may throw: what the simulation let its ports throw, and a race lost too often. */
const EXPECTED = /^(\w+: )?simulated: |lost \d+ races$/m;

/** Nothing fails but what was made to fail. */
export function noDefect(_scene: Scene): Check {
  return {
    id: 'X1',
    sentence: 'no function fails by itself',
    see: (happening) => {
      if (happening.kind === 'logged' && happening.level === 'error' && !EXPECTED.test(happening.error ?? ''))
        return `${happening.message}: ${happening.error}`;
      return undefined;
    },
  };
}
