import { describe, inject, it } from 'vitest';
import type { LocalStack } from './localstack.ts';
import type {} from './setup.ts';

/** A suite that runs against the LocalStack of this run, and is skipped where there is none. */
export function describeOnLocalStack(
  name: string,
  define: (localStack: Pick<LocalStack, 'endpoint' | 'env'>) => void,
): void {
  const provided = inject('localStack');
  if ('endpoint' in provided) describe(name, () => define(provided));
  else describe(name, () => it.skip(provided.reason));
}
