import { FIRST } from '../audit.ts';
import { recordedId } from '../host.ts';
import type {
  Accepted,
  Held,
  InstanceFact,
  InstanceIncident,
  InstanceState,
  InstanceStatus,
  Requested,
  Suspected,
  Unknown,
} from './instance.ts';
import { isBeginOfMove } from './move.ts';

const KEPT_EVENTS = 32;
const KEPT_CLAIMS = 16;
/** As many as any window of the policy asks for. */
const KEPT_ACTED = 50;

export const newInstance = (id: string): InstanceState => ({
  id,
  claims: {},
  incident: null,
  lastIncident: null,
  acted: [],
  seenEvents: [],
  audit: FIRST,
});

/** The state after `fact`. Throws when the fact can't follow from the state: a defect, never bad input. */
export function evolveInstance(state: InstanceState, fact: InstanceFact): InstanceState {
  if (fact.type === 'instance-reported') return heard(state, fact);
  if (fact.type === 'instance-incident-opened') return { ...state, incident: opened(state, fact) };
  const { incident } = state;
  if (incident === null) throw new Error(`${fact.type} without an open incident of instance ${state.id}`);
  if (fact.type === 'instance-incident-closed') {
    const { outcome, atMs: endedAtMs } = fact;
    return { ...state, incident: null, lastIncident: { id: incident.id, endedAtMs, outcome }, claims: {} };
  }
  const next = { ...state, incident: evolveIncident(incident, fact) };
  return { ...next, acted: acted(state, incident, next.incident) };
}

/** A restart, or the beginning of a move, counts once Nova has taken it: from the moment it was asked for. */
function acted({ acted: before }: InstanceState, was: InstanceIncident, is: InstanceIncident): InstanceState['acted'] {
  if (is.status !== 'accepted' || was.status === 'accepted' || !('request' in was)) return before;
  const { ask, action } = is.request;
  const begins = isBeginOfMove(ask) || (ask === 'reboot' && action === 'restart');
  return begins ? [...before, { action, atMs: is.askedAtMs }].slice(-KEPT_ACTED) : before;
}

type FactOf<T extends InstanceFact['type']> = Extract<InstanceFact, { type: T }>;

function heard(state: InstanceState, fact: FactOf<'instance-reported'>): InstanceState {
  const { reporter, eventId, reason, occurredAtMs, receivedAtMs } = fact;
  const claims = { ...state.claims, [reporter]: { reason, occurredAtMs, receivedAtMs } };
  const newest = Object.entries(claims).sort(([, a], [, b]) => b.receivedAtMs - a.receivedAtMs);
  return {
    ...state,
    claims: Object.fromEntries(newest.slice(0, KEPT_CLAIMS)),
    seenEvents: [...state.seenEvents, recordedId(reporter, eventId)].slice(-KEPT_EVENTS),
  };
}

function opened(state: InstanceState, fact: FactOf<'instance-incident-opened'>): Suspected {
  if (state.incident !== null) throw new Error(`instance ${state.id} has an open incident: ${state.incident.id}`);
  const { incidentId: id, segment, host, hostKey, atMs: openedAtMs, confirmUntilMs: dueAtMs } = fact;
  const none = { tick: 0, requests: 0, failures: 0, moved: null };
  return { status: 'suspected', id, segment, host, hostKey, openedAtMs, dueAtMs, ...none };
}

type Step = Exclude<
  InstanceFact,
  { type: 'instance-reported' | 'instance-incident-opened' | 'instance-incident-closed' }
>;

