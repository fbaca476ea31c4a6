import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Fence drivers on real peers: `test/fencing/install.sh`, then `vitest run --config test/fencing/vitest.config.ts`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/fencing/**/*.test.ts'],
    // Few cores are enough, but they stand still for one another's timeouts.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
