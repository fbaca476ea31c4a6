import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Finding } from '#shared/domain/verify.ts';
import type { Clock, StateReader } from '#shared/ports.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { verifyIncident } from '#shared/state/verify-audit.ts';

/** The log of one incident as it is kept, and what is wrong with it. */
export interface IncidentAudit {
  /** None: every record follows from the one before, and every stream ends where the state and the incident's end say. */
  readonly findings: readonly Finding[];
  /** What was checked; of the host's stream all, from before the incident too. */
  readonly streams: number;
  readonly checked: number;
  /** Those of the incident, by time; what the host's reporters said while it was open is among them. */
  readonly records: readonly AuditRecord[];
}

export async function incidentAudit(state: StateReader, entry: IncidentEntry, clock: Clock): Promise<IncidentAudit> {
  const [{ findings, streams, records: checked }, audit] = await Promise.all([
    verifyIncident(state, entry, clock),
    readIncidentAudit(state, entry),
  ]);
  return { findings, streams, checked, records: recordsOf(audit, entry) };
}

/** Streams side by side by time; within a stream the order of its records never changes. */
export function recordsOf(
  { streams }: Awaited<ReturnType<typeof readIncidentAudit>>,
  { openedAtMs, closedAtMs }: Pick<IncidentEntry, 'openedAtMs' | 'closedAtMs'>,
): readonly AuditRecord[] {
  const untilMs = closedAtMs ?? Number.POSITIVE_INFINITY;
  return [...streams]
    .flatMap(([stream, { records }]) =>
      stream.startsWith('host#') ? records.filter(({ atMs }) => atMs >= openedAtMs && atMs <= untilMs) : records,
    )
    .sort((a, b) => a.atMs - b.atMs || a.stream.localeCompare(b.stream) || a.seq - b.seq);
}
