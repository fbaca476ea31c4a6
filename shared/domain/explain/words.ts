import { type GateResult, isShut } from '../gates/gate.ts';

export interface Explanation {
  readonly host: string;
  /** One sentence. */
  readonly verdict: string;
  readonly paragraphs: readonly Paragraph[];
}

export interface Paragraph {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** What an incident, open or closed, tells of why. */
export type Told = Pick<Explanation, 'verdict' | 'paragraphs'>;

export const paragraph = (title: string, sentences: readonly string[]): Paragraph => ({ title, sentences });

export const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** Each gate with its numbers, the closed ones first. */
export function gateLines(gates: readonly GateResult[]): readonly string[] {
  const shut = gates.filter(isShut);
  return [...shut, ...gates.filter((gate) => !isShut(gate))].map((gate) => {
    const how = isShut(gate) ? 'CLOSED' : gate.open ? 'open' : `closed, but ${gate.released ?? 'released'}`;
    return `${how} ${gate.gate}: ${gate.because}`;
  });
}
