import type { CSSProperties, ReactNode } from 'react';
import { drawnIn } from './state.tsx';

/** How well something is. */
export type Level = 'well' | 'note' | 'trouble' | 'unknown';

const LEVELS: { readonly [L in Level]: { readonly colour: string; readonly sign: string; readonly word: string } } = {
  well: { colour: 'teal', sign: '✓', word: 'well' },
  note: { colour: 'yellow', sign: 'i', word: 'note' },
  trouble: { colour: 'red', sign: '!', word: 'trouble' },
  unknown: { colour: 'gray', sign: '?', word: 'not known' },
};

export const drawnAs = (level: Level): CSSProperties => drawnIn(LEVELS[level].colour);

/** Words behind the sign of a level; the level itself is said to who can not see it. */
export function Marked({ level, children }: { readonly level: Level; readonly children: ReactNode }) {
  const { sign, word } = LEVELS[level];
  return (
    <span className="level" style={drawnAs(level)}>
      <span className="level-sign" aria-hidden="true">
        {sign}
      </span>
      <span>
        <span className="visually-hidden">{word}: </span>
        {children}
      </span>
    </span>
  );
}
