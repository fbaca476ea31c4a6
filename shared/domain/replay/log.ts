import type { AuditRecord } from '../audit.ts';
import type { RecordedBasis } from '../basis.ts';
import type { Policy } from '../policy.ts';

/** Everything that the log holds of one host, of its incidents and of their tasks; each stream in its order. */
export interface HostLog {
  readonly key: string;
  readonly records: readonly AuditRecord[];
  readonly incidents: readonly IncidentLog[];
  /** By id, those that its decisions were made under. */
  readonly policies: ReadonlyMap<string, Policy>;
}

export interface IncidentLog {
  readonly id: string;
  readonly records: readonly AuditRecord[];
  readonly tasks: readonly TaskLog[];
}

export interface TaskLog {
  readonly instanceId: string;
  readonly records: readonly AuditRecord[];
}

/** What was decided at one time, as far as it went to one stream. */
export interface Decision {
  readonly stream: string;
  /** Of its first record. */
  readonly seq: number;
  /** When it was committed. */
  readonly atMs: number;
  /** Undefined where an older salvor recorded none. */
  readonly basis: RecordedBasis | undefined;
  readonly facts: readonly AuditRecord['fact'][];
}

/** A record with a basis begins a decision; those without one belong to it. */
export function decisionsOf(records: readonly AuditRecord[]): readonly Decision[] {
  const decisions: (Decision & { readonly facts: AuditRecord['fact'][] })[] = [];
  for (const { stream, seq, atMs, basis, fact } of records) {
    const last = decisions.at(-1);
    if (last === undefined || basis !== undefined) decisions.push({ stream, seq, atMs, basis, facts: [fact] });
    else last.facts.push(fact);
  }
  return decisions;
}

/** What was decided of a host at one time, over all streams: its own first. */
export interface HostDecision extends Decision {
  readonly version: number;
}

/** The decisions about a host in the order in which they were made: that of the versions of its item. */
export function hostDecisions({ records, incidents }: Omit<HostLog, 'policies'>): readonly HostDecision[] {
  const byVersion = new Map<number, HostDecision>();
  for (const stream of [records, ...incidents.map((incident) => incident.records)]) {
    let version = 0;
    for (const decision of decisionsOf(stream)) {
      version = decision.basis?.version ?? version;
      const known = byVersion.get(version);
      const facts = [...(known?.facts ?? []), ...decision.facts];
      byVersion.set(version, { ...(known ?? decision), version, facts });
    }
  }
  return [...byVersion.values()].sort((a, b) => a.version - b.version);
}
