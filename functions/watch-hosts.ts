import type { WatchHosts } from '#events/watch-hosts.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { lookAtNova } from '#shared/shell/look-at-nova.ts';
import { lookForSilence } from '#shared/shell/look-for-silence.ts';

/** A look that comes this late is left out: others were due since. */
const TOO_LATE_MS = 30_000;

/**
 * Looks at the hosts: whose heartbeats have ceased, and of whom Nova hears nothing. One look that fails does not keep the
 * other.
 */
async function handle(services: Services, { message }: Delivery<WatchHosts>): Promise<void> {
  if (services.clock.now() - message.atMs > TOO_LATE_MS) return;
  const looks = [lookForSilence(services), ...(services.policy.watch.nova ? [lookAtNova(services)] : [])];
  for (const look of await Promise.allSettled(looks)) if (look.status === 'rejected') throw look.reason;
}

export const watchHosts = eachMessage<WatchHosts>('watch-hosts', handle);
export const handler = lambdaHandler(watchHosts);
