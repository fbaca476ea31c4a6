import { appendFacts, auditWrite, type Head, streamOfProcesses } from '#shared/domain/audit.ts';
import type { RecordedBasis } from '#shared/domain/basis.ts';
import { evolveProcesses, newProcesses } from '#shared/domain/process-recovery/evolve.ts';
import {
  isSilentProcessFact,
  type ProcessesState,
  type ProcessFact,
  type ProcessOutcome,
} from '#shared/domain/process-recovery/process.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type ReadLines, readLine, readLines } from './incident-lines.ts';
import { all, decode, idBehind, type Loaded, load, put } from './items.ts';
import { openKey, openOf, openOfKey } from './open-others.ts';

/** One line per incident of the processes of a host, open or closed; ids are time-ordered, so the list is too. */
export interface ProcessEntry {
  readonly id: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly outcome: ProcessOutcome | null;
  readonly because: string;
  /** Head of the stream at its end. */
  readonly auditHead: Head | null;
}

export const PROCESSES_PARTITION_PREFIX = 'process#';
const keyOf = (hostKey: string): ItemKey => ({ partition: `${PROCESSES_PARTITION_PREFIX}${hostKey}`, sort: 'state' });
const entryKey = (incidentId: string): ItemKey => ({ partition: 'process-incidents', sort: incidentId });

export async function loadProcesses(state: StateReader, hostKey: string): Promise<Loaded<ProcessesState>> {
  return (await load<ProcessesState>(state, keyOf(hostKey))) ?? { value: newProcesses(hostKey), version: 'absent' };
}

export const loadProcessEntry = (state: StateReader, incidentId: string): Promise<Loaded<ProcessEntry> | undefined> =>
  load<ProcessEntry>(state, entryKey(incidentId));

/** The keys of the hosts with an open incident of their processes. */
export async function openProcesses(state: StateReader): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { sort } of openOf(state, 'process')) keys.push(openOfKey(sort).of);
  return keys;
}

/** All incidents of processes, oldest first. @param sinceMs only those that were opened at this time or later */
export async function* listProcessIncidents(state: StateReader, sinceMs = 0): AsyncGenerator<ProcessEntry> {
  for await (const item of all(state, 'process-incidents', undefined, idBehind(sinceMs)))
    yield decode<ProcessEntry>(item);
}

/** The same list, with what of it can't be read. */
export const readProcessIncidents = (state: StateReader, sinceMs = 0): Promise<ReadLines<ProcessEntry>> =>
  readLines<ProcessEntry>(state, 'process-incidents', sinceMs);

/** One line of it, or that it can't be read; neither where there is none. */
export const readProcessEntry = (state: StateReader, incidentId: string): Promise<ReadLines<ProcessEntry>> =>
  readLine<ProcessEntry>(state, entryKey(incidentId));

/** The state after the facts, and the writes that commit it with one audit record per fact, but for the silent ones (A1). */
export function processWrites(
  { value, version }: Loaded<ProcessesState>,
  facts: readonly ProcessFact[],
  basis: RecordedBasis,
  nowMs: number,
): { readonly processes: ProcessesState; readonly writes: readonly StateWrite[] } {
  const told = facts.filter((fact) => !isSilentProcessFact(fact));
  const { records, head } = appendFacts(streamOfProcesses(value.key), value.audit, told, nowMs, basis);
  const processes = { ...facts.reduce(evolveProcesses, value), audit: head };
  const lists = facts.flatMap((fact) => listWrites(value, fact, head));
  return { processes, writes: [put(keyOf(value.key), version, processes), ...records.map(auditWrite), ...lists] };
}

/** An incident never opens and closes in one decision. */
function listWrites(
  { key: hostKey, incident }: ProcessesState,
  fact: ProcessFact,
  auditHead: Head,
): readonly StateWrite[] {
  if (fact.type === 'process-incident-opened') {
    const { incidentId: id, host, segment, atMs: openedAtMs, because } = fact;
    const common = { id, host, hostKey, segment, openedAtMs, because };
    const entry: ProcessEntry = { ...common, closedAtMs: null, outcome: null, auditHead: null };
    return [put(entryKey(id), 'absent', entry), put(openKey('process', hostKey), 'absent', { host })];
  }
  if (fact.type !== 'process-incident-closed' || incident === null) return [];
  const { id, host, segment, openedAtMs } = incident;
  const { outcome, because, atMs: closedAtMs } = fact;
  const entry: ProcessEntry = { id, host, hostKey, segment, openedAtMs, because, closedAtMs, outcome, auditHead };
  return [put(entryKey(id), 1, entry), { kind: 'delete', ...openKey('process', hostKey), expect: 1 }];
}
