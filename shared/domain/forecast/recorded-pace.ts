import type { AuditRecord } from '../audit.ts';
import { type GateResult, isShut } from '../gates/gate.ts';
import type { Measured } from './pace.ts';

/** What the audit tells of how long recoveries took. */

/**
 * From the opening to the first confirmation, in seconds, where Nova saw the host down by then and nothing else had kept it
 * waiting; undefined otherwise.
 */
export function novaDownIn(incident: readonly AuditRecord[]): number | undefined {
  const opened = incident.find(({ fact }) => fact.type === 'incident-opened');
  const confirmed = incident.find(({ fact }) => fact.type === 'confirmed');
  if (opened === undefined || confirmed === undefined) return undefined;
  const { service } = (confirmed.fact as { readonly evidence?: SeenService }).evidence ?? {};
  if (service?.state !== 'down' || service.forcedDown) return undefined;
  const shut = incident
    .slice(0, incident.indexOf(confirmed))
    .flatMap(({ fact }) => (fact.type === 'held' ? ((fact as unknown as Held).gates ?? []) : []))
    .filter(isShut);
  if (shut.some(({ gate }) => gate !== 'nova-sees-it-down')) return undefined;
  return (confirmed.atMs - opened.atMs) / 1000;
}
interface SeenService {
  readonly service?: { readonly state: string; readonly forcedDown: boolean } | null;
}
interface Held {
  readonly gates?: readonly GateResult[];
}

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

/** From the end of the evacuation of an instance that was restarted from a snapshot to its end, in seconds. */
export function rebuildIn(task: readonly AuditRecord[]): number | undefined {
  const begun = task.find(({ fact }) => fact.type === 'restore-begins');
  const ended = task.find(({ fact }) => fact.type === 'task-ended' && fact.outcome === 'restarted-from-snapshot');
  return begun === undefined || ended === undefined ? undefined : (ended.atMs - begun.atMs) / 1000;
}
