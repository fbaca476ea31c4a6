import type { AuditRecord } from '../audit.ts';
import type { Measured } from './pace.ts';

/** What the audit tells of how long recoveries took. */

/** From each confirmation to the plan that followed, in seconds: one that was confirmed again counts from then. */
export function fencingsIn(incident: readonly AuditRecord[]): readonly number[] {
  const seconds: number[] = [];
  let confirmedAtMs: number | undefined;
  for (const { fact, atMs } of incident) {
    if (fact.type === 'confirmed') confirmedAtMs = atMs;
    if (fact.type !== 'planned' || confirmedAtMs === undefined) continue;
    seconds.push((atMs - confirmedAtMs) / 1000);
    confirmedAtMs = undefined;
  }
  return seconds;
}

/** From the last grant of a task to its end, if it was recovered. */
export function evacuationIn(task: readonly AuditRecord[]): Measured | undefined {
  const granted = task.findLast(({ fact }) => fact.type === 'granted');
  const ended = task.find(({ fact }) => fact.type === 'task-ended' && fact.outcome === 'recovered');
  if (granted === undefined || ended === undefined || ended.atMs < granted.atMs) return undefined;
  const { inFlight = 1 } = (granted.fact as { readonly checks?: { readonly inFlight?: number } }).checks ?? {};
  return { seconds: (ended.atMs - granted.atMs) / 1000, inFlight };
}
