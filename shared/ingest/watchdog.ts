import type { Context } from 'hono';
import * as z from 'zod';
import { FEED_WITHIN_SECONDS } from '#shared/domain/watchdog.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { grantLease } from '#shared/shell/grant-lease.ts';
import { findHost } from '#shared/shell/known-hosts.ts';
import type { IngestEnv } from './authenticate.ts';
import { problem } from './problem.ts';

/** What a host's watchdog keeper sends (`agents/salvor-watchdog`). */
export const leaseRequest = z.strictObject({
  version: z.literal(1),
  /** Of the hardware: so long after its last feeding it resets the host. */
  timeoutSeconds: z.number().positive().max(3600),
  identity: z.string().min(1).max(128),
  armed: z.boolean(),
  /** Of the kernel: another one after each start. */
  boot: z.uuid(),
  /** Since that start, when it asked. */
  uptimeMs: z.int().nonnegative(),
});

/**
 * A lease for the host that asks, which only its own token tells: 200 means that it may feed its watchdog now, once. Any
 * other answer, and none, means that it may not.
 */
export async function answerLease(services: Services, c: Context<IngestEnv>): Promise<Response> {
  const { host: own } = c.var.reporter;
  if (own === null) return problem(403, 'a host asks for itself, by a token of its own: hostTokens of the policy');
  const parsed = leaseRequest.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) return problem(400, `this is no request for a lease: ${z.prettifyError(parsed.error)}`);
  const found = await findHost(services, { host: own });
  if ('unknown' in found) return problem(403, `${own}: ${found.unknown.because}`);
  try {
    const answer = await grantLease(services, found.known, parsed.data);
    if ('refused' in answer) return problem(403, answer.refused, { revoked: answer.isRevoked });
    return Response.json({ feedWithinSeconds: FEED_WITHIN_SECONDS });
  } catch (error) {
    if (error instanceof ConflictError) return problem(503, 'another call for this host was first: ask again');
    throw error;
  }
}
