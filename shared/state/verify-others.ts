import { type Head, type KeptRecord, streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import { checkChain, checkHead, differing, type Finding, finding } from '#shared/domain/verify.ts';
import type { StateReader } from '#shared/ports.ts';
import { listInstanceIncidents, loadInstance, loadInstanceEntry } from './instances.ts';
import { listProcessIncidents, loadProcessEntry, loadProcesses } from './processes.ts';
import { readKept } from './read-audit.ts';
import { type Checked, policiesOf } from './verify-incident.ts';

/** What every line of a list tells of its incident. */
interface Entry {
  readonly id: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly outcome: string | null;
  readonly because: string;
  readonly auditHead: Head | null;
}

/** The stream of an instance, with the list of its incidents. @param listed ids of those that the list has */
export async function checkInstance(state: StateReader, id: string, listed: readonly string[]): Promise<Checked> {
  const stream = streamOfInstance(id);
  const before = await loadInstance(state, id);
  const records = await readKept(state, stream);
  const after = await loadInstance(state, id);
  const head = ({ version, value }: typeof before) => (version === 'absent' ? undefined : value.audit);
  const entryOf = async (incidentId: string) => (await loadInstanceEntry(state, incidentId))?.value;
  return checkStream(stream, records, head(before), head(after), KINDS.instance, listed, entryOf);
}

/** The same of the processes of a host. */
export async function checkProcesses(state: StateReader, key: string, listed: readonly string[]): Promise<Checked> {
  const stream = streamOfProcesses(key);
  const before = await loadProcesses(state, key);
  const records = await readKept(state, stream);
  const after = await loadProcesses(state, key);
  const head = ({ version, value }: typeof before) => (version === 'absent' ? undefined : value.audit);
  const entryOf = async (incidentId: string) => (await loadProcessEntry(state, incidentId))?.value;
  return checkStream(stream, records, head(before), head(after), KINDS.process, listed, entryOf);
}

const KINDS = {
  instance: { opened: 'instance-incident-opened', closed: 'instance-incident-closed' },
  process: { opened: 'process-incident-opened', closed: 'process-incident-closed' },
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

async function checkStream(
  stream: string,
  records: readonly KeptRecord[],
  before: Head | undefined,
  after: Head | undefined,
  kind: Kind,
  listed: readonly string[],
  entryOf: (incidentId: string) => Promise<Entry | undefined>,
): Promise<Checked> {
  const findings: Finding[] = [...checkChain(stream, records), ...checkHead(stream, records, before, after)];
  const incidents = incidentsIn(records, kind);
  for (const { opened, closed } of incidents) {
    const id = String(opened.record.fact.incidentId);
    const entry = await entryOf(id);
    if (entry === undefined) findings.push(finding(stream, opened.record.seq, `nothing is left of its incident ${id}`));
    else findings.push(...checkEntry(stream, opened, closed, entry));
  }
  const known = new Set(incidents.map(({ opened }) => opened.record.fact.incidentId));
  for (const id of listed)
    if (!known.has(id))
      findings.push(finding(stream, null, `the list has an incident ${id}, of which the log tells nothing`));
  return { findings, streams: 1, records: records.length, policies: policiesOf(records) };
}

interface Told {
  readonly opened: KeptRecord;
  /** Undefined while it is open. */
  readonly closed: KeptRecord | undefined;
}

/** The next end is that of the incident: none opens while one is open. */
function incidentsIn(records: readonly KeptRecord[], kind: Kind): readonly Told[] {
  return records.flatMap((opened, index) => {
    if (opened.record.fact.type !== kind.opened) return [];
    const closed = records.slice(index).find(({ record }) => record.fact.type === kind.closed);
    return [{ opened, closed }];
  });
}

/** The line of the list says of the incident what its first and its last record say. */
function checkEntry(
  stream: string,
  opened: KeptRecord,
  closed: KeptRecord | undefined,
  entry: Entry,
): readonly Finding[] {
  const { host, hostKey, segment, openedAtMs, closedAtMs, outcome, because, auditHead } = entry;
  const other = (at: KeptRecord, wrong: readonly string[]): readonly Finding[] =>
    wrong.length === 0 ? [] : [finding(stream, at.record.seq, `its entry tells another ${wrong.join(', ')}`)];
  const first = other(opened, differing({ host, hostKey, segment, atMs: openedAtMs }, opened.record.fact));
  if (closed === undefined || closedAtMs === null)
    return (closed === undefined) === (closedAtMs === null)
      ? first
      : [
          ...first,
          finding(stream, closed?.record.seq ?? null, `its entry says ${outcome ?? 'open'}, its log another thing`),
        ];
  const { seq, hash } = closed.record;
  const last = other(closed, differing({ outcome, because, atMs: closedAtMs }, closed.record.fact));
  const end = auditHead?.seq === seq && auditHead.hash === hash ? [] : other(closed, ['end']);
  return [...first, ...last, ...end];
}

/** What the lists have a name for: ids of the incidents, by instance and by host. */
export async function listedOthers(state: StateReader): Promise<{
  readonly instances: ReadonlyMap<string, readonly string[]>;
  readonly processes: ReadonlyMap<string, readonly string[]>;
}> {
  const instances = new Map<string, string[]>();
  const processes = new Map<string, string[]>();
  const add = (to: Map<string, string[]>, key: string, id: string): void =>
    void to.set(key, [...(to.get(key) ?? []), id]);
  for await (const { id, instanceId } of listInstanceIncidents(state)) add(instances, instanceId, id);
  for await (const { id, hostKey } of listProcessIncidents(state)) add(processes, hostKey, id);
  return { instances, processes };
}
