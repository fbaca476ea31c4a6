import { appendFacts, auditWrite, FIRST, type Head, streamOfHost, streamOfIncident } from '#shared/domain/audit.ts';
import type { RecordedBasis } from '#shared/domain/basis.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import {
  type HostFact,
  type HostState,
  type IncidentOutcome,
  isOfHostStream,
  isSilentFact,
  newHost,
} from '#shared/domain/host.ts';
import { PermanentError } from '#shared/errors.ts';
import type { ItemKey, StateReader, StateWrite, StoredItem } from '#shared/ports.ts';
import { type ReadLines, readLine, readLines } from './incident-lines.ts';
import { all, decode, idBehind, type Loaded, load, put, readEach } from './items.ts';

/** One line per incident, open or closed; ids are time-ordered, so the list is too. */
export interface IncidentEntry {
  readonly id: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly outcome: IncidentOutcome | null;
  readonly because: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Head of the incident's stream at its end: a cut tail shows. */
  readonly auditHead: Head | null;
}

export const HOST_PARTITION_PREFIX = 'host#';
export const hostItemKey = (hostKey: string): ItemKey => ({
  partition: `${HOST_PARTITION_PREFIX}${hostKey}`,
  sort: 'state',
});
const entryKey = (incidentId: string): ItemKey => ({ partition: 'incidents', sort: incidentId });

export const loadHost = (state: StateReader, hostKey: string): Promise<Loaded<HostState> | undefined> =>
  load<HostState>(state, hostItemKey(hostKey), raised);

/** The same, or one of which there is nothing yet. */
export async function loadHostOrNew(
  state: StateReader,
  identity: Parameters<typeof newHost>[0],
): Promise<Loaded<HostState>> {
  return (await loadHost(state, identity.key)) ?? { value: newHost(identity), version: 'absent' };
}

/** An incident may be from before there were releases, pauses and dismissals. */
function raised(host: HostState): HostState {
  if (host.incident === null || Object.hasOwn(host.incident, 'release')) return host;
  const older: object = { powerOffs: 0, evacuatingSinceMs: null, release: null, pausedBy: null };
  return { ...host, incident: { ...older, ...host.incident } };
}

export const loadEntry = (state: StateReader, incidentId: string): Promise<Loaded<IncidentEntry> | undefined> =>
  load<IncidentEntry>(state, entryKey(incidentId));

/** One line of the list, or that it can't be read; neither where there is none. */
export const readEntry = (state: StateReader, incidentId: string): Promise<ReadLines<IncidentEntry>> =>
  readLine<IncidentEntry>(state, entryKey(incidentId));

/** The list, with what of it can't be read. @param sinceMs as for `listIncidents` */
export const readIncidents = (state: StateReader, sinceMs = 0): Promise<ReadLines<IncidentEntry>> =>
  readLines<IncidentEntry>(state, 'incidents', sinceMs);

/** Makes a transaction fail once anything else was decided about the host. */
export const unchanged = ({ value: { key }, version }: Loaded<HostState>): StateWrite => ({
  kind: 'check',
  ...hostItemKey(key),
  expect: version,
});

/** The same of a host of which there may be nothing yet. */
export const hostUnchanged = (hostKey: string, loaded: Loaded<HostState> | undefined): StateWrite => ({
  kind: 'check',
  ...hostItemKey(hostKey),
  expect: loaded?.version ?? 'absent',
});

/** Every host with an open incident, the one due longest first. May lag behind writes by seconds. */
export const openHosts = async (state: StateReader, dueBeforeMs: number): Promise<readonly HostState[]> =>
  hostsAmong(await state.due(dueBeforeMs, MAX_DUE)).values.filter(({ incident }) => incident !== null);

/** As many as are looked at in one go. */
export const MAX_DUE = 1000;

/** The hosts among what is due. */
export const hostsAmong = (due: readonly StoredItem[]): ReturnType<typeof readEach<HostState>> =>
  readEach(
    due.filter(({ partition }) => partition.startsWith(HOST_PARTITION_PREFIX)),
    (item) => whole(raised(decode<HostState>(item))),
  );

/** Of the same, what can't be read, and when it was due. */
export const lostAmong = (
  due: readonly StoredItem[],
): readonly { readonly item: string; readonly dueAtMs: number }[] => {
  const lost = new Set(hostsAmong(due).unreadable.map(({ item }) => item));
  return due.flatMap(({ partition: item, dueAtMs }) =>
    lost.has(item) && dueAtMs !== undefined ? [{ item, dueAtMs }] : [],
  );
};

