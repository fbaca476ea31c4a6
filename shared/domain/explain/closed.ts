import type { HostFact, LastIncident } from '../host.ts';
import { courseOf } from './course.ts';
import { gateLines, iso, paragraph, type Told } from './words.ts';

/** Why the last incident of a host had it fenced, or not. */
export function explainClosed(name: string, { outcome, endedAtMs }: LastIncident, facts: readonly HostFact[]): Told {
  const { gates, proof, powerOffs, sentences } = courseOf(facts);
  const closed = facts.findLast((fact) => fact.type === 'incident-closed');
  const because = closed?.type === 'incident-closed' ? `: ${closed.because}` : '';
  const fenced =
    proof !== undefined
      ? `was fenced (proven off by ${proof.kind})`
      : powerOffs > 0
        ? 'was asked to switch off, and never proven off'
        : 'was not fenced';
  return {
    verdict: `In its last incident, which ended at ${iso(endedAtMs)} as ${outcome}, ${name} ${fenced}${because}.`,
    paragraphs: [
      ...(gates.length === 0
        ? []
        : [paragraph(proof === undefined ? 'Why not' : 'What was asked before it was fenced', gateLines(gates))]),
      paragraph('What happened', sentences),
    ].filter((each) => each.sentences.length > 0),
  };
}
