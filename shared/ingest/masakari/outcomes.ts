import { streamOfIncident } from '#shared/domain/audit.ts';
import type { HostState, Incident } from '#shared/domain/host.ts';
import type { Services } from '#shared/services.ts';
import { type IncidentEntry, listIncidents, loadHost } from '#shared/state/hosts.ts';
import type { NotificationRecord } from '#shared/state/notifications.ts';
import { firstOpenedMs, incidentOf, NOT_YET, type Outcome, unheard } from './outcome.ts';
import { instanceOutcomes } from './outcomes-of-instances.ts';
import { processOutcomes } from './outcomes-of-processes.ts';

/** Reads what is needed for all of them at once. */
export async function outcomesOf(
  services: Services,
  records: readonly NotificationRecord[],
): Promise<(record: NotificationRecord) => Outcome> {
  const of = (type: NotificationRecord['type']): readonly NotificationRecord[] =>
    records.filter((record) => record.type === type && record.payload.event !== 'STARTED');
  const [ofHost, ofInstance, ofProcess] = await Promise.all([
    hostOutcomes(services, of('COMPUTE_HOST')),
    instanceOutcomes(services, of('VM')),
    processOutcomes(services, of('PROCESS')),
  ]);
  return (record) => {
    const { type, payload, receivedAtMs } = record;
    if (payload.event === 'STARTED') return { ...NOT_YET, status: 'finished', updatedAtMs: receivedAtMs };
    if (type === 'COMPUTE_HOST') return ofHost(record);
    return type === 'VM' ? ofInstance(record) : ofProcess(record);
  };
}

async function hostOutcomes(
  services: Services,
  records: readonly NotificationRecord[],
): Promise<(record: NotificationRecord) => Outcome> {
  const nowMs = services.clock.now();
  const incidents = await incidentsOf(services, records);
  const found = new Map(records.map((record) => [record.id, incidentOf(record, incidents.get(record.hostKey))]));
  const open = new Map<string, HostState>();
  for (const incident of new Set(found.values())) {
    if (incident?.closedAtMs !== null) continue;
    const host = await loadHost(services.state, incident.hostKey);
    if (host?.value.incident?.id === incident.id) open.set(incident.id, host.value);
  }
  return (record) => {
    const incident = found.get(record.id);
    if (incident === undefined) return unheard(record, nowMs);
    return incident.closedAtMs === null ? ofOpen(incident, open.get(incident.id)) : ofClosed(incident);
  };
}

async function incidentsOf(
  { state }: Services,
  records: readonly NotificationRecord[],
): Promise<ReadonlyMap<string, readonly IncidentEntry[]>> {
  const keys = new Set(records.map(({ hostKey }) => hostKey));
  if (keys.size === 0) return new Map();
  const entries: IncidentEntry[] = [];
  for await (const entry of listIncidents(state, firstOpenedMs(records)))
    if (keys.has(entry.hostKey)) entries.push(entry);
  return Map.groupBy(entries, ({ hostKey }) => hostKey);
}

const itsOwn = ({ id, openedAtMs, closedAtMs }: IncidentEntry) => ({
  id,
  stream: streamOfIncident(id),
  openedAtMs,
  closedAtMs,
});

function ofOpen(incident: IncidentEntry, host: HostState | undefined): Outcome {
  const common = { incident: itsOwn(incident), updatedAtMs: incident.openedAtMs };
  const state = host?.incident;
  if (state?.status === 'stopped') return { ...common, status: 'error', message: `Stopped: ${state.reason}` };
  return { ...common, status: 'running', message: state == null ? null : whatItWaitsFor(state) };
}

function whatItWaitsFor(incident: Incident): string | null {
  if (incident.status === 'held') {
    const gates = incident.failedGates.map(({ gate, because }) => `${gate}: ${because}`);
    return `Held: ${gates.join('; ')}`;
  }
  return incident.pausedBy === null ? null : `Waits: ${incident.pausedBy}`;
}

function ofClosed(incident: IncidentEntry): Outcome {
  const { outcome, because, closedAtMs } = incident;
  const common = { incident: itsOwn(incident), updatedAtMs: closedAtMs, message: because };
  if (outcome === 'recovered') return { ...common, status: 'finished', message: null };
  return { ...common, status: outcome === 'partly-recovered' ? 'failed' : 'ignored' };
}
