import {
  STREAM_OF_OPERATORS,
  streamOfHost,
  streamOfIncident,
  streamOfInstance,
  streamOfPolicy,
  streamOfProcesses,
  streamOfReadiness,
} from '#shared/domain/audit.ts';
import { policyFrom } from '#shared/domain/policy-record.ts';
import { checkChain, checkHead, type Finding, finding } from '#shared/domain/verify.ts';
import type { Clock, StateReader } from '#shared/ports.ts';
import { HOST_PARTITION_PREFIX, type IncidentEntry, listIncidents, loadEntry, loadHost } from './hosts.ts';
import { INSTANCE_PARTITION_PREFIX } from './instances.ts';
import { loadOperatorHead, OPERATORS_PARTITION } from './operator-log.ts';
import { PROCESSES_PARTITION_PREFIX } from './processes.ts';
import { readKept } from './read-audit.ts';
import { loadHostReadiness, READINESS_PARTITION_PREFIX, readinessOf } from './readiness.ts';
import { TASKS_PARTITION_PREFIX } from './tasks.ts';
import { type Checked, checkIncident, policiesOf } from './verify-incident.ts';
import { checkInstance, checkProcesses, listedOthers } from './verify-others.ts';

export interface Verification {
  readonly findings: readonly Finding[];
  readonly hosts: number;
  readonly incidents: number;
  /** Instances that failed while their hosts lived. */
  readonly instances: number;
  /** Hosts whose processes stopped while they lived. */
  readonly processes: number;
  readonly streams: number;
  readonly records: number;
}

/** What is broken stays so. What only looks so, since salvor wrote between two reads, is well a moment later. */
const LOOKS = 4;
const PAUSE_MS = 300;

/**
 * Checks the whole log against itself and against the state: every chain, every end, every beginning, and that
 * neither tells of what the other does not know.
 */
export async function verifyAudit(state: StateReader, clock: Clock): Promise<Verification> {
  const named = await streamsOf(state);
  const checks = [
    ...[...named.hosts].map((key) => () => checkHost(state, key)),
    ...[...named.tasksOf].map(
      ([id, tasks]) =>
        () =>
          checkIncident(state, id, tasks),
    ),
    ...[...named.instances].map(
      ([id, listed]) =>
        () =>
          checkInstance(state, id, listed),
    ),
    ...[...named.processes].map(
      ([key, listed]) =>
        () =>
          checkProcesses(state, key, listed),
    ),
    ...[...named.readiness].map((key) => () => checkReadiness(state, key)),
    ...(named.operators ? [() => checkOperators(state)] : []),
    ...named.others.map((stream) => async () => ({
      findings: [strange(stream)],
      streams: 1,
      records: 0,
      policies: [],
    })),
  ];
  const total = { findings: [] as Finding[], streams: 0, records: 0 };
  const policies = new Set(named.policies);
  const add = ({ findings, streams, records }: Checked): void => {
    total.findings.push(...findings);
    total.streams += streams;
    total.records += records;
  };
  for (const check of checks) {
    const checked = await settled(check, clock);
    add(checked);
    for (const id of checked.policies) policies.add(id);
  }
  for (const id of policies) add(await settled(() => checkPolicy(state, id), clock));
  const { hosts, tasksOf, instances, processes } = named;
  return { ...total, hosts: hosts.size, incidents: tasksOf.size, instances: instances.size, processes: processes.size };
}

/** The same of one incident: its own stream, its tasks', and its host's. */
export async function verifyIncident(
  state: StateReader,
  { id, hostKey }: Pick<IncidentEntry, 'id' | 'hostKey'>,
  clock: Clock,
): Promise<Pick<Verification, 'findings' | 'streams' | 'records'>> {
  const [own, host] = await Promise.all([
    settled(() => checkIncident(state, id, []), clock),
    settled(() => checkHost(state, hostKey), clock),
  ]);
  return {
    findings: [...host.findings, ...own.findings],
    streams: host.streams + own.streams,
    records: host.records + own.records,
  };
}

async function settled(check: () => Promise<Checked>, clock: Clock): Promise<Checked> {
  let checked = await check();
  for (let look = 1; look < LOOKS && checked.findings.length > 0; look += 1) {
    await clock.sleep(PAUSE_MS);
    checked = await check();
  }
  return checked;
}

/** A host's own stream, and the incidents that its state knows of: each has an entry. */
async function checkHost(state: StateReader, key: string): Promise<Checked> {
  const stream = streamOfHost(key);
  const before = await loadHost(state, key);
  const records = await readKept(state, stream);
  const after = await loadHost(state, key);
  const findings = [
    ...checkChain(stream, records),
    ...checkHead(stream, records, before?.value.audit, after?.value.audit),
  ];
  for (const known of [after?.value.incident, after?.value.lastIncident]) {
    if (known === null || known === undefined) continue;
    const entry = (await loadEntry(state, known.id))?.value;
    if (entry === undefined)
      findings.push(finding(stream, null, `the host had incident ${known.id}, which nothing is left of`));
    else if (entry.hostKey !== key)
      findings.push(finding(stream, null, `incident ${known.id} is told to be of ${entry.hostKey}`));
    else if ('outcome' in known && entry.outcome !== known.outcome)
      findings.push(
        finding(stream, null, `incident ${known.id} ended as ${known.outcome}, its entry says ${entry.outcome}`),
      );
  }
  return { findings, streams: 1, records: records.length, policies: policiesOf(records) };
}

