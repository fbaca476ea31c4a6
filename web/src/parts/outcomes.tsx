import type { ForecastInstance } from '#shared/domain/forecast/what-if.ts';
import type { WhatIf } from '../looking.ts';
import { drawnIn } from './state.tsx';

type Outcome = ForecastInstance['outcome'];

export const OUTCOME: {
  readonly [O in Outcome]: { readonly colour: string; readonly sign: string; readonly words: string };
} = {
  'comes-back': { colour: 'teal', sign: '✓', words: 'come back' },
  'from-snapshot': { colour: 'lime', sign: '↺', words: 'come back from a snapshot' },
  maybe: { colour: 'yellow', sign: '?', words: 'maybe' },
  stays: { colour: 'red', sign: '✗', words: 'stay down' },
  'not-protected': { colour: 'gray', sign: '–', words: 'not protected' },
};
const ORDER = Object.keys(OUTCOME) as readonly Outcome[];

export function OutcomeName({ outcome }: { readonly outcome: Outcome }) {
  const { colour, sign } = OUTCOME[outcome];
  return (
    <span className="level" style={drawnIn(colour)}>
      <span className="level-sign" aria-hidden="true">
        {sign}
      </span>
      <span>{outcome}</span>
    </span>
  );
}

/** How many instances have which outcome, as one bar with its legend. */
export function OutcomeBar({ counts }: Pick<WhatIf, 'counts'>) {
  const there = ORDER.filter((outcome) => counts[outcome] > 0);
  return (
    <div>
      <div className="share" aria-hidden="true">
        {there.map((outcome) => (
          <span key={outcome} style={{ ...drawnIn(OUTCOME[outcome].colour), flexGrow: counts[outcome] }} />
        ))}
      </div>
      <ul className="legend">
        {there.map((outcome) => (
          <li key={outcome} className="level" style={drawnIn(OUTCOME[outcome].colour)}>
            <span className="level-sign" aria-hidden="true">
              {OUTCOME[outcome].sign}
            </span>
            <span>
              {counts[outcome]} {OUTCOME[outcome].words}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
