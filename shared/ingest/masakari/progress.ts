import type { AuditRecord } from '#shared/domain/audit.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import type { InstanceFact } from '#shared/domain/instance-recovery/instance.ts';
import type { ProcessFact } from '#shared/domain/process-recovery/process.ts';
import type { Services } from '#shared/services.ts';
import { readKept } from '#shared/state/read-audit.ts';
import type { ItsIncident, Outcome } from './outcome.ts';
import { inMicros } from './times.ts';

/** The steps of all kinds of recoveries, each with the facts of the incident's stream that tell of it. */
const STEPS = [
  {
    name: 'Confirm that the host is down',
    facts: ['incident-opened', 'held', 'released', 'confirmed'],
    done: 'confirmed',
  },
  {
    name: 'Fence the host',
    facts: ['power-read', 'power-off-intended', 'power-off-answered', 'fence-failed', 'proof-made', 'proof-voided'],
    done: 'proof-made',
  },
  {
    name: 'Force the compute service down',
    facts: ['force-down-intended', 'force-down-answered', 'force-down-failed', 'forced-down'],
    done: 'forced-down',
  },
  { name: 'Evacuate the instances', facts: ['planning-failed', 'planned', 'incident-closed'], done: 'incident-closed' },
  {
    name: 'Restart the instance, or move it',
    facts: [
      'instance-incident-opened',
      'instance-held',
      'instance-request-intended',
      'instance-request-answered',
      'instance-request-found',
      'instance-request-lost',
      'instance-answer-missing',
      'instance-request-failed',
      'instance-incident-closed',
    ],
    done: 'instance-incident-closed',
  },
  {
    name: 'Disable the compute service',
    facts: [
      'process-incident-opened',
      'process-held',
      'disable-intended',
      'disable-answered',
      'service-change-failed',
      'scheduling-off',
    ],
    done: 'scheduling-off',
  },
  {
    name: 'Wait until its processes run again',
    facts: [
      'restart-intended',
      'restart-answered',
      'escalated',
      'processes-well',
      'processes-down-again',
      'enable-intended',
      'enable-answered',
      'process-incident-closed',
    ],
    done: 'process-incident-closed',
  },
] as const satisfies readonly {
  readonly name: string;
  readonly facts: readonly Fact['type'][];
  readonly done: Fact['type'];
}[];

type Fact = IncidentFact | InstanceFact | ProcessFact;

interface Told {
  readonly type: string;
  readonly atMs: number;
  readonly words: string;
}

/** `recovery_workflow_details` of microversion 1.1: what the audit says of the incident, step by step. */
export async function progressOf(services: Services, { incident, status }: Outcome): Promise<readonly object[]> {
  if (incident === null) return [];
  const kept = await readKept(services.state, incident.stream);
  const told = within(
    kept.map(({ record }) => record),
    incident,
  ).map(({ fact, atMs }): Told => {
    return { type: fact.type, atMs, words: wordsFor(fact as unknown as Fact) };
  });
  return STEPS.flatMap(({ name, facts, done }) => {
    const mine = told.filter(({ type }) => (facts as readonly string[]).includes(type));
    if (mine.length === 0) return [];
    const isDone = mine.at(-1)?.type === done;
    const progress = isDone ? 1 : 0.5;
    const state = isDone ? 'SUCCESS' : incident.closedAtMs === null && status !== 'error' ? 'RUNNING' : 'FAILURE';
    const progress_details = mine.map(({ type, atMs, words }) => ({
      timestamp: inMicros(BigInt(Math.round(atMs)) * 1000n).replace('T', ' '),
      message: words,
      progress: type === done ? 1 : 0.5,
    }));
    return [{ name, progress, state, progress_details }];
  });
}

/** The stream of an instance, or of the processes of a host, holds all its incidents. */
function within(records: readonly AuditRecord[], { id }: ItsIncident): readonly AuditRecord[] {
  const from = records.findIndex(({ fact }) => fact.incidentId === id && fact.type.endsWith('-incident-opened'));
  if (from === -1) return records;
  const end = records.findIndex(({ fact }, index) => index > from && fact.type.endsWith('-incident-closed'));
  return records.slice(from, end === -1 ? undefined : end + 1);
}

/** Of each fact what a person wants to know. */
function wordsFor(fact: Fact): string {
  switch (fact.type) {
    case 'held':
      return `held: ${fact.gates.flatMap(({ gate, open }) => (open ? [] : [gate])).join(', ')}`;
    case 'planned':
      return `${fact.toEvacuate} of ${fact.instances} instances to evacuate, ${fact.leftAlone} left alone`;
    case 'power-read':
      return `the power reads ${fact.power}: ${fact.detail}`;
    case 'power-off-intended':
      return `powering off by its fence device, attempt ${fact.attempt}`;
    case 'power-off-answered':
    case 'force-down-answered':
    case 'disable-answered':
    case 'enable-answered':
    case 'restart-answered':
    case 'instance-request-answered':
      return `${fact.answer}: ${fact.detail}`;
    case 'proof-made':
      return `proven off: ${fact.proof.detail}`;
    case 'incident-closed':
    case 'instance-incident-closed':
    case 'process-incident-closed':
      return `${fact.outcome}: ${fact.because}`;
    case 'forced-down':
      return `Nova has the service forced down (${fact.state})`;
    case 'force-down-intended':
      return 'telling Nova that the service is down';
    case 'confirmed':
      return `confirmed down: all ${fact.gates.length} gates are open`;
    case 'instance-held':
      return `waits: ${fact.holds.map(({ because }) => because).join('; ')}`;
    case 'instance-request-intended':
      return `asking Nova: ${fact.request.ask} (${fact.because})`;
    case 'disable-intended':
      return `disabling the compute service: ${fact.reason}`;
    case 'scheduling-off':
      return `Nova has the service disabled: ${fact.reason}`;
    case 'restart-intended':
      return `asking the edge to restart ${fact.process}, attempt ${fact.attempt}`;
    case 'enable-intended':
      return 'enabling the compute service';
    default:
      return 'because' in fact ? fact.because : fact.type;
  }
}
