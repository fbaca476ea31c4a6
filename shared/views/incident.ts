import type { AuditRecord } from '#shared/domain/audit.ts';
import { courseOf } from '#shared/domain/explain/course.ts';
import type { GateResult } from '#shared/domain/gates/gate.ts';
import type { FenceProof, HostFact, IncidentStatus } from '#shared/domain/host.ts';
import { type InstanceRow, instanceRow } from '#shared/domain/now/progress.ts';
import { type StoryLine, tell } from '#shared/domain/story/story.ts';
import type { StateReader } from '#shared/ports.ts';
import { type IncidentEntry, loadHost } from '#shared/state/hosts.ts';
import { readIncidentAudit } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { recordsOf } from './incident-audit.ts';

/** One record as a person reads it. */
export interface ToldRecord {
  readonly stream: string;
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  /** The host, or the instance. */
  readonly about: string;
  /** Null for records that are no news to one who watches. */
  readonly told: Pick<StoryLine, 'mark' | 'text'> | null;
}

/** An incident of a host from its first report to its last instance. Times are Unix ms. */
export interface IncidentTold {
  readonly entry: IncidentEntry;
  /** Null for one that has ended. */
  readonly status: IncidentStatus | null;
  /** As they were answered last. */
  readonly gates: readonly GateResult[];
  readonly proof: FenceProof | null;
  readonly records: readonly ToldRecord[];
  readonly instances: readonly InstanceRow[];
  /** What is wrong with its audit log; none: every hash follows from the one before. */
  readonly faults: readonly string[];
}

export async function incidentTold(state: StateReader, entry: IncidentEntry): Promise<IncidentTold> {
  const [{ streams }, tasks, host] = await Promise.all([
    readIncidentAudit(state, entry),
    loadTasks(state, entry.id),
    loadHost(state, entry.hostKey),
  ]);
  const names = new Map(tasks.map(({ value }) => [value.instanceId, value.name]));
  const all = recordsOf({ streams }, entry);
  const own = all.filter(({ stream }) => stream.startsWith('incident#'));
  const { gates, proof } = courseOf(own.map(({ fact }) => fact as unknown as HostFact));
  const open = host?.value.incident?.id === entry.id ? host.value.incident : null;
  return {
    entry,
    status: open?.status ?? null,
    gates,
    proof: proof ?? null,
    records: all.map((record) => toldRecord(record, aboutOf(record, entry.host, names))),
    instances: tasks.map(({ value }) => instanceRow(value)),
    faults: [...streams].flatMap(([stream, { fault }]) => (fault === undefined ? [] : [`${stream}: ${fault}`])),
  };
}

function toldRecord(record: AuditRecord, about: string): ToldRecord {
  const { stream, seq, atMs, fact } = record;
  const line = tell(record, () => about);
  return {
    stream,
    seq,
    atMs,
    type: fact.type,
    about,
    told: line === undefined ? null : { mark: line.mark, text: line.text },
  };
}

function aboutOf({ stream }: AuditRecord, host: string, names: ReadonlyMap<string, string>): string {
  const [kind, , instanceId = ''] = stream.split('#');
  return kind === 'task' ? (names.get(instanceId) ?? instanceId) : host;
}
