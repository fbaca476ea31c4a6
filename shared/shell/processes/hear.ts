import type { ProcessEvent } from '#events/host-event.ts';
import { decideProcessReports } from '#shared/domain/process-recovery/reports.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import { deliveryOf } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import type { Report } from '../instances/hear.ts';
import type { KnownHost } from '../known-hosts.ts';
import { commitProcesses, sendProcessCommands } from './commit.ts';

const MAX_RACES = 8;

const isOfProcess = (report: Report): report is Report<ProcessEvent> =>
  report.event.type === 'process.down' || report.event.type === 'process.up';

/** Folds what was said of the processes of a host into their item, where the policy recovers them. */
export async function hearProcesses(services: Services, host: KnownHost, reports: readonly Report[]): Promise<void> {
  const { policy, clock, chance, state } = services;
  const segment = policy.segments.find(({ name }) => name === host.segment);
  const ofProcesses = reports.filter(isOfProcess);
  if (segment?.processRecovery === undefined || ofProcesses.length === 0) return;
  const deliveries = ofProcesses.map(({ record, ...report }) => deliveryOf(record, report));
  const events = deliveries.map(({ message }) => message);
  const input = { events, host: host.host, segment, newIncidentId: chance.id() };
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadProcesses(state, host.key);
    const atMs = clock.now();
    const facts = decideProcessReports(loaded.value, input, policy, atMs);
    const basis = { by: 'process-reports', atMs, segment: host.segment } as const;
    try {
      const committed = facts.length === 0 ? loaded : await commitProcesses(services, loaded, { facts, basis });
      const opened = facts.some(({ type }) => type === 'process-incident-opened');
      if (opened || deliveries.some(({ redelivered }) => redelivered))
        await sendProcessCommands(services, committed.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`the processes of ${host.host} lost ${MAX_RACES} races`);
}
