import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests with the real programs: `test/agents/install.sh`, then `vitest run --config test/agents/vitest.config.ts`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/agents/**/*.test.ts'],
    // The programs wait for their timers most of the time; few cores are enough for all of them.
    fileParallelism: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
