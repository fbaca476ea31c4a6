import { createHash } from 'node:crypto';
import type { JsonObject, StateWrite } from '#shared/ports.ts';
import type { RecordedBasis } from './basis.ts';

/**
 * The audit log: one stream per host, per incident and per evacuation task, of what could be fenced per host, and per
 * instance and host of smaller incidents. Each record carries the hash of the
 * one before it, so that a changed, missing or reordered record shows (A1 of the design).
 */

/** The last record of a stream. A task's stream starts from its incident's head, so that it can't be grafted elsewhere. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditRecord {
  readonly stream: string;
  readonly seq: number;
  readonly atMs: number;
  /** What kind of fact: see `host.ts`, `task.ts`, `instance-recovery/instance.ts`, `process-recovery/process.ts`. */
  readonly fact: JsonObject & { readonly type: string };
  /** What was decided on, with the first record of each decision. */
  readonly basis?: RecordedBasis;
  readonly previousHash: string;
  readonly hash: string;
}

export const FIRST: Head = { seq: 0, hash: '0'.repeat(64) };

/** See `policy-record.ts`. */
export const streamOfPolicy = (policyId: string): string => `policy#${policyId}`;
export const streamOfHost = (hostKey: string): string => `host#${hostKey}`;
export const streamOfIncident = (incidentId: string): string => `incident#${incidentId}`;
/** All incidents of one instance that failed on a host that lived. */
export const streamOfInstance = (instanceId: string): string => `instance#${instanceId}`;
/** All incidents of the processes of one host that lived. */
export const streamOfProcesses = (hostKey: string): string => `process#${hostKey}`;
/** Whether a host could be fenced, in a stream of its own: nothing of it waits for what is decided about the host. */
export const streamOfReadiness = (hostKey: string): string => `fence-ready#${hostKey}`;
/** What operators asked for, whatever it was about. */
export const STREAM_OF_OPERATORS = 'operators';
export const streamOfTask = (incidentId: string, instanceId: string): string => `task#${incidentId}#${instanceId}`;

/** Keys in a fixed order, so that the same record always has the same hash (RFC 8785 for the values we use). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const of = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(of).filter((key) => of[key] !== undefined);
    return `{${keys
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(of[key])}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Covers every field that the record has, those included that none should have. */
export function hashOf({ hash: _, ...covered }: Omit<AuditRecord, 'hash'> & { readonly hash?: string }): string {
  return createHash('sha256').update(canonical(covered)).digest('hex');
}

/** The records that add `facts` to a stream, and the stream's new head. */
export function appendFacts(
  stream: string,
  head: Head,
  facts: readonly { readonly type: string }[],
  atMs: number,
  basis?: RecordedBasis,
): { readonly records: readonly AuditRecord[]; readonly head: Head } {
  const records: AuditRecord[] = [];
  let last = head;
  for (const each of facts) {
    const fact = asStored(each) as AuditRecord['fact'];
    const ground = basis === undefined || records.length > 0 ? {} : { basis: asStored(basis) };
    const bare = { stream, seq: last.seq + 1, atMs, fact, ...ground, previousHash: last.hash };
    const record = { ...bare, hash: hashOf(bare) };
    records.push(record);
    last = { seq: record.seq, hash: record.hash };
  }
  return { records, head: last };
}

const asStored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A record's place in its stream, which is read in this order. */
export const placeOf = (seq: number): string => String(seq).padStart(10, '0');

export function auditWrite(record: AuditRecord): StateWrite {
  return {
    kind: 'append',
    partition: record.stream,
    sort: placeOf(record.seq),
    body: record as unknown as JsonObject,
  };
}

/** A record with the place at which the store keeps it. */
export interface KeptRecord {
  readonly place: string;
  readonly record: AuditRecord;
}

export interface Fault {
  /** The record at which it shows. */
  readonly seq: number;
  readonly what: string;
}

/** What is wrong with a stream that was read back whole. Behind a fault the chain is taken up again, so that each shows once. */
export function faultsIn(stream: string, kept: readonly KeptRecord[], start: Head = FIRST): readonly Fault[] {
  const faults: Fault[] = [];
  let last = start;
  for (const { place, record } of kept) {
    const what = faultAt(stream, place, record, last);
    const seq = Number.isSafeInteger(record.seq) ? record.seq : last.seq + 1;
    if (what !== undefined) faults.push({ seq, what });
    last = { seq, hash: record.hash };
  }
  return faults;
}

function faultAt(stream: string, place: string, record: AuditRecord, last: Head): string | undefined {
  const { seq } = record;
  if (seq === undefined) return `record ${Number(place)} can not be read`;
  if (record.stream !== stream) return `record ${seq} belongs to ${record.stream}`;
  if (placeOf(seq) !== place) return `record ${seq} is in the place of record ${place}`;
  if (seq !== last.seq + 1) return `record ${last.seq + 1} is missing`;
  if (hashOf(record) !== record.hash) return `record ${seq} was changed`;
  if (record.previousHash !== last.hash) return `record ${seq} does not follow from record ${last.seq}`;
  return undefined;
}

/** The first fault of a stream, or undefined when it has none. */
export const faultIn = (stream: string, records: readonly AuditRecord[], start: Head = FIRST): string | undefined =>
  faultsIn(
    stream,
    records.map((record) => ({ place: placeOf(record.seq), record })),
    start,
  )[0]?.what;
