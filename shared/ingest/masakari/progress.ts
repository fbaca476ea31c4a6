import { streamOfIncident } from '#shared/domain/audit.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import type { Services } from '#shared/services.ts';
import { readKept } from '#shared/state/read-audit.ts';
import type { Outcome } from './outcomes.ts';
import { inMicros } from './times.ts';

/** The steps of a recovery, each with the facts of the incident's stream that tell of it. */
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
] as const satisfies readonly {
  readonly name: string;
  readonly facts: readonly IncidentFact['type'][];
  readonly done: IncidentFact['type'];
}[];

interface Told {
  readonly type: string;
  readonly atMs: number;
  readonly words: string;
}

/** `recovery_workflow_details` of microversion 1.1: what the audit says of the incident, step by step. */
export async function progressOf(services: Services, { incident, status }: Outcome): Promise<readonly object[]> {
  if (incident === null) return [];
  const kept = await readKept(services.state, streamOfIncident(incident.id));
  const told = kept.map(({ record: { fact, atMs } }): Told => {
    return { type: fact.type, atMs, words: wordsFor(fact as unknown as IncidentFact) };
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

/** Of each fact what a person wants to know. */
function wordsFor(fact: IncidentFact): string {
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
      return `${fact.answer}: ${fact.detail}`;
    case 'proof-made':
      return `proven off: ${fact.proof.detail}`;
    case 'incident-closed':
      return `${fact.outcome}: ${fact.because}`;
    case 'forced-down':
      return `Nova has the service forced down (${fact.state})`;
    case 'force-down-intended':
      return 'telling Nova that the service is down';
    case 'confirmed':
      return `confirmed down: all ${fact.gates.length} gates are open`;
    default:
      return 'because' in fact ? fact.because : fact.type;
  }
}