function evolveIncident(incident: InstanceIncident, fact: Step): InstanceIncident {
  const { id, segment, host, hostKey, openedAtMs, requests, failures, moved, refusedBy } = incident;
  const refused = refusedBy === undefined ? {} : { refusedBy };
  const base = { id, segment, host, hostKey, openedAtMs, requests, failures, moved, ...refused };
  /** The next step is due at `dueAtMs`; every command with an earlier tick is a repeat from now on. */
  const next = (dueAtMs: number) => ({ ...base, tick: incident.tick + 1, dueAtMs });
  const withoutEffect = (dueAtMs: number, because: string, counts: 0 | 1 = 1): Held => {
    const holds = [{ hold: 'no-effect', because }] as const;
    return { ...next(dueAtMs), failures: failures + counts, status: 'held', sinceMs: dueAtMs, holds };
  };
  switch (fact.type) {
    case 'instance-waited':
      return { ...expect(incident, 'suspected', 'held'), ...next(fact.untilMs) };
    case 'instance-held': {
      const before = expect(incident, 'suspected', 'held');
      const sinceMs = before.status === 'held' ? before.sinceMs : fact.atMs;
      return { ...next(fact.nextLookAtMs), status: 'held', sinceMs, holds: fact.holds };
    }
    case 'instance-still-held':
      return { ...expect(incident, 'held'), ...next(fact.nextLookAtMs), holds: fact.holds };
    case 'instance-request-intended': {
      expect(incident, 'suspected', 'held');
      const { request, atMs: askedAtMs } = fact;
      return { ...next(fact.dueAtMs), requests: request.number, status: 'requested', request, askedAtMs };
    }
    case 'instance-request-answered': {
      // It may have been found on record before its answer came: then the answer is only recorded.
      if (incident.status !== 'requested' || incident.request.number !== fact.number) return incident;
      const { request, askedAtMs } = incident;
      const asked = { request, askedAtMs };
      if (fact.answer === 'accepted') return { ...next(fact.nextLookAtMs), status: 'accepted', ...asked };
      if (fact.answer === 'unknown') return { ...next(fact.nextLookAtMs), status: 'unknown', ...asked };
      // Out of reach or too busy is an outage, however long.
      const counts = fact.httpStatus !== 0 && fact.httpStatus !== 429;
      const held = withoutEffect(fact.nextLookAtMs, `${request.ask}: ${fact.detail}`, counts ? 1 : 0);
      return refusesHost(fact) ? notTo(held, request.destination) : held;
    }
    case 'instance-watched':
      return { ...expect(incident, 'requested', 'accepted', 'unknown'), ...next(fact.nextLookAtMs) };
    case 'instance-request-found': {
      const { request, askedAtMs } = expect(incident, 'requested', 'unknown');
      return { ...next(fact.atMs), status: 'accepted', request, askedAtMs };
    }
    case 'instance-answer-missing': {
      const { request, askedAtMs } = expect(incident, 'requested');
      return { ...next(fact.atMs), status: 'unknown', request, askedAtMs };
    }
    case 'instance-request-lost':
      expect(incident, 'unknown');
      return withoutEffect(fact.atMs, fact.because);
    case 'instance-request-done': {
      const { request } = expect(incident, 'accepted');
      const going = { failures: 0, moved: request.action === 'move' ? request.ask : null };
      return { ...next(fact.atMs), ...going, status: 'held', sinceMs: fact.atMs, holds: [] };
    }
    case 'instance-request-failed': {
      // Restarts have a limit of their own.
      const { action } = expect(incident, 'accepted').request;
      return notTo(withoutEffect(fact.atMs, fact.because, action === 'restart' ? 0 : 1), fact.refusedBy);
    }
  }
}

/** 409 is about the instance, 403 about who asks. 406: this Nova can't be told a host, but its scheduler can be asked. */
const refusesHost = ({ httpStatus }: FactOf<'instance-request-answered'>): boolean =>
  httpStatus !== null && [400, 404, 406].includes(httpStatus);

const notTo = (held: Held, host: string | null | undefined): Held =>
  host == null ? held : { ...held, refusedBy: [...new Set([...(held.refusedBy ?? []), host])] };

interface ByStatus {
  suspected: Suspected;
  held: Held;
  requested: Requested;
  accepted: Accepted;
  unknown: Unknown;
}

function expect<S extends InstanceStatus>(incident: InstanceIncident, ...statuses: readonly S[]): ByStatus[S] {
  if ((statuses as readonly string[]).includes(incident.status)) return incident as unknown as ByStatus[S];
  throw new Error(`the incident ${incident.id} of an instance is ${incident.status}, not ${statuses.join(' or ')}`);
}
