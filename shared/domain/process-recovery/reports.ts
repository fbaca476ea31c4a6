import type { ProcessEvent } from '#events/host-event.ts';
import { fits } from '#shared/pattern.ts';
import { recordedId } from '../host.ts';
import { notBelieved } from '../judge-report.ts';
import type { Policy, Segment } from '../policy.ts';
import type { ProcessRecovery } from '../policy-instances.ts';
import { evolveProcesses } from './evolve.ts';
import type { ProcessesState, ProcessFact } from './process.ts';

export interface ReceivedProcessEvent {
  readonly event: ProcessEvent;
  readonly reporter: string;
}

export interface ProcessReportInput {
  readonly events: readonly ReceivedProcessEvent[];
  readonly host: string;
  /** The segment that protects the host, by the inventory mirror. It is read live before any request. */
  readonly segment: Segment | undefined;
  readonly newIncidentId: string;
}

/** While nothing changes, the same word is written down again only this often. */
const LEASE_MS = 60_000;
/** What a person has taken in hand is theirs for so long, however often it is reported. */
const HANDS_OFF_MS = 3_600_000;

export const matches = (process: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => fits(process, pattern));

/** Whether anything would be done about it. */
export const isMinded = (process: string, { disable, restart }: ProcessRecovery): boolean =>
  matches(process, [...disable, ...restart]);

/** What reports of processes add: none where the policy only records them, or when they say nothing new. */
export function decideProcessReports(
  state: ProcessesState,
  { events, host, segment, newIncidentId }: ProcessReportInput,
  policy: Policy,
  nowMs: number,
): readonly ProcessFact[] {
  const recovery = segment?.processRecovery;
  if (segment === undefined || recovery === undefined) return [];
  const facts: ProcessFact[] = [];
  let now = state;
  const add = (fact: ProcessFact): void => {
    facts.push(fact);
    now = evolveProcesses(now, fact);
  };
  const ordered = [...events].sort((a, b) => Date.parse(a.event.time) - Date.parse(b.event.time));
  for (const { event, reporter } of ordered) {
    const { process, reason = null } = event.data;
    const occurredAtMs = Date.parse(event.time);
    const says = event.type === 'process.down' ? 'down' : 'up';
    if (!isMinded(process, recovery) || notBelieved(occurredAtMs, nowMs, policy) !== undefined) continue;
    if (now.seenEvents.includes(recordedId(reporter, event.id)) || isNothingNew(now, says, process, occurredAtMs))
      continue;
    if (now.incident === null)
      add({
        type: 'process-incident-opened',
        incidentId: newIncidentId,
        hostKey: state.key,
        host,
        segment: segment.name,
        because: `${process} has stopped, says ${reporter}`,
        atMs: nowMs,
      });
    add({
      type: 'process-reported',
      says,
      process,
      reporter,
      ...(event.source === reporter ? {} : { source: event.source }),
      eventId: event.id,
      occurredAtMs,
      reason,
    });
  }
  return facts;
}

function isNothingNew(
  { incident, lastIncident }: ProcessesState,
  says: 'down' | 'up',
  process: string,
  occurredAtMs: number,
): boolean {
  if (incident === null) {
    if (says === 'up') return true;
    if (lastIncident === null) return false;
    const { endedAtMs, outcome, down } = lastIncident;
    const isTheirs = outcome !== 'recovered' && down.includes(process) && occurredAtMs < endedAtMs + HANDS_OFF_MS;
    return isTheirs || occurredAtMs <= endedAtMs;
  }
  const before = Object.hasOwn(incident.down, process) ? incident.down[process] : undefined;
  if (says === 'up') return before === undefined || occurredAtMs < before.saidMs;
  if (before === undefined) return occurredAtMs <= (incident.ran[process]?.sinceMs ?? Number.NEGATIVE_INFINITY);
  return occurredAtMs - before.saidMs < LEASE_MS;
}
