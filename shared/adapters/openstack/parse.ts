import type * as z from 'zod';
import { RetryableError } from '#shared/errors.ts';
import type { Redact } from '#shared/http/redact.ts';

/**
 * Reads an answer's body. Unknown fields are let through; a missing or mistyped one is named, without its value.
 * @param who service and path, such as `Nova: GET /os-services`
 * @throws RetryableError since a proxy's page or half a body may well be an answer next time.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: string, who: string): T {
  const json = jsonOf(body);
  if (json === undefined) throw new RetryableError(`${who}: the answer is not JSON`);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.map(String).join('.');
  throw new RetryableError(`${who}: ${field} is not as expected: ${issue?.message ?? 'invalid'}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The reason that a service gives: `{"badRequest": {"message": …}}` of Nova, `{"error": {"message": …}}` of Keystone,
 * else the body's beginning.
 */
export function messageOf(body: string, redact: Redact): string {
  const json = jsonOf(body);
  if (typeof json === 'object' && json !== null) {
    for (const part of Object.values(json)) {
      if (typeof part === 'object' && part !== null && 'message' in part && typeof part.message === 'string')
        return redact(part.message);
    }
  }
  return redact(body) || '(no reason given)';
}
