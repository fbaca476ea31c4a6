import type { Services } from '#shared/services.ts';
import { loadInstance } from '#shared/state/instances.ts';
import { openOthers } from '#shared/state/open-others.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { sendInstanceCommands } from './instances/commit.ts';
import { sendProcessCommands } from './processes/commit.ts';

/** As many of each are looked at in one go: the others have their turn when these have ended. */
const MAX_LOOKED_AT = 500;

/**
 * Sends the commands of every incident of an instance or of a host's processes that is past its deadline again.
 * @returns what went wrong: one that can't be read keeps nobody from the others
 */
export async function pushOnOthers(services: Services, overdueMs: number): Promise<readonly unknown[]> {
  const { state, clock, log } = services;
  const beforeMs = clock.now() - overdueMs;
  const failures: unknown[] = [];
  const caught = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => failures.push(error));
  };
  await caught(async () => {
    const { instance: instances, process: hosts } = await openOthers(state);
    for (const instanceId of instances.slice(0, MAX_LOOKED_AT))
      await caught(async () => {
        const { value } = await loadInstance(state, instanceId);
        if (value.incident === null || value.incident.dueAtMs > beforeMs) return;
        const { id: incidentId, status } = value.incident;
        log.warn('pushing on an overdue incident of an instance', {
          fact: 'instance-overdue',
          instanceId,
          incidentId,
          status,
        });
        await sendInstanceCommands(services, value);
      });
    for (const key of hosts.slice(0, MAX_LOOKED_AT))
      await caught(async () => {
        const { value } = await loadProcesses(state, key);
        if (value.incident === null || value.incident.dueAtMs > beforeMs) return;
        const { id: incidentId, status, host } = value.incident;
        log.warn('pushing on an overdue incident of processes', { fact: 'process-overdue', host, incidentId, status });
        await sendProcessCommands(services, value);
      });
  });
  return failures;
}
