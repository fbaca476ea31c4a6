import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests against LocalStack: `vitest run --config test/localstack/vitest.config.ts`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/localstack/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('./setup.ts', import.meta.url))],
    // Deployments and functions share one emulator and few cores.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
