import type { HostFact, Incident } from '../host.ts';
import { courseOf } from './course.ts';
import { gateLines, iso, paragraph, type Told } from './words.ts';

/** Why a host with an open incident is, or is not yet, fenced. */
export function explainOpen(name: string, incident: Incident, facts: readonly HostFact[], nowMs: number): Told {
  const paused = incident.pausedBy === null ? [] : [`It waits now: ${incident.pausedBy}.`];
  return {
    verdict: verdictOf(name, incident, nowMs),
    paragraphs: [
      ...(paused.length === 0 ? [] : [paragraph('Why it waits', paused)]),
      ...(incident.status === 'held'
        ? [paragraph('Why not', gateLines(incident.failedGates))]
        : courseOf(facts).gates.length > 0
          ? [paragraph('What was asked before it was fenced', gateLines(courseOf(facts).gates))]
          : []),
      paragraph('What has happened', courseOf(facts).sentences),
    ].filter(({ sentences }) => sentences.length > 0),
  };
}

function verdictOf(name: string, incident: Incident, nowMs: number): string {
  switch (incident.status) {
    case 'suspected': {
      const seconds = Math.round((incident.graceEndsAtMs - nowMs) / 1000);
      const ends = seconds > 0 ? `ends in ${seconds} s` : `ended ${-seconds} s ago, and the gates are being asked`;
      return `${name} is not fenced yet: it is said to be down since ${iso(incident.openedAtMs)}, and its grace period ${ends}.`;
    }
    case 'held': {
      const { failedGates, sinceMs } = incident;
      const names = failedGates.map(({ gate }) => gate).join(', ');
      return `${name} is not fenced: since ${iso(sinceMs)} it is held by ${failedGates.length === 1 ? 'the gate' : `${failedGates.length} gates,`} ${names}.`;
    }
    case 'fencing': {
      const { confirmedAtMs, powerOffs, lastFailure } = incident;
      const tried = powerOffs === 0 ? 'no power-off was asked for yet' : `${powerOffs} power-offs were asked for`;
      const failed = lastFailure === null ? '' : `; the last failure: ${lastFailure}`;
      return `${name} is being fenced since ${iso(confirmedAtMs)}, and is not proven off: ${tried}${failed}.`;
    }
    case 'forcing-down':
    case 'planning':
    case 'evacuating':
      return `${name} was fenced: it is proven off by ${incident.proof.kind} since ${iso(incident.proof.offSinceMs)}, and its incident is ${incident.status}.`;
    case 'handing-over':
      return `${name}: salvor hands over what has no outcome yet: ${incident.reason}.`;
    case 'stopped':
      return `${name}: salvor has stopped, and does nothing more until a person has looked: ${incident.reason}.`;
  }
}
