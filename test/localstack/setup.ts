/** Vitest's global setup: one LocalStack for all test files of a run. */
import type { TestProject } from 'vitest/node';
import { LocalStackUnavailable } from './health.ts';
import { type LocalStack, openLocalStack } from './localstack.ts';

/** What the tests get to know; `reason` says in one line why there is no LocalStack. */
export type ProvidedLocalStack = Pick<LocalStack, 'endpoint' | 'env'> | { readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    localStack: ProvidedLocalStack;
  }
}

/**
 * Where none can run, a user's tests are skipped with the reason.
 * @throws LocalStackUnavailable where none can run, if CI=true.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const { endpoint, env, stop } = await openLocalStack();
    project.provide('localStack', { endpoint, env });
    return stop;
  } catch (error) {
    if (!(error instanceof LocalStackUnavailable) || process.env.CI === 'true') throw error;
    project.vitest.logger.log(`Skipped, no LocalStack: ${error.message}`);
    project.provide('localStack', { reason: error.message });
    return undefined;
  }
}
