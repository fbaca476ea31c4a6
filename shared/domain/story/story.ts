import type { AuditRecord } from '../audit.ts';
import { isCareFact } from '../care.ts';
import type { GateResult } from '../gates/gate.ts';
import type { HostFact } from '../host.ts';
import type { TaskFact } from '../task.ts';
import { tellCare } from './care-story.ts';

/** One line of the timeline: what happened and why, from one audit record. */
export interface StoryLine {
  readonly atMs: number;
  readonly mark: 'report' | 'decision' | 'action' | 'proof' | 'trouble' | 'good';
  readonly text: string;
}

type AnyFact = HostFact | TaskFact;

const line = (mark: StoryLine['mark'], text: string) => ({ mark, text });
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
const openGates = (gates: readonly GateResult[]): string => gates.map((gate) => gate.because).join('; ');

/** Undefined for records that are no news to one who watches (they are in the audit all the same). */
export function tell(record: AuditRecord, nameOf: (stream: string) => string): StoryLine | undefined {
  const told = tellFact(record.fact as unknown as AnyFact, nameOf(record.stream));
  return told && { atMs: record.atMs, ...told };
}

function tellFact(fact: AnyFact, name: string): Omit<StoryLine, 'atMs'> | undefined {
  if (isCareFact(fact)) return tellCare(fact);
  switch (fact.type) {
    case 'reported':
      return line('report', `${fact.reporter} says that ${name} is ${fact.says}`);
    case 'not-believed':
      return line('report', `${fact.reporter} is not believed: ${fact.because}`);
    case 'incident-opened':
      return line('decision', `incident opened; the grace period runs for ${seconds(fact.graceEndsAtMs - fact.atMs)}`);
    case 'held':
      return line('trouble', `held: ${openGates(fact.gates.filter((gate) => !gate.open))}`);
    case 'confirmed':
      return line('decision', `confirmed down, all ${fact.gates.length} gates are open`);
    case 'power-off-intended':
      return line('action', `power off by its fence device (attempt ${fact.attempt})`);
    case 'power-off-answered':
      return fact.answer === 'accepted'
        ? undefined
        : line(
            'trouble',
            `the fence device ${fact.answer === 'refused' ? 'refused' : 'gave no clear answer'}: ${fact.detail}`,
          );
    case 'fence-failed':
      return line('trouble', `not fenced: ${fact.because}`);
    case 'proof-made':
      return fact.proof.kind === 'power-off-read-back'
        ? line('proof', 'fence proof: its own device reads the power as off')
        : line('proof', `fence proof: ${fact.proof.detail}`);
    case 'proof-voided':
      return line('trouble', `fence proof void: ${fact.because}`);
    case 'forced-down':
      return line('action', 'Nova has the service forced down');
    case 'force-down-failed':
    case 'planning-failed':
      return line('trouble', fact.because);
    case 'planned':
      return line(
        'decision',
        `${fact.toEvacuate} of ${fact.instances} instances to evacuate, ${fact.leftAlone} left alone`,
      );
    case 'paused':
    case 'deadline-passed':
      return line('trouble', `${fact.type === 'paused' ? 'paused: ' : ''}${fact.because}`);
    case 'off-confirmed':
      return line('decision', `confirmed off by ${fact.by}: ${fact.reason}`);
    case 'released':
      return line('decision', `released by ${fact.by}: ${fact.reason}`);
    case 'stopped':
      return line('trouble', `stopped for a person to look: ${fact.because}`);
    case 'incident-closed':
      return line(
        fact.outcome === 'recovered' ? 'good' : 'decision',
        `incident closed, ${fact.outcome}: ${fact.because}`,
      );
    case 'task-waits':
      return line('decision', `${name} waits: ${fact.because}`);
    case 'no-room':
      return line('trouble', `${name} waits for room: ${fact.because}`);
    case 'reserved-host-intended':
      return line('action', `${fact.act} the reserved host ${fact.host}: ${fact.because}`);
    case 'reserved-host-answered':
      return fact.answer === 'accepted'
        ? undefined
        : line('trouble', `${fact.act} the reserved host ${fact.host}: ${fact.answer}: ${fact.detail}`);
    case 'reserved-host-left':
      return line('decision', `the reserved host ${fact.host} stays as it is: ${fact.because}`);
    case 'guest-answered':
      return line('good', `${name}: ${fact.detail}`);
    case 'granted':
      return fact.checks.tier === undefined ? undefined : line('trouble', `${name} goes on: ${fact.checks.tier}`);
    case 'attempt-failed':
      return line('trouble', `${name}: attempt ${fact.attempt} failed: ${fact.because}`);
    case 'evacuate-answered':
      return fact.answer === 'accepted'
        ? undefined
        : line('trouble', `${name}: evacuate ${fact.answer}: ${fact.detail}`);
    case 'task-ended':
      return fact.outcome === 'recovered'
        ? line('good', `${name} is well on ${fact.destination ?? 'another host'}`)
        : line('decision', `${name}: ${fact.outcome}: ${fact.because}`);
    default:
      return undefined;
  }
}
