import { parseDocument } from 'yaml';
import * as z from 'zod';
import { type Policy, policySchema } from './domain/policy.ts';
import { PermanentError } from './errors.ts';

/**
 * A policy, YAML or JSON, checked.
 * @param called what its faults are told of: "the policy FILE"
 * @throws PermanentError with every fault: what is wrong, at which key, and what is allowed there.
 */
export function policyFromText(text: string, called: string): Policy {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new PermanentError(`${called} is not YAML: ${fault.message}`);
  const parsed = policySchema.safeParse(document.toJS());
  if (!parsed.success) throw new PermanentError(`${called} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
