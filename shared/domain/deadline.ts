import type { Incident, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';

/**
 * The deadline of an incident, in every status that goes on by itself: from its first plan on, or, while its host could
 * not be proven off, from its confirmation.
 */
export function deadlinePassed(incident: Incident, { evacuation }: Segment, nowMs: number): IncidentFact | undefined {
  if (!('confirmedAtMs' in incident)) return undefined;
  const sinceMs = incident.evacuatingSinceMs ?? incident.confirmedAtMs;
  if (nowMs < sinceMs + evacuation.deadlineSeconds * 1000) return undefined;
  const because = `no end after ${evacuation.deadlineSeconds} s; its last status: ${incident.status}`;
  return { type: 'deadline-passed', because, atMs: nowMs };
}
