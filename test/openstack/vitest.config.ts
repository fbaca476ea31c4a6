import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests against a real OpenStack: `vitest run --config test/openstack/vitest.config.ts`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/openstack/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('./setup.ts', import.meta.url))],
    // All files kill and heal hosts of the same cloud.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 120_000,
  },
});
