import type { CSSProperties } from 'react';
import type { Look } from '../words.ts';

/** What `data-coloured` elements are drawn in (console.css). */
export const drawnIn = (colour: string): CSSProperties =>
  ({ '--drawn': `var(--mantine-color-${colour}-6)` }) as CSSProperties;

/** A state in a word or two, behind its sign: colour alone never tells it. */
export function State({ look: { colour, sign }, children }: { readonly look: Look; readonly children: string }) {
  return (
    <span className="state" data-coloured="" style={drawnIn(colour)}>
      <span className="state-sign" aria-hidden="true">
        {sign}
      </span>
      {children}
    </span>
  );
}