/** @throws PermanentError when what every reader relies on is not there. */
function whole(host: HostState): HostState {
  const { key, name, claims, incident, returning, maintenance } = host;
  const open = [incident, returning, maintenance].filter((each) => each != null);
  const known = open.every(({ tick, dueAtMs }) => typeof tick === 'number' && typeof (dueAtMs ?? 0) === 'number');
  const isWhole = typeof key === 'string' && typeof name === 'string' && typeof claims === 'object';
  if (isWhole && open.length > 0 && known) return host;
  throw new PermanentError('it is no host with anything open');
}

/**
 * The state after the facts, and the writes that commit it together with one audit record per fact (A1).
 * The transaction fails if anybody else wrote the host since it was loaded.
 */
export function hostWrites(
  loaded: Loaded<HostState>,
  facts: readonly HostFact[],
  basis: RecordedBasis,
  nowMs: number,
): { readonly host: HostState; readonly writes: readonly StateWrite[] } {
  let host = loaded.value;
  const writes: StateWrite[] = [];
  const begun = new Set<string>();
  const append = (stream: string, from: Head, fact: HostFact): Head => {
    const { records, head } = appendFacts(stream, from, [fact], nowMs, begun.has(stream) ? undefined : basis);
    begun.add(stream);
    writes.push(...records.map(auditWrite));
    return head;
  };
  for (const fact of facts) {
    if (isSilentFact(fact)) {
      host = evolveHost(host, fact);
      continue;
    }
    if (isOfHostStream(fact)) {
      const head = append(streamOfHost(host.key), host.audit, fact);
      host = { ...evolveHost(host, fact), audit: head };
      continue;
    }
    const opening = fact.type === 'incident-opened';
    const id = opening ? fact.incidentId : (host.incident?.id ?? '');
    const head = append(streamOfIncident(id), opening ? FIRST : (host.incident?.audit ?? FIRST), fact);
    const before = host;
    host = evolveHost(host, fact);
    if (host.incident !== null) host = { ...host, incident: { ...host.incident, audit: head } };
    if (opening || fact.type === 'incident-closed') writes.push(...entryWrites(before, host, fact, head));
  }
  return { host, writes: [put(hostItemKey(host.key), loaded.version, host, dueOf(host)), ...onceEach(writes)] };
}

/** Whichever of what is under way is due first. */
function dueOf({ incident, returning, maintenance }: HostState): { readonly dueAtMs?: number } {
  const due = [incident?.dueAtMs, returning?.dueAtMs, maintenance?.dueAtMs].filter((each) => each != null);
  return due.length === 0 ? {} : { dueAtMs: Math.round(Math.min(...due)) };
}

function entryWrites(
  before: HostState,
  after: HostState,
  fact: HostFact & { type: 'incident-opened' | 'incident-closed' },
  head: Head,
): readonly StateWrite[] {
  const { name: host, key: hostKey } = after;
  if (fact.type === 'incident-opened') {
    const { incidentId: id, segment, atMs: openedAtMs, because } = fact;
    const entry: IncidentEntry = {
      id,
      host,
      hostKey,
      segment,
      openedAtMs,
      closedAtMs: null,
      outcome: null,
      because,
      counts: {},
      auditHead: null,
    };
    return [put(entryKey(id), 'absent', entry)];
  }
  if (before.incident === null) return [];
  const { id, segment, openedAtMs } = before.incident;
  const { outcome, because, counts, atMs: closedAtMs } = fact;
  const entry: IncidentEntry = {
    id,
    host,
    hostKey,
    segment,
    openedAtMs,
    closedAtMs,
    outcome,
    because,
    counts,
    auditHead: head,
  };
  return [put(entryKey(id), 1, entry)];
}

/** An incident that opens and closes in one transaction has one entry: the later write, made for a new item. */
function onceEach(writes: readonly StateWrite[]): readonly StateWrite[] {
  const byKey = new Map<string, StateWrite>();
  for (const write of writes) {
    const key = `${write.kind === 'append'}\n${write.partition}\n${write.sort}`;
    const earlier = byKey.get(key);
    byKey.set(key, earlier?.kind === 'put' && write.kind === 'put' ? { ...write, expect: earlier.expect } : write);
  }
  return [...byKey.values()];
}

/**
 * All incidents, oldest first.
 * @param sinceMs only those that were opened at this time or later
 */
export async function* listIncidents(state: StateReader, sinceMs = 0): AsyncGenerator<IncidentEntry> {
  for await (const item of all(state, 'incidents', undefined, idBehind(sinceMs))) yield decode<IncidentEntry>(item);
}
