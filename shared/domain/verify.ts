import { createHash } from 'node:crypto';
import { type Fault, FIRST, faultsIn, type Head, type KeptRecord } from './audit.ts';
import type { TaskState } from './task.ts';

/** What is wrong with the log, and where. */
export interface Finding {
  readonly stream: string;
  /** The record at which it shows; null when it is about the stream as a whole, or what the state says of it. */
  readonly seq: number | null;
  readonly what: string;
}

export const finding = (stream: string, seq: number | null, what: string): Finding => ({ stream, seq, what });

export const tailOf = (records: readonly KeptRecord[]): Head => {
  const last = records.at(-1)?.record;
  return last === undefined ? FIRST : { seq: last.seq, hash: last.hash };
};

/**
 * One stream by itself.
 * @param startsFrom what the first record may follow: for a task, any record of its incident
 */
export function checkChain(
  stream: string,
  records: readonly KeptRecord[],
  startsFrom: readonly Head[] = [FIRST],
): readonly Finding[] {
  const first = records[0]?.record;
  const start = startsFrom.find(({ hash }) => hash === first?.previousHash);
  // A first record that is missing is told as such, whatever the second one follows.
  if (first !== undefined && start === undefined && first.seq === 1)
    return [finding(stream, 1, 'it does not start from a record of its incident')];
  const from = { seq: 0, hash: start?.hash ?? FIRST.hash };
  return faultsIn(stream, records, from).map(({ seq, what }: Fault) => finding(stream, seq, what));
}

/**
 * Whether a stream ends where the state says. The state was read before and after the stream, since salvor may be at
 * work: the stream may end anywhere in between.
 */
export function checkHead(
  stream: string,
  records: readonly KeptRecord[],
  before: Head | undefined,
  after: Head | undefined = before,
): readonly Finding[] {
  if (after === undefined)
    return [finding(stream, null, 'the log has records of it, but the state knows nothing of it')];
  const tail = tailOf(records);
  const least = before ?? FIRST;
  if (tail.seq < least.seq)
    return [
      finding(stream, tail.seq + 1, `its tail is missing: it ends at record ${tail.seq}, the state at ${least.seq}`),
    ];
  if (tail.seq > after.seq)
    return [finding(stream, after.seq + 1, `record ${after.seq + 1} is behind the end that the state tells`)];
  return [least, after].flatMap((head) => {
    const record = records.find(({ record: { seq } }) => seq === head.seq)?.record;
    return record === undefined || record.hash === head.hash
      ? []
      : [finding(stream, head.seq, `record ${head.seq} is not the one that the state was written with`)];
  });
}

/** The same of the state. */
export const headsOf = (tasks: readonly TaskState[]): string =>
  hashOfHeads(tasks.map(({ instanceId, endedAt, audit }) => ({ instanceId, head: endedAt ?? audit })));

/** One hash over the ends of the tasks' streams, in the order of their instances' ids. */
export function hashOfHeads(tasks: readonly { readonly instanceId: string; readonly head: Head }[]): string {
  const lines = tasks.map(({ instanceId, head }) => `${instanceId} ${head.seq} ${head.hash}\n`);
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}

/**
 * What the end of its incident commits of a task: where its stream had come to when it ended, or by now when it never
 * began. What follows an end is the late answer to a request that was given up.
 */
export function endOf(records: readonly KeptRecord[]): Head {
  const end = records.find(({ record }) => record.fact.type === 'task-ended')?.record;
  return end === undefined ? tailOf(records) : { seq: end.seq, hash: end.hash };
}

/** What of two accounts of the same thing differs, by the names of the fields. */
export const differing = (a: object, b: object): readonly string[] =>
  Object.keys(a).filter((key) => JSON.stringify(a[key as keyof typeof a]) !== JSON.stringify(b[key as keyof typeof b]));
