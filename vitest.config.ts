import { defineConfig } from 'vitest/config';

/** Everything that needs nothing but npm. The suites on LocalStack, on a real OpenStack and with real agents have configs of their own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/localstack/**', 'test/openstack/**', 'test/agents/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
