import { defineConfig } from 'vitest/config';

/** Everything that needs nothing but npm. The suites on LocalStack, on a real OpenStack with real agents, with real fence devices and in a browser have configs of their own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/localstack/**', 'test/openstack/**', 'test/agents/**', 'test/fencing/**', 'test/browser/**'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
