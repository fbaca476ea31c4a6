import type { MantineColor } from '@mantine/core';
import type { Phase } from '#shared/domain/now/progress.ts';
import type { TileState } from '#shared/domain/now/tile.ts';

/** How each state is shown: colour alone never tells it. */
export const TILE: { readonly [S in TileState]: { readonly colour: MantineColor; readonly sign: string } } = {
  'in-service': { colour: 'teal', sign: '✓' },
  down: { colour: 'orange', sign: '↓' },
  disabled: { colour: 'gray', sign: '–' },
  'forced-down': { colour: 'gray', sign: '⤓' },
  suspected: { colour: 'yellow', sign: '?' },
  held: { colour: 'orange', sign: '‖' },
  fencing: { colour: 'red', sign: '⚡' },
  recovering: { colour: 'blue', sign: '⟳' },
  stopped: { colour: 'red', sign: '■' },
  returning: { colour: 'cyan', sign: '↩' },
  quarantine: { colour: 'orange', sign: '⌛' },
  maintenance: { colour: 'grape', sign: '⚙' },
};

export const PHASE: { readonly [P in Phase]: MantineColor } = {
  waiting: 'gray',
  evacuating: 'blue',
  restoring: 'cyan',
  recovered: 'teal',
  'restarted-from-snapshot': 'lime',
  gone: 'gray',
  'not-protected': 'gray',
  left: 'gray',
  'not-recoverable': 'red',
  person: 'orange',
};

/** "40 s", "12 min", "3 h", "2 days". */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

export const clock = (unixMs: number): string => new Date(unixMs).toISOString().slice(11, 23);
