import { appendFacts, auditWrite, FIRST, streamOfReadiness } from '#shared/domain/audit.ts';
import type { HostReadiness, NextReadiness } from '#shared/domain/readiness.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/**
 * Whether each host could be fenced: an item per host, never the host's own, which incidents write. It stays when a host
 * leaves its segment, as it holds the end of the stream that tells of it.
 */
export const READINESS_PARTITION_PREFIX = 'fence-ready#';

/** By the compute service's UUID: a host that was made anew under an old name has a stream of its own. */
function keyOf(hostKey: string): ItemKey {
  const end = hostKey.lastIndexOf('/');
  return { partition: `${READINESS_PARTITION_PREFIX}${hostKey.slice(0, end)}`, sort: hostKey.slice(end + 1) };
}

export const loadHostReadiness = (state: StateReader, hostKey: string): Promise<Loaded<HostReadiness> | undefined> =>
  load<HostReadiness>(state, keyOf(hostKey));

/** Of every host that was ever asked. */
export async function loadReadiness(
  state: StateReader,
  { name, region }: { readonly name: string; readonly region: string },
): Promise<readonly Loaded<HostReadiness>[]> {
  const hosts: Loaded<HostReadiness>[] = [];
  for await (const item of all(state, `${READINESS_PARTITION_PREFIX}${name}/${region}`))
    hosts.push({ value: decode<HostReadiness>(item), version: item.version });
  return hosts;
}

/** Of every host of one partition, whatever its cloud. */
export async function* readinessOf(state: StateReader, partition: string): AsyncGenerator<HostReadiness> {
  for await (const item of all(state, partition)) yield decode<HostReadiness>(item);
}

/** One audit record for each fact, in the transaction of what they changed. */
export function readinessWrites(
  before: Loaded<HostReadiness> | undefined,
  { next, facts }: NextReadiness,
  nowMs: number,
): readonly StateWrite[] {
  if (next === undefined) return [];
  const head = before?.value.audit ?? FIRST;
  const appended = appendFacts(streamOfReadiness(next.hostKey), head, facts, nowMs);
  const value: HostReadiness = { ...next, audit: appended.head };
  return [put(keyOf(next.hostKey), before?.version ?? 'absent', value), ...appended.records.map(auditWrite)];
}
