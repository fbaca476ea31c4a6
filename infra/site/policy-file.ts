import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import { PermanentError } from '#shared/errors.ts';

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
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new PermanentError(`the policy ${path} is not YAML: ${fault.message}`);
  const parsed = policySchema.safeParse(document.toJS());
  if (!parsed.success) throw new PermanentError(`the policy ${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
