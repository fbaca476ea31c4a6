import { SCHEDULES } from '#events/catalog.ts';
import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { deliverBy } from '#shared/shell/notify/deliver.ts';
import { findNotices } from '#shared/shell/notify/find-notices.ts';
import { keepBeating, readPulse } from '#shared/shell/notify/heartbeat.ts';

/** After so long a look begins no further call, which takes ten seconds at most. */
const LOOK_MS = 20_000;
const CALL_MS = 10_000;
/** In a stack: between two looks of one run, while something is open. */
const PAUSE_MS = 5_000;

/**
 * Tells people what has become of hosts, and that they are needed: from what is on record, after it is. No recovery waits for
 * it or knows of it. One channel that fails keeps no other; what can't be read of the record keeps nothing that waits.
 * @returns how many incidents are open or were told of, and notices delivered: 0 when all is quiet
 */
export async function notify(services: Services): Promise<number> {
  const { policy, notifier, clock } = services;
  if (policy.notify === undefined || notifier === undefined) return 0;
  const settings = policy.notify;
  const untilMs = clock.now() + LOOK_MS;
  const found = await Promise.allSettled([findNotices(services, settings)]);
  const { channels, heartbeat } = settings;
  const sent = await Promise.allSettled([
    ...Object.entries(channels).map((channel) => deliverBy(services, notifier, channel, settings, untilMs)),
    ...(heartbeat === undefined ? [] : [keepBeating(services, notifier, heartbeat).then(() => 0)]),
  ]);
  let count = 0;
  for (const each of [...found, ...sent]) {
    if (each.status === 'rejected') throw each.reason;
    count += each.value;
  }
  return count;
}

/** A rule fires once a minute, and that a host is held is told sooner: while an incident is open, a run goes on looking. */
async function notifyForAMinute(services: Services): Promise<number> {
  const { clock } = services;
  const lastMs = clock.now() + SCHEDULES.notify.functionTimeoutSeconds * 1000 - LOOK_MS - CALL_MS - PAUSE_MS;
  let count = await notify(services);
  for (let busy = count; busy > 0 && clock.now() < lastMs; count += busy) {
    await clock.sleep(PAUSE_MS);
    busy = await notify(services);
  }
  return count;
}

/** What the alarm `not-alive` listens for, whoever else is told: infra/cdk/heartbeat-alarm.ts. */
async function sayWhetherAlive(services: Services): Promise<void> {
  const { alive, because } = await readPulse(services);
  if (alive) services.log.info('salvor can do its work', { fact: 'alive' });
  else services.log.error('salvor can not do its work', { fact: 'not-alive', because });
}

export const handler = scheduledHandler('notify', async (services) => {
  await sayWhetherAlive(services);
  if (services.policy.notify === undefined) return 0;
  const { notifierFromEnvironment } = await import('#shared/lambda/notifier.ts');
  return notifyForAMinute({ ...services, notifier: notifierFromEnvironment(process.env) });
});
