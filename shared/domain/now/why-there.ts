import type { Incident } from '../host.ts';

/** Why an open incident stands where it does; nothing where its status says it. */
export function whyThere(incident: Incident): readonly string[] {
  if (incident.pausedBy !== null) return [`waits: ${incident.pausedBy}`];
  switch (incident.status) {
    case 'held':
      return incident.failedGates.map(({ gate, because }) => `${gate}: ${because}`);
    case 'stopped':
    case 'handing-over':
      return [incident.reason];
    case 'fencing':
    case 'forcing-down':
      return incident.lastFailure === null ? [] : [incident.lastFailure];
    default:
      return [];
  }
}
