import {
  type AuditRecord,
  streamOfHost,
  streamOfIncident,
  streamOfPolicy,
  streamOfTask,
} from '#shared/domain/audit.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { policyFrom } from '#shared/domain/policy-record.ts';
import type { HostLog, IncidentLog } from '#shared/domain/replay/log.ts';
import type { OtherLog } from '#shared/domain/replay/other.ts';
import type { StateReader } from '#shared/ports.ts';
import { listIncidents } from './hosts.ts';
import { readKept } from './read-audit.ts';
import { loadTasks } from './tasks.ts';

const TASKS_AT_ONCE = 20;

const recordsOf = async (state: StateReader, stream: string): Promise<readonly AuditRecord[]> =>
  (await readKept(state, stream)).map(({ record }) => record);

/** All that the log holds of a host, from its first report on: what was decided later rests on it. */
export async function readHostLog(state: StateReader, key: string): Promise<HostLog> {
  const records = await recordsOf(state, streamOfHost(key));
  const incidents: IncidentLog[] = [];
  for await (const entry of listIncidents(state))
    if (entry.hostKey === key) incidents.push(await readIncidentLog(state, entry.id));
  const all = [records, ...incidents.flatMap((each) => [each.records, ...each.tasks.map((task) => task.records)])];
  return { key, records, incidents, policies: await policiesFor(state, all.flat()) };
}

/** All that the log holds of one instance, or of the processes of one host. */
export async function readOtherLog(state: StateReader, stream: string): Promise<OtherLog> {
  const records = await recordsOf(state, stream);
  return { records, policies: await policiesFor(state, records) };
}

/** Those under which these records were decided. */
async function policiesFor(state: StateReader, records: readonly AuditRecord[]): Promise<Map<string, Policy>> {
  const policies = new Map<string, Policy>();
  for (const id of new Set(records.flatMap(({ basis }) => basis?.policy ?? []))) {
    const policy = policyFrom(id, await recordsOf(state, streamOfPolicy(id)));
    if (policy !== undefined) policies.set(id, policy);
  }
  return policies;
}

async function readIncidentLog(state: StateReader, id: string): Promise<IncidentLog> {
  const records = await recordsOf(state, streamOfIncident(id));
  const instances = (await loadTasks(state, id)).map(({ value }) => value.instanceId);
  const tasks: IncidentLog['tasks'][number][] = [];
  for (let from = 0; from < instances.length; from += TASKS_AT_ONCE) {
    const chunk = instances.slice(from, from + TASKS_AT_ONCE).map(async (instanceId) => ({
      instanceId,
      records: await recordsOf(state, streamOfTask(id, instanceId)),
    }));
    tasks.push(...(await Promise.all(chunk)));
  }
  return { id, records, tasks };
}
