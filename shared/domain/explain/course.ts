import type { GateResult } from '../gates/gate.ts';
import type { FenceProof, HostFact } from '../host.ts';
import { iso } from './words.ts';

/** What of an incident's records tells why its host was fenced, or not. */
export interface Course {
  /** As they were answered last. */
  readonly gates: readonly GateResult[];
  readonly proof: FenceProof | undefined;
  readonly powerOffs: number;
  readonly sentences: readonly string[];
}

/** @param facts of the incident's stream, in their order */
export function courseOf(facts: readonly HostFact[]): Course {
  let gates: readonly GateResult[] = [];
  let proof: FenceProof | undefined;
  let powerOffs = 0;
  for (const fact of facts) {
    if (fact.type === 'held' || fact.type === 'confirmed') gates = fact.gates;
    if (fact.type === 'power-off-intended') {
      powerOffs = Math.max(powerOffs, fact.attempt);
      if (fact.checks.length > 0) gates = merged(gates, fact.checks);
    }
    if (fact.type === 'proof-made') proof = fact.proof;
  }
  return { gates, proof, powerOffs, sentences: facts.flatMap((fact) => sentence(fact) ?? []) };
}

/** The newer answer of each gate, in the order of the first look. */
function merged(before: readonly GateResult[], now: readonly GateResult[]): readonly GateResult[] {
  const newer = new Map(now.map((each) => [each.gate, each]));
  const kept = before.map((each) => newer.get(each.gate) ?? each);
  const known = new Set(before.map(({ gate }) => gate));
  return [...kept, ...now.filter(({ gate }) => !known.has(gate))];
}

function sentence(fact: HostFact): string | undefined {
  switch (fact.type) {
    case 'incident-opened':
      return `${iso(fact.atMs)}: an incident was opened, ${fact.because}; its grace period was to end at ${iso(fact.graceEndsAtMs)}.`;
    case 'held':
      return `${iso(fact.atMs)}: it was held by ${fact.gates
        .filter(({ open, released }) => !open && released === undefined)
        .map(({ gate }) => gate)
        .join(', ')}.`;
    case 'released':
      return `${iso(fact.atMs)}: ${fact.by} let it go on in spite of ${fact.gates.join(', ')} (${fact.reason}).`;
    case 'confirmed':
      return `${iso(fact.atMs)}: it was confirmed down, ${fact.gates.length} gates being open.`;
    case 'power-off-intended':
      return `Its device was asked to switch it off, attempt ${fact.attempt}${fact.level === undefined ? '' : `, fencing level ${fact.level + 1}`}: ${fact.device}.`;
    case 'power-off-answered':
      return fact.answer === 'accepted' ? undefined : `The device's answer: ${fact.answer}, ${fact.detail}.`;
    case 'fence-failed':
      return `It was not proven off: ${fact.because}; to be tried again at ${iso(fact.retryAtMs)}.`;
    case 'off-confirmed':
      return `${iso(fact.atMs)}: ${fact.by} has confirmed that it is off (${fact.reason})${fact.complete ? '' : ', and another person is needed'}.`;
    case 'proof-made':
      return `${iso(fact.atMs)}: it was proven off, ${fact.proof.detail}.`;
    case 'proof-voided':
      return `${iso(fact.atMs)}: the proof was void: ${fact.because}.`;
    case 'stopped':
      return `${iso(fact.atMs)}: salvor stopped: ${fact.because}.`;
    case 'paused':
      return `${iso(fact.atMs)}: it waited: ${fact.because}.`;
    case 'planned':
      return `${iso(fact.atMs)}: ${fact.toEvacuate} of ${fact.instances} instances were to be evacuated.`;
    case 'dismissed':
      return `${iso(fact.atMs)}: ${fact.by} dismissed it (${fact.reason}); ${fact.done}.`;
    case 'deadline-passed':
      return `${iso(fact.atMs)}: ${fact.because}.`;
    case 'incident-closed':
      return `${iso(fact.atMs)}: the incident ended as ${fact.outcome}: ${fact.because}.`;
    default:
      return undefined;
  }
}
