import {
  type AuditRecord,
  FIRST,
  faultIn,
  type Head,
  type KeptRecord,
  placeOf,
  STREAM_OF_OPERATORS,
  streamOfHost,
  streamOfIncident,
  streamOfInstance,
  streamOfProcesses,
  streamOfTask,
} from '#shared/domain/audit.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { JsonObject, StateReader } from '#shared/ports.ts';
import { type IncidentEntry, listIncidents } from './hosts.ts';
import { listInstanceIncidents } from './instances.ts';
import { loadInventory } from './inventory.ts';
import { listProcessIncidents } from './processes.ts';
import { loadTasks } from './tasks.ts';

export interface Stream {
  readonly records: readonly AuditRecord[];
  /** What is wrong with it; undefined when every record follows from the one before. */
  readonly fault: string | undefined;
}

export interface Audit {
  readonly streams: ReadonlyMap<string, Stream>;
}

/**
 * Records of a stream with a number above `seq`, unchecked: for who follows it, not for who trusts it. Each has the number of
 * its place, whatever it says itself.
 */
export const readBehind = async (state: StateReader, stream: string, seq: number): Promise<readonly AuditRecord[]> =>
  (await readKept(state, stream, seq === 0 ? undefined : placeOf(seq))).map(({ place, record }) => ({
    ...record,
    seq: Number(place),
  }));

/**
 * A whole stream, in the order of its places.
 * @param behind only what comes after this place
 */
export async function readKept(state: StateReader, stream: string, behind?: string): Promise<readonly KeptRecord[]> {
  const kept: KeptRecord[] = [];
  let after = behind;
  do {
    const page = await state.queryAudit(stream, after === undefined ? {} : { after });
    for (const { sort, body } of page.items) kept.push({ place: sort, record: recordOf(body) });
    after = page.next;
  } while (after !== undefined);
  return kept;
}

/** A record that was made unreadable, or its fact was, is given one that its hash does not fit. */
function recordOf(body: JsonObject | null): AuditRecord {
  if (body === null || typeof body !== 'object') return recordOf({});
  const { fact } = body as { readonly fact?: { readonly type?: unknown } | null };
  const record = body as unknown as AuditRecord;
  return typeof fact?.type === 'string' ? record : { ...record, fact: { type: 'unreadable' } };
}

/** @param startsFrom any of which it may follow; without it the stream begins by itself */
export async function readStream(state: StateReader, stream: string, startsFrom?: readonly Head[]): Promise<Stream> {
  const records = (await readKept(state, stream)).map(({ record }) => record);
  if (startsFrom === undefined) return { records, fault: faultIn(stream, records, FIRST) };
  const start = startsFrom.find((head) => head.hash === records[0]?.previousHash);
  const fault =
    records.length > 0 && start === undefined
      ? 'it does not start from its incident'
      : faultIn(stream, records, { seq: 0, hash: start?.hash ?? FIRST.hash });
  return { records, fault };
}

/** An incident's own stream, the streams of its tasks, and its host's. */
export async function readIncidentAudit(
  state: StateReader,
  { id, hostKey }: Pick<IncidentEntry, 'id' | 'hostKey'>,
): Promise<Audit> {
  const streams = new Map<string, Stream>();
  streams.set(streamOfHost(hostKey), await readStream(state, streamOfHost(hostKey)));
  const incident = await readStream(state, streamOfIncident(id));
  streams.set(streamOfIncident(id), incident);
  const heads = incident.records.map(({ seq, hash }) => ({ seq, hash }));
  const tasks = await loadTasks(state, id);
  const read = await Promise.all(
    tasks.map(async ({ value }) => {
      const stream = streamOfTask(id, value.instanceId);
      return [stream, await readStream(state, stream, heads)] as const;
    }),
  );
  for (const [stream, records] of read) streams.set(stream, records);
  return { streams };
}

/** Everything about every known host, every incident, instance and process, and what operators asked for. */
export async function readAudit(
  state: StateReader,
  cloud: { readonly name: string; readonly region: string },
): Promise<Audit> {
  const streams = new Map<string, Stream>();
  for (const { value } of await loadInventory(state, cloud.name, cloud.region)) {
    const stream = streamOfHost(hostKeyOf(cloud.name, cloud.region, value.serviceId));
    streams.set(stream, await readStream(state, stream));
  }
  const operators = await readStream(state, STREAM_OF_OPERATORS);
  if (operators.records.length > 0) streams.set(STREAM_OF_OPERATORS, operators);
  const others = new Set<string>();
  for await (const { instanceId } of listInstanceIncidents(state)) others.add(streamOfInstance(instanceId));
  for await (const { hostKey } of listProcessIncidents(state)) others.add(streamOfProcesses(hostKey));
  for (const stream of others) streams.set(stream, await readStream(state, stream));
  for await (const entry of listIncidents(state))
    for (const [stream, read] of (await readIncidentAudit(state, entry)).streams) streams.set(stream, read);
  return { streams };
}
