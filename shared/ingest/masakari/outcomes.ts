import type { HostState, Incident } from '#shared/domain/host.ts';
import type { Services } from '#shared/services.ts';
import { type IncidentEntry, listIncidents, loadHost } from '#shared/state/hosts.ts';
import type { NotificationRecord } from '#shared/state/notifications.ts';

/** What became of a notification, as far as the incident of its host tells. Told anew at each reading, never stored. */
export interface Outcome {
  readonly status: 'new' | 'running' | 'finished' | 'ignored' | 'error' | 'failed';
  readonly message: string | null;
  readonly updatedAtMs: number | null;
  /** The incident that it is a part of. */
  readonly incident: IncidentEntry | null;
}

export const NOT_YET: Outcome = { status: 'new', message: null, updatedAtMs: null, incident: null };

/** So long a report may lie in the queue before an incident shows. */
const HEARD_MS = 120_000;
/** A later incident is of another failure: `events.maxAgeSeconds` ends what a report says, by default after as long. */
const MAX_AGE_MS = 900_000;
/** The longest `evacuation.deadlineSeconds`, and a day in which the host was held before. */
const LONGEST_INCIDENT_MS = 8 * 86_400_000;

/** Reads what is needed for all of them at once. */
export async function outcomesOf(
  services: Services,
  records: readonly NotificationRecord[],
): Promise<(record: NotificationRecord) => Outcome> {
  const nowMs = services.clock.now();
  const ofFailures = records.filter(isFailure);
  const incidents = await incidentsSince(services, ofFailures);
  const found = new Map(ofFailures.map((record) => [record.id, incidentOf(record, incidents)]));
  const open = new Map<string, HostState>();
  for (const incident of new Set(found.values())) {
    if (incident?.closedAtMs !== null) continue;
    const host = await loadHost(services.state, incident.hostKey);
    if (host?.value.incident?.id === incident.id) open.set(incident.id, host.value);
  }
  return (record) => {
    if (!isFailure(record)) return withoutIncident(record);
    const incident = found.get(record.id);
    if (incident === undefined) return unheard(record, nowMs);
    return incident.closedAtMs === null ? ofOpen(incident, open.get(incident.id)) : ofClosed(incident);
  };
}

const isFailure = ({ type, payload }: NotificationRecord): boolean =>
  type === 'COMPUTE_HOST' && payload.event === 'STOPPED';

const finished: Outcome = { ...NOT_YET, status: 'finished' };
const ignored = (message: string): Outcome => ({ ...NOT_YET, status: 'ignored', message });

function withoutIncident({ type, payload, receivedAtMs }: NotificationRecord): Outcome {
  if (payload.event === 'STARTED') return { ...finished, updatedAtMs: receivedAtMs };
  const what = type === 'VM' ? 'an instance' : 'a process';
  return ignored(`Recorded as evidence: salvor does nothing for ${what} of a host that runs.`);
}

const unheard = ({ receivedAtMs, segment, host }: NotificationRecord, nowMs: number): Outcome => {
  if (nowMs < receivedAtMs + HEARD_MS) return NOT_YET;
  const because = segment === null ? 'no segment held the host' : 'it opened no incident';
  return ignored(`Recorded as evidence, ${because}: "salvor audit ${host}" says more.`);
};

async function incidentsSince(
  { state }: Services,
  records: readonly NotificationRecord[],
): Promise<ReadonlyMap<string, readonly IncidentEntry[]>> {
  const keys = new Set(records.map(({ hostKey }) => hostKey));
  if (keys.size === 0) return new Map();
  const sinceMs = Math.min(...records.map(({ receivedAtMs }) => receivedAtMs)) - LONGEST_INCIDENT_MS;
  const entries: IncidentEntry[] = [];
  for await (const entry of listIncidents(state, sinceMs)) if (keys.has(entry.hostKey)) entries.push(entry);
  return Map.groupBy(entries, ({ hostKey }) => hostKey);
}

/** The first that had not ended when the report came, and that was not opened long after it. */
const incidentOf = (
  { hostKey, receivedAtMs }: NotificationRecord,
  incidents: ReadonlyMap<string, readonly IncidentEntry[]>,
): IncidentEntry | undefined =>
  incidents
    .get(hostKey)
    ?.find(
      ({ openedAtMs, closedAtMs }) =>
        (closedAtMs ?? Number.POSITIVE_INFINITY) >= receivedAtMs && openedAtMs <= receivedAtMs + MAX_AGE_MS,
    );

function ofOpen(incident: IncidentEntry, host: HostState | undefined): Outcome {
  const common = { incident, updatedAtMs: incident.openedAtMs };
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
  const common = { incident, updatedAtMs: closedAtMs, message: because };
  if (outcome === 'recovered') return { ...common, status: 'finished', message: null };
  return { ...common, status: outcome === 'partly-recovered' ? 'failed' : 'ignored' };
}
