import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Stage } from './stage.ts';

/** Times since the host died, in ms; null for what did not happen. */
export interface Figures {
  readonly confirmedMs: number | null;
  readonly fencedMs: number | null;
  readonly firstRecoveredMs: number | null;
  readonly lastRecoveredMs: number | null;
  readonly instances: Readonly<Record<string, number>>;
  readonly novaRequests: number;
  readonly keystoneTokens: number;
  readonly reports: number;
  readonly auditRecords: number;
  /** Where they went. */
  readonly destinations: Readonly<Record<string, number>>;
}

export function figuresOf({ cloud, victim }: Stage, diedAtMs: number, records: readonly AuditRecord[]): Figures {
  const first = (type: string): number | null => {
    const at = records.filter(({ fact }) => fact.type === type).map((record) => record.atMs);
    return at.length === 0 ? null : Math.min(...at) - diedAtMs;
  };
  const ended = records.filter(({ fact }) => fact.type === 'task-ended');
  const instances: Record<string, number> = {};
  const destinations: Record<string, number> = {};
  for (const { fact } of ended) {
    instances[String(fact.outcome)] = (instances[String(fact.outcome)] ?? 0) + 1;
    if (fact.outcome === 'recovered')
      destinations[String(fact.destination)] = (destinations[String(fact.destination)] ?? 0) + 1;
  }
  // When the cloud itself says that an instance was well: not when the pipeline noticed.
  const done = cloud.journal.facts.flatMap((fact) =>
    fact.kind === 'migration' && fact.status === 'done' ? [fact.atMs - diedAtMs] : [],
  );
  return {
    confirmedMs: first('confirmed'),
    fencedMs: first('proof-made'),
    firstRecoveredMs: done.length === 0 ? null : Math.min(...done),
    lastRecoveredMs: done.length === 0 ? null : Math.max(...done),
    instances,
    novaRequests: cloud.requestLog.count({ api: 'nova' }),
    keystoneTokens: cloud.requestLog.count({ api: 'keystone', method: 'POST' }),
    reports: records.filter(
      ({ fact, stream }) => fact.type === 'reported' && stream.endsWith(cloud.host(victim).serviceUuid),
    ).length,
    auditRecords: records.length,
    destinations,
  };
}