/** Whether a host could be fenced: a stream by itself. */
async function checkReadiness(state: StateReader, key: string): Promise<Checked> {
  const stream = streamOfReadiness(key);
  const before = await loadHostReadiness(state, key);
  const records = await readKept(state, stream);
  const after = await loadHostReadiness(state, key);
  const findings = [
    ...checkChain(stream, records),
    ...checkHead(stream, records, before?.value.audit, after?.value.audit),
  ];
  return { findings, streams: 1, records: records.length, policies: [] };
}

/** A policy that decisions name is there, and is the one that its name tells. */
async function checkPolicy(state: StateReader, id: string): Promise<Checked> {
  const stream = streamOfPolicy(id);
  const records = await readKept(state, stream);
  const policy = policyFrom(
    id,
    records.map(({ record }) => record),
  );
  const is = policy === undefined ? [finding(stream, null, 'it is not the policy of this name')] : [];
  return { findings: [...checkChain(stream, records), ...is], streams: 1, records: records.length, policies: [] };
}

/** What operators asked for: one stream, by itself. */
async function checkOperators(state: StateReader): Promise<Checked> {
  const before = await loadOperatorHead(state);
  const records = await readKept(state, STREAM_OF_OPERATORS);
  const after = await loadOperatorHead(state);
  const findings = [
    ...checkChain(STREAM_OF_OPERATORS, records),
    ...checkHead(STREAM_OF_OPERATORS, records, before.value.audit, after.value.audit),
  ];
  return { findings, streams: 1, records: records.length, policies: [] };
}

const strange = (stream: string): Finding => finding(stream, null, 'salvor writes no stream of this name');

interface Named {
  readonly hosts: ReadonlySet<string>;
  /** Hosts whose fence devices were ever asked. */
  readonly readiness: ReadonlySet<string>;
  /** By incident, the instances of whose tasks the log has records. */
  readonly tasksOf: ReadonlyMap<string, readonly string[]>;
  /** By instance and by host, the ids of the incidents that their lists have. */
  readonly instances: ReadonlyMap<string, readonly string[]>;
  readonly processes: ReadonlyMap<string, readonly string[]>;
  /** Whether an operator has ever asked for anything. */
  readonly operators: boolean;
  readonly policies: ReadonlySet<string>;
  readonly others: readonly string[];
}

/** Everything that the log or the state has a name for. */
async function streamsOf(state: StateReader): Promise<Named> {
  const hosts = new Set<string>();
  const readiness = new Set<string>();
  const tasksOf = new Map<string, string[]>();
  const policies = new Set<string>();
  const others: string[] = [];
  const listed = await listedOthers(state);
  const instances = new Map(listed.instances);
  const processes = new Map(listed.processes);
  const known = (of: Map<string, readonly string[]>, key: string): void => void of.set(key, of.get(key) ?? []);
  let operators = false;
  const tasks = (incidentId: string): string[] => {
    const known = tasksOf.get(incidentId) ?? [];
    tasksOf.set(incidentId, known);
    return known;
  };
  for await (const stream of state.partitions('audit')) {
    const [kind, id = '', instanceId, ...more] = stream.split('#');
    if (kind === 'host') hosts.add(stream.slice(streamOfHost('').length));
    else if (stream.startsWith(streamOfReadiness(''))) readiness.add(stream.slice(streamOfReadiness('').length));
    else if (kind === 'incident' && stream === streamOfIncident(id)) tasks(id);
    else if (kind === 'instance' && stream === streamOfInstance(id)) known(instances, id);
    else if (kind === 'process') known(processes, stream.slice(streamOfProcesses('').length));
    else if (kind === 'task' && instanceId !== undefined && more.length === 0) tasks(id).push(instanceId);
    else if (stream === STREAM_OF_OPERATORS) operators = true;
    else if (stream === streamOfPolicy(id)) policies.add(id);
    else others.push(stream);
  }
  for await (const partition of state.partitions('items')) {
    if (partition.startsWith(HOST_PARTITION_PREFIX)) hosts.add(partition.slice(HOST_PARTITION_PREFIX.length));
    if (partition.startsWith(INSTANCE_PARTITION_PREFIX))
      known(instances, partition.slice(INSTANCE_PARTITION_PREFIX.length));
    if (partition.startsWith(PROCESSES_PARTITION_PREFIX))
      known(processes, partition.slice(PROCESSES_PARTITION_PREFIX.length));
    if (partition.startsWith(READINESS_PARTITION_PREFIX))
      for await (const { hostKey } of readinessOf(state, partition)) readiness.add(hostKey);
    if (partition === OPERATORS_PARTITION) operators = true;
    if (partition.startsWith(TASKS_PARTITION_PREFIX)) tasks(partition.slice(TASKS_PARTITION_PREFIX.length));
  }
  for await (const { id } of listIncidents(state)) tasks(id);
  return { hosts, readiness, tasksOf, instances, processes, operators, policies, others };
}
