import { SCHEDULES } from '#events/catalog.ts';
import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { mirrorShare } from '#shared/shell/mirror-share.ts';

/** For a listing that has begun, and what is judged and written behind the last one. */
const REST_SECONDS = 25;
const LISTING_SECONDS = SCHEDULES['mirror-instances'].functionTimeoutSeconds - REST_SECONDS;

/**
 * Keeps the instances of every protected host, a share of the hosts in each run, so that it is known what a failure would
 * come to, and says each minute which segment would not survive one.
 */
export async function mirrorInstances(services: Services): Promise<number> {
  const { policy, clock, log } = services;
  if (policy.forecast.everySeconds === 0) return 0;
  const { hosts, capacity } = await mirrorShare(services, clock.now() + LISTING_SECONDS * 1000);
  // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
  for (const { segment, one, sinceMs } of capacity)
    if (!one.survives)
      log.warn('a segment has no room for a host that fails', {
        fact: 'capacity-short',
        segment,
        since: new Date(sinceMs).toISOString(),
        worst: one.worst,
      });
  return hosts;
}

export const handler = scheduledHandler('mirror-instances', mirrorInstances);
