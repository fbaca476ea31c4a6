import { type Head, type KeptRecord, streamOfIncident, streamOfTask } from '#shared/domain/audit.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { checkChain, checkHead, differing, endOf, type Finding, finding, hashOfHeads } from '#shared/domain/verify.ts';
import type { StateReader } from '#shared/ports.ts';
import { type IncidentEntry, loadEntry, loadHost } from './hosts.ts';
import { readKept } from './read-audit.ts';
import { loadTask, loadTasks } from './tasks.ts';

export interface Checked {
  readonly findings: readonly Finding[];
  readonly streams: number;
  readonly records: number;
  /** Those under which its decisions were made. */
  readonly policies: readonly string[];
}

export const policiesOf = (records: readonly KeptRecord[]): readonly string[] => [
  ...new Set(records.flatMap(({ record: { basis } }) => (typeof basis?.policy === 'string' ? [basis.policy] : []))),
];

const TASKS_AT_ONCE = 20;

/**
 * The stream of an incident, its entry, and the streams of its tasks.
 * @param logged the instances of whose tasks the log has records
 */
export async function checkIncident(state: StateReader, id: string, logged: readonly string[]): Promise<Checked> {
  const stream = streamOfIncident(id);
  const before = await headNow(state, id);
  const records = await readKept(state, stream);
  const after = await headNow(state, id);
  const { entry } = after;
  const findings = [
    ...checkChain(stream, records),
    ...checkHead(stream, records, before.head, after.head),
    ...(entry === undefined ? [] : checkEntry(stream, records, entry)),
  ];
  const starts = records.map(({ record: { seq, hash } }) => ({ seq, hash }));
  const instances = [...new Set([...logged, ...(await loadTasks(state, id)).map(({ value }) => value.instanceId)])];
  const ends: { instanceId: string; head: Head }[] = [];
  let read = records.length;
  const policies = new Set(policiesOf(records));
  for (let from = 0; from < instances.length; from += TASKS_AT_ONCE) {
    const chunk = instances.slice(from, from + TASKS_AT_ONCE);
    for (const task of await Promise.all(chunk.map((instanceId) => checkTask(state, id, instanceId, starts)))) {
      findings.push(...task.findings);
      ends.push({ instanceId: task.instanceId, head: task.end });
      read += task.records;
      for (const policy of task.policies) policies.add(policy);
    }
  }
  return {
    findings: [...findings, ...checkCommitted(stream, records, ends)],
    streams: 1 + instances.length,
    records: read,
    policies: [...policies],
  };
}

/** Where the incident's stream ends by the state: by its entry once it is closed, by its host before. */
async function headNow(state: StateReader, id: string) {
  const entry = (await loadEntry(state, id))?.value;
  if (entry === undefined || entry.auditHead !== null) return { entry, head: entry?.auditHead ?? undefined };
  const incident = (await loadHost(state, entry.hostKey))?.value.incident;
  return { entry, head: incident?.id === id ? incident.audit : undefined };
}

/** The entry says of the incident what its first and its last record say. */
function checkEntry(stream: string, records: readonly KeptRecord[], entry: IncidentEntry): readonly Finding[] {
  const { id: incidentId, host, hostKey, segment, openedAtMs: atMs, closedAtMs, outcome, because, counts } = entry;
  const first = records[0]?.record;
  const last = records.at(-1)?.record;
  const findings: Finding[] = [];
  if (first !== undefined) {
    const told = { type: 'incident-opened', incidentId, host, hostKey, segment, atMs };
    const wrong = differing(told, first.fact);
    if (wrong.length > 0) findings.push(finding(stream, first.seq, `its entry tells another ${wrong.join(', ')}`));
  }
  if (closedAtMs !== null && last !== undefined) {
    const told = { type: 'incident-closed', outcome, because, counts, atMs: closedAtMs };
    const wrong = differing(told, last.fact);
    if (wrong.length > 0) findings.push(finding(stream, last.seq, `its entry tells another ${wrong.join(', ')}`));
  }
  return findings;
}

async function checkTask(state: StateReader, incidentId: string, instanceId: string, starts: readonly Head[]) {
  const stream = streamOfTask(incidentId, instanceId);
  const before = await loadTask(state, incidentId, instanceId);
  const records = await readKept(state, stream);
  const after = await loadTask(state, incidentId, instanceId);
  const findings = [
    ...checkChain(stream, records, starts),
    ...checkHead(stream, records, before?.value.audit, after?.value.audit),
    ...(after === undefined ? [] : checkOutcome(stream, records, after.value)),
  ];
  return { instanceId, findings, records: records.length, policies: policiesOf(records), end: endOf(records) };
}

/** The task has ended by its state as by its log, or by neither. */
function checkOutcome(stream: string, records: readonly KeptRecord[], { progress }: TaskState): readonly Finding[] {
  const end = records.find(({ record }) => record.fact.type === 'task-ended')?.record;
  if (end === undefined || progress.status !== 'ended')
    return (end === undefined) === (progress.status !== 'ended')
      ? []
      : [finding(stream, end?.seq ?? null, `its state is ${progress.status}, and its log tells another thing`)];
  const { status: _, ...told } = progress;
  const wrong = differing(told, end.fact);
  return wrong.length === 0 ? [] : [finding(stream, end.seq, `its state tells another ${wrong.join(', ')}`)];
}

/** The end of the incident commits the ends of its tasks. */
function checkCommitted(
  stream: string,
  records: readonly KeptRecord[],
  ends: readonly { readonly instanceId: string; readonly head: Head }[],
): readonly Finding[] {
  const closing = records.findLast(({ record }) => record.fact.type === 'incident-closed')?.record;
  if (closing === undefined) return [];
  const { taskHeads } = closing.fact;
  if (taskHeads === null && ends.length === 0) return [];
  if (taskHeads === hashOfHeads(ends)) return [];
  return [finding(stream, closing.seq, `the ${ends.length} tasks it ended with are not those that are here`)];
}
