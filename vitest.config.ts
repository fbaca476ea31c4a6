import { defineConfig } from 'vitest/config';

/** Everything that needs nothing but npm. The suites on LocalStack, on a real OpenStack with real agents and with real fence devices have configs of their own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/localstack/**', 'test/openstack/**', 'test/agents/**', 'test/fencing/**'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
