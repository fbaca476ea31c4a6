import { readFileSync } from 'node:fs';
import type { Policy } from '#shared/domain/policy.ts';
import { PermanentError } from '#shared/errors.ts';
import { policyFromText } from '#shared/policy-text.ts';

/**
 * Reads and checks a policy, YAML or JSON.
 * @throws PermanentError with every fault: what is wrong, at which key, and what is allowed there.
 */
export function readPolicy(path: string): Policy {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(
      `the policy ${path} can't be read (${code}): give its path with --policy; infra/policy.example.yaml is one to start from`,
    );
  }
  return policyFromText(text, `the policy ${path}`);
}
