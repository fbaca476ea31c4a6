import type { HostEvent } from '#events/host-event.ts';
import type { HostBasis } from '../basis.ts';
import type { DumpSeen, HostFact, HostState, ReportFact } from '../host.ts';
import type { Policy } from '../policy.ts';
import { decideReports, type ReceivedEvent, type ReportInput } from '../reports.ts';

/** What reports say and change, decided again from what is on record of them. Those that said nothing new left none. */
export function reportsAgain(
  host: HostState,
  facts: readonly HostFact[],
  { atMs, segment, hearUntilMs }: Extract<HostBasis, { by: 'reports' }>,
  policy: Policy,
): readonly HostFact[] {
  const opened = facts.find((fact) => fact.type === 'incident-opened');
  const input = {
    events: eventsIn(facts, atMs),
    segment: policy.segments.find(({ name }) => name === segment),
    newIncidentId: opened?.incidentId ?? 'a new one',
    everyBeat: true,
    hearUntilMs,
  } as const satisfies ReportInput;
  return inRecordedOrder(decideReports(host, input, policy, atMs), facts);
}

/** The events that the reports on record tell of. */
export const eventsIn = (facts: readonly HostFact[], atMs: number): readonly ReceivedEvent[] =>
  facts.filter(isReport).map((fact) => eventOf(fact, atMs));

function eventOf(fact: ReportFact | DumpSeen, atMs: number): ReceivedEvent {
  const { eventId: id, eventType: type, reporter, source = reporter } = fact;
  const time = new Date(fact.occurredAtMs).toISOString();
  const reason = fact.type === 'reported' && fact.reason !== null ? { reason: fact.reason } : {};
  const about = fact.type === 'recorded' ? aboutIn(fact.about) : {};
  const data = { schemaVersion: 1, host: '', ...reason, ...about };
  return {
    event: { specversion: '1.0', id, source, type, time, data } as unknown as HostEvent,
    reporter,
    receivedAtMs: 'receivedAtMs' in fact ? fact.receivedAtMs : atMs,
    standsFor: fact.type === 'reported' ? fact.repeats : 0,
  };
}

/** What is on record of an event about an instance or a process, as `decideReports` writes it down. */
function aboutIn(about: string) {
  const [what, ...rest] = about.split(' ');
  const name = rest.join(' ');
  if (what === 'instance') return { instanceId: name };
  return what === 'process' ? { process: name } : {};
}

/** A report that stands for several takes the place of the first of them: within a batch the places mean nothing. */
function inRecordedOrder(decided: readonly HostFact[], recorded: readonly HostFact[]): readonly HostFact[] {
  const places = new Map(recorded.map((fact, place) => [keyOf(fact), place]));
  const placeOf = (fact: HostFact): number => places.get(keyOf(fact)) ?? decided.length;
  return [...decided].sort((a, b) => placeOf(a) - placeOf(b));
}

const isReport = (fact: HostFact): fact is ReportFact | DumpSeen => 'reporter' in fact;

const keyOf = (fact: HostFact): string => (isReport(fact) ? `${fact.reporter} ${fact.eventId}` : fact.type);
