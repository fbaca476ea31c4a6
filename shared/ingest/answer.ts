import type { Accepted } from './accept.ts';
import { problem } from './problem.ts';

/**
 * 202 when something is in the queue, or there was nothing to take. Who is told 429 has to send the rest again.
 * @param more members of the answer besides what was accepted and refused
 */
export function answer({ accepted, refused, tooMany }: Accepted, more: object = {}): Response {
  const members = { accepted, refused, ...more };
  if (tooMany) return problem(429, 'this reporter says too much', members);
  if (accepted === 0 && refused.length > 0) return problem(403, refused[0]?.because ?? '', members);
  return Response.json(members, { status: 202 });
}
