import { defineConfig } from 'vitest/config';

/** Everything that needs nothing but npm. The suites on LocalStack and on a real OpenStack have configs of their own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/localstack/**', 'test/openstack/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
