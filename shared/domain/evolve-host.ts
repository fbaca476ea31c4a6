import { type CareFact, isCareFact } from './care.ts';
import { evolveIncident, openedIncident, seenUp, withoutSeenUp } from './evolve-incident.ts';
import type { HostFact, HostState, LateAnswer, ReportFact } from './host.ts';
import { isReportFact, recordedId } from './host.ts';
import { evolveMaintenance } from './maintenance/maintenance.ts';
import { evolveReturn } from './return/evolve-return.ts';
import { oursAfter } from './return/ours.ts';
import { turned } from './standings.ts';

const KEPT_EVENT_IDS = 64;
/** Reporters with a new name for each process would fill the item up, until nothing of the host can be written. */
const KEPT_CLAIMS = 64;

/** The state after `fact`. Throws when the fact can't follow from the state: a defect, never bad input. */
export function evolveHost(host: HostState, fact: HostFact): HostState {
  const ours = oursAfter(host, fact);
  const next = evolveWithoutOurs(host, fact);
  return ours === host.ours ? next : { ...next, ...(ours === undefined ? {} : { ours }) };
}

function evolveWithoutOurs(host: HostState, fact: HostFact): HostState {
  if (isReportFact(fact)) return evolveReport(host, fact);
  if (isCareFact(fact)) return evolveCare(host, fact);
  if (fact.type === 'incident-opened') return { ...host, incident: openedIncident(host, fact) };
  const incident = host.incident;
  if (incident === null) throw new Error(`${fact.type} without an open incident of ${host.name}`);
  if (fact.type === 'incident-closed') {
    const last = { id: incident.id, endedAtMs: fact.atMs, outcome: fact.outcome };
    const knownDown = Object.entries(host.claims).flatMap(([reporter, { says }]) =>
      says === 'down' ? [reporter] : [],
    );
    return { ...host, incident: null, lastIncident: fact.outcome === 'dismissed' ? { ...last, knownDown } : last };
  }
  // Whoever releases a contradiction has looked: who said up was wrong. A device that was never believed contradicts none.
  const next = evolveIncident(incident, fact);
  if (fact.type !== 'released' || incident.status !== 'stopped' || incident.proof === null)
    return { ...host, incident: next };
  return { ...host, claims: overruled(host.claims, fact.atMs), incident: withoutSeenUp(next) };
}

/** A host that was never brought back nor worked on has no fields for it. */
function evolveCare(host: HostState, fact: CareFact): HostState {
  const { returning = null, maintenance = null } = host;
  const next = { returning: evolveReturn(returning, fact), maintenance: evolveMaintenance(maintenance, fact) };
  return {
    ...host,
    ...(next.returning === returning ? {} : { returning: next.returning }),
    ...(next.maintenance === maintenance ? {} : { maintenance: next.maintenance }),
    ...(fact.type === 'return-ended'
      ? { lastReturn: { id: fact.returnId, endedAtMs: fact.atMs, outcome: fact.outcome } }
      : {}),
  };
}

const overruled = (claims: HostState['claims'], atMs: number): HostState['claims'] =>
  Object.fromEntries(
    Object.entries(claims).map(([reporter, claim]) => [
      reporter,
      claim.says === 'up' && claim.occurredAtMs <= atMs ? { ...claim, overruled: true } : claim,
    ]),
  );

function evolveReport(host: HostState, fact: ReportFact | LateAnswer): HostState {
  switch (fact.type) {
    case 'reported': {
      const { says, occurredAtMs, receivedAtMs } = fact;
      const before = Object.hasOwn(host.claims, fact.reporter) ? host.claims[fact.reporter] : undefined;
      const claim = turned(before, { says, occurredAtMs, receivedAtMs });
      const claims = newest({ ...host.claims, [fact.reporter]: claim });
      return { ...host, claims, incident: says === 'up' ? seenUp(host.incident, occurredAtMs) : host.incident };
    }
    case 'not-believed':
    case 'recorded': {
      const id = recordedId(fact.reporter, fact.eventId);
      return { ...host, recordedEvents: [...host.recordedEvents, id].slice(-KEPT_EVENT_IDS) };
    }
    case 'answered-late':
      return host;
  }
}

function newest(claims: HostState['claims']): HostState['claims'] {
  const all = Object.entries(claims).sort(([, a], [, b]) => b.receivedAtMs - a.receivedAtMs);
  return Object.fromEntries(all.slice(0, KEPT_CLAIMS));
}
