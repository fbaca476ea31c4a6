import type { Incident, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';

/**
 * The deadline of an incident, in Unix ms, in every status that goes on by itself: from its first plan on, or, while its host could
 * not be proven off, from its confirmation.
 */
export function deadlineMs(incident: Incident, { evacuation }: Segment): number {
  if (!('confirmedAtMs' in incident)) return Number.POSITIVE_INFINITY;
  return (incident.evacuatingSinceMs ?? incident.confirmedAtMs) + evacuation.deadlineSeconds * 1000;
}

export function deadlinePassed(incident: Incident, segment: Segment, nowMs: number): IncidentFact | undefined {
  const { evacuation } = segment;
  if (nowMs < deadlineMs(incident, segment)) return undefined;
  const because = `no end after ${evacuation.deadlineSeconds} s; its last status: ${incident.status}`;
  return { type: 'deadline-passed', because, atMs: nowMs };
}
