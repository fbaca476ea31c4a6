import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { sendCommands } from '#shared/shell/step.ts';
import { openHosts } from '#shared/state/hosts.ts';

/** A step that is this late has lost its message: its function died between commit and send, or the queue lost it. */
const OVERDUE_MS = 30_000;

/** Sends the commands of every incident past its deadline again. Receivers tell the repeat by its tick. */
export async function sweep(services: Services, overdueMs: number = OVERDUE_MS): Promise<number> {
  const overdue = await openHosts(services.state, services.clock.now() - overdueMs);
  for (const host of overdue) {
    const fields = { host: host.name, incidentId: host.incident?.id, status: host.incident?.status };
    // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
    if (host.incident?.status === 'stopped') {
      services.log.warn('an incident is stopped until a person has looked', { fact: 'stopped', ...fields });
      continue;
    }
    services.log.warn('pushing on an overdue incident', { fact: 'overdue', ...fields });
    await sendCommands(services, host);
  }
  return overdue.length;
}

export const handler = scheduledHandler('sweep', sweep);
