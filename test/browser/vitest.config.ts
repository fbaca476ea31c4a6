import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The console in a real browser: `test/browser/install.sh`, then `npm run test:browser`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/browser/**/*.test.ts'],
    globalSetup: 'test/browser/setup.ts',
    // Each file has a pipeline, a cloud and a browser of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
