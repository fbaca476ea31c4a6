import { streamOfProcesses } from '#shared/domain/audit.ts';
import type { ProcessIncident } from '#shared/domain/process-recovery/process.ts';
import { isMinded } from '#shared/domain/process-recovery/reports.ts';
import type { Services } from '#shared/services.ts';
import type { NotificationRecord } from '#shared/state/notifications.ts';
import { listProcessIncidents, loadProcesses, type ProcessEntry } from '#shared/state/processes.ts';
import { firstOpenedMs, ignored, incidentOf, type Outcome, unheard } from './outcome.ts';

/** What became of notifications of processes that have stopped. */
export async function processOutcomes(
  services: Services,
  records: readonly NotificationRecord[],
): Promise<(record: NotificationRecord) => Outcome> {
  const nowMs = services.clock.now();
  const minded = records.filter((record) => notMinded(services, record) === undefined);
  const wanted = new Set(minded.map(({ hostKey }) => hostKey));
  const entries: ProcessEntry[] = [];
  if (wanted.size > 0)
    for await (const entry of listProcessIncidents(services.state, firstOpenedMs(minded)))
      if (wanted.has(entry.hostKey)) entries.push(entry);
  const incidents = Map.groupBy(entries, ({ hostKey }) => hostKey);
  const open = new Map<string, ProcessIncident>();
  for (const { id, hostKey, closedAtMs } of entries) {
    if (closedAtMs !== null) continue;
    const { incident } = (await loadProcesses(services.state, hostKey)).value;
    if (incident?.id === id) open.set(id, incident);
  }
  return (record) => {
    const because = notMinded(services, record);
    if (because !== undefined) return ignored(because);
    const incident = incidentOf(record, incidents.get(record.hostKey));
    return incident === undefined ? unheard(record, nowMs) : outcomeOf(incident, open.get(incident.id));
  };
}

/** Why nothing is done about it, in words; undefined when something may be. */
function notMinded({ policy }: Services, { segment, payload }: NotificationRecord): string | undefined {
  const recovery = policy.segments.find(({ name }) => name === segment)?.processRecovery;
  if (recovery === undefined)
    return 'Recorded as evidence: by its policy salvor does nothing for a process of a host that runs.';
  const process = String(payload.process_name);
  return isMinded(process, recovery) ? undefined : `Recorded as evidence: the policy does nothing for ${process}.`;
}

/** As Masakari has it, the work is done when nothing is scheduled to the host any more: that it runs again may take days. */
function outcomeOf(entry: ProcessEntry, open: ProcessIncident | undefined): Outcome {
  const { id, hostKey, openedAtMs, closedAtMs, outcome, because } = entry;
  const incident = { id, stream: streamOfProcesses(hostKey), openedAtMs, closedAtMs };
  if (closedAtMs !== null) {
    const isWell = outcome === 'recovered';
    const message = isWell ? null : because;
    return { incident, status: isWell ? 'finished' : 'ignored', updatedAtMs: closedAtMs, message };
  }
  const isOff = open?.status === 'disabled' || open?.status === 'enabling';
  const waits = open?.heldBy == null ? null : `Waits: ${open.heldBy}`;
  return { incident, status: isOff ? 'finished' : 'running', updatedAtMs: openedAtMs, message: isOff ? null : waits };
}
