import type { OpenNow, Phase } from '#shared/domain/now/progress.ts';
import type { TileState } from '#shared/domain/now/tile.ts';
import type { IncidentTold } from '#shared/views/incident.ts';

/** How something is told at a glance. */
export interface Look {
  /** A colour of the library's. */
  readonly colour: string;
  readonly sign: string;
}

/** How each state is shown: colour alone never tells it. */
export const TILE: { readonly [S in TileState]: Look } = {
  'in-service': { colour: 'teal', sign: '✓' },
  down: { colour: 'orange', sign: '↓' },
  disabled: { colour: 'gray', sign: '–' },
  'forced-down': { colour: 'gray', sign: '⤓' },
  suspected: { colour: 'yellow', sign: '?' },
  held: { colour: 'orange', sign: '‖' },
  fencing: { colour: 'red', sign: '⊘' },
  recovering: { colour: 'blue', sign: '⟳' },
  stopped: { colour: 'red', sign: '■' },
  returning: { colour: 'cyan', sign: '↩' },
  quarantine: { colour: 'orange', sign: '◔' },
  maintenance: { colour: 'grape', sign: '⚙' },
};

export const PHASE: { readonly [P in Phase]: Look } = {
  waiting: { colour: 'gray', sign: '…' },
  evacuating: { colour: 'blue', sign: '⟳' },
  restoring: { colour: 'cyan', sign: '↺' },
  recovered: { colour: 'teal', sign: '✓' },
  'restarted-from-snapshot': { colour: 'lime', sign: '✓' },
  gone: { colour: 'gray', sign: '∅' },
  'not-protected': { colour: 'gray', sign: '–' },
  left: { colour: 'gray', sign: '–' },
  'not-recoverable': { colour: 'red', sign: '✗' },
  person: { colour: 'orange', sign: '!' },
};

/** Whether a host could be fenced right now. */
export const FENCE = {
  ready: { colour: 'teal', sign: '✓', says: 'ready' },
  degraded: { colour: 'yellow', sign: '◐', says: 'degraded' },
  'not-ready': { colour: 'red', sign: '⚠', says: 'could not be fenced' },
  'not-asked': { colour: 'gray', sign: '–', says: 'not asked' },
  unknown: { colour: 'gray', sign: '–', says: 'not asked yet' },
} as const satisfies Record<string, Look & { readonly says: string }>;

export const OUTCOME: { readonly [O in NonNullable<IncidentTold['entry']['outcome']>]: Look } = {
  'stood-down': { colour: 'gray', sign: '↩' },
  dismissed: { colour: 'gray', sign: '–' },
  shadow: { colour: 'gray', sign: '◌' },
  recovered: { colour: 'teal', sign: '✓' },
  'partly-recovered': { colour: 'orange', sign: '◐' },
};

/** The way of an incident, and how far each status is on it; null: it stands aside. */
export const STEPS = ['Reported', 'Fencing', 'Proven off', 'Bringing back', 'Ended'] as const;

/** What salvor does about an incident while it stands there. */
export const DOES: { readonly [S in OpenNow['status']]: Look & { readonly step: number; readonly does: string } } = {
  suspected: {
    ...TILE.suspected,
    step: 0,
    does: 'salvor waits out the grace period: the host may come back by itself.',
  },
  held: { ...TILE.held, step: 0, does: 'salvor does not touch the host while a gate is closed, and looks again.' },
  fencing: { ...TILE.fencing, step: 1, does: 'salvor switches the host off by its device, and reads its power back.' },
  'forcing-down': { ...TILE.recovering, step: 2, does: 'The host is off. salvor tells Nova that it is down.' },
  planning: { ...TILE.recovering, step: 2, does: 'The host is off. salvor looks what ran on it, and where it can go.' },
  evacuating: { ...TILE.recovering, step: 3, does: 'salvor brings the instances back on other hosts.' },
  'handing-over': { ...TILE.recovering, step: 3, does: 'salvor hands what has no outcome yet to a person.' },
  stopped: { ...TILE.stopped, step: 1, does: 'salvor has stopped: a person must look.' },
};

/** What a record is: as the list of them marks it. */
export const MARK: { readonly [M in NonNullable<IncidentTold['records'][number]['told']>['mark']]: Look } = {
  report: { colour: 'gray', sign: '▸' },
  decision: { colour: 'blue', sign: '◆' },
  action: { colour: 'yellow', sign: '⊘' },
  proof: { colour: 'grape', sign: '▣' },
  trouble: { colour: 'red', sign: '!' },
  good: { colour: 'teal', sign: '✓' },
};

/** "1 host", "2 hosts". */
export const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;

/** "340 ms", "4.2 s", "40 s", "12 min", "3 h", "2 days". */
export function lasting(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** UTC, as everywhere in salvor. */
export const clock = (unixMs: number): string => new Date(unixMs).toISOString().slice(11, 23);
/** "2026-03-01 03:12:09". */
export const date = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ');
