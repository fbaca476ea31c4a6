import {
  type Head,
  STREAM_OF_OPERATORS,
  streamOfHost,
  streamOfIncident,
  streamOfInstance,
  streamOfProcesses,
  streamOfReadiness,
  streamOfTask,
} from '#shared/domain/audit.ts';
import { type Checkpoint, checkAgainst } from '#shared/domain/checkpoint.ts';
import type { Finding } from '#shared/domain/verify.ts';
import type { StateReader } from '#shared/ports.ts';
import { HOST_PARTITION_PREFIX, listIncidents, loadHost } from './hosts.ts';
import { INSTANCE_PARTITION_PREFIX, loadInstance } from './instances.ts';
import { loadOperatorHead } from './operator-log.ts';
import { loadProcesses, PROCESSES_PARTITION_PREFIX } from './processes.ts';
import { readKept } from './read-audit.ts';
import { READINESS_PARTITION_PREFIX, readinessOf } from './readiness.ts';
import { loadTasks } from './tasks.ts';

/**
 * The end of every stream as the state tells it, but for the tasks of incidents that have ended: those are committed by
 * the end of their incident.
 */
export async function headsNow(state: StateReader): Promise<ReadonlyMap<string, Head>> {
  const heads = new Map<string, Head>();
  heads.set(STREAM_OF_OPERATORS, (await loadOperatorHead(state)).value.audit);
  for await (const { id, auditHead } of listIncidents(state))
    if (auditHead !== null) heads.set(streamOfIncident(id), auditHead);
  for await (const partition of state.partitions('items')) {
    const [kind = '', key = ''] = splitOnce(partition);
    if (`${kind}#` === INSTANCE_PARTITION_PREFIX)
      heads.set(streamOfInstance(key), (await loadInstance(state, key)).value.audit);
    if (`${kind}#` === PROCESSES_PARTITION_PREFIX)
      heads.set(streamOfProcesses(key), (await loadProcesses(state, key)).value.audit);
    if (partition.startsWith(READINESS_PARTITION_PREFIX))
      for await (const { hostKey, audit } of readinessOf(state, partition))
        heads.set(streamOfReadiness(hostKey), audit);
    if (!partition.startsWith(HOST_PARTITION_PREFIX)) continue;
    const host = (await loadHost(state, partition.slice(HOST_PARTITION_PREFIX.length)))?.value;
    if (host === undefined) continue;
    heads.set(streamOfHost(host.key), host.audit);
    if (host.incident === null) continue;
    heads.set(streamOfIncident(host.incident.id), host.incident.audit);
    for (const { value } of await loadTasks(state, host.incident.id))
      heads.set(streamOfTask(value.incidentId, value.instanceId), value.audit);
  }
  return heads;
}

const splitOnce = (partition: string): readonly string[] => {
  const at = partition.indexOf('#');
  return at < 0 ? [partition] : [partition.slice(0, at), partition.slice(at + 1)];
};

/** What the checkpoints have seen and the log does not hold any more. */
export async function verifyAgainst(
  state: StateReader,
  checkpoints: readonly Checkpoint[],
): Promise<readonly Finding[]> {
  const told = new Map<string, { readonly head: Head; readonly atMs: number }[]>();
  for (const { heads, atMs } of checkpoints)
    for (const [stream, head] of Object.entries(heads)) {
      const known = told.get(stream) ?? [];
      known.push({ head, atMs });
      told.set(stream, known);
    }
  const findings: Finding[] = [];
  for (const [stream, heads] of told) findings.push(...checkAgainst(stream, await readKept(state, stream), heads));
  return findings;
}
