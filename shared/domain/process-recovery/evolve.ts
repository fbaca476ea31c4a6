import { FIRST } from '../audit.ts';
import { recordedId } from '../host.ts';
import type {
  Disabled,
  Disabling,
  Enabling,
  ProcessesState,
  ProcessFact,
  ProcessIncident,
  ProcessStatus,
  Watching,
} from './process.ts';

const KEPT_EVENTS = 64;
const KEPT_PROCESSES = 32;

export const newProcesses = (key: string): ProcessesState => ({
  key,
  incident: null,
  lastIncident: null,
  seenEvents: [],
  audit: FIRST,
});

/** The state after `fact`. Throws when the fact can't follow from the state: a defect, never bad input. */
export function evolveProcesses(state: ProcessesState, fact: ProcessFact): ProcessesState {
  if (fact.type === 'process-reported') return heard(state, fact);
  if (fact.type === 'process-incident-opened') return { ...state, incident: opened(state, fact) };
  const { incident } = state;
  if (incident === null) throw new Error(`${fact.type} without an open incident of processes of ${state.key}`);
  if (fact.type === 'process-incident-closed') {
    const { outcome, atMs: endedAtMs } = fact;
    const down = incident.wellSinceMs === null ? Object.keys(incident.down) : [];
    return { ...state, incident: null, lastIncident: { id: incident.id, endedAtMs, outcome, down } };
  }
  return { ...state, incident: evolveIncident(incident, fact) };
}

type FactOf<T extends ProcessFact['type']> = Extract<ProcessFact, { type: T }>;

function heard(state: ProcessesState, fact: FactOf<'process-reported'>): ProcessesState {
  const seenEvents = [...state.seenEvents, recordedId(fact.reporter, fact.eventId)].slice(-KEPT_EVENTS);
  const { incident } = state;
  return { ...state, seenEvents, incident: incident === null ? null : { ...incident, ...claimed(incident, fact) } };
}

type Claims = Pick<ProcessIncident, 'down' | 'ran' | 'wellSinceMs'>;

function claimed(
  { down, ran, wellSinceMs }: Claims,
  { says, process, reporter, occurredAtMs }: FactOf<'process-reported'>,
): Claims {
  if (says === 'up') return { ...running({ down, ran }, process, occurredAtMs), wellSinceMs };
  const before = of(down, process);
  const { restarts, restartedAtMs } = before ?? of(ran, process) ?? NEVER;
  const sinceMs = before?.sinceMs ?? occurredAtMs;
  const claim = { reporter, sinceMs, saidMs: occurredAtMs, restarts, restartedAtMs };
  return {
    down: newest({ ...without(down, process), [process]: claim }),
    ran: without(ran, process),
    wellSinceMs: null,
  };
}

const NEVER = { restarts: 0, restartedAtMs: 0 };

const of = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
const without = <T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
const newest = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).slice(-KEPT_PROCESSES));

function running({ down, ran }: Pick<Claims, 'down' | 'ran'>, process: string, sinceMs: number) {
  const { restarts, restartedAtMs } = of(down, process) ?? NEVER;
  return {
    down: without(down, process),
    ran: newest({ ...without(ran, process), [process]: { sinceMs, restarts, restartedAtMs } }),
  };
}

/** The word of the worker that has started it is as good as its reporter's, for what was said before. */
function restarted(incident: ProcessIncident, { process, answer, nextLookAtMs }: FactOf<'restart-answered'>) {
  const next = { ...incident, tick: incident.tick + 1, dueAtMs: nextLookAtMs };
  const claim = of(incident.down, process);
  const runs = answer === 'restarted' && claim !== undefined && claim.saidMs <= claim.restartedAtMs;
  return runs ? { ...next, ...running(incident, process, claim.saidMs) } : next;
}

function opened(state: ProcessesState, fact: FactOf<'process-incident-opened'>): Watching {
  if (state.incident !== null) throw new Error(`${state.key} has an open incident of its processes already`);
  const { incidentId: id, segment, host, atMs } = fact;
  const none = { tick: 0, down: {}, ran: {}, wellSinceMs: null, heldBy: null, failures: 0, escalatedAtMs: null };
  return { status: 'watching', id, segment, host, openedAtMs: atMs, dueAtMs: atMs, ...none };
}

type Step = Exclude<ProcessFact, { type: 'process-reported' | 'process-incident-opened' | 'process-incident-closed' }>;

function evolveIncident(incident: ProcessIncident, fact: Step): ProcessIncident {
  const { id, segment, host, openedAtMs, down, ran, wellSinceMs, heardAtMs = null, escalatedAtMs } = incident;
  const { disabledAtMs = 0 } = incident;
  const base = { id, segment, host, openedAtMs, down, ran, wellSinceMs, heardAtMs, disabledAtMs, escalatedAtMs };
  /** The next step is due then; every command with an earlier tick is a repeat from now on. */
  const next = (dueAtMs: number) => ({ tick: incident.tick + 1, dueAtMs });
  const going = { heldBy: null, failures: 0 };
  switch (fact.type) {
    case 'process-looked':
      return { ...incident, ...next(fact.nextLookAtMs) };
    case 'process-held':
      return { ...incident, ...next(fact.nextLookAtMs), heldBy: fact.because };
    case 'disable-intended': {
      const { failures } = expect(incident, 'watching', 'disabling');
      const asked = { disabledAtMs: fact.atMs, status: 'disabling', reason: fact.reason } as const;
      return { ...base, ...next(fact.dueAtMs), heldBy: null, failures, ...asked };
    }
    case 'disable-answered':
    case 'enable-answered':
      // Nova is read next, whatever it has answered.
      if (incident.status !== 'disabling' && incident.status !== 'enabling') return incident;
      return {
        ...incident,
        ...next(fact.atMs),
        ...(fact.type === 'disable-answered' ? { disabledAtMs: fact.atMs } : {}),
      };
    case 'scheduling-off': {
      expect(incident, 'watching', 'disabling');
      return { ...base, ...next(fact.nextLookAtMs), ...going, status: 'disabled', reason: fact.reason };
    }
    case 'service-change-failed': {
      const before = expect(incident, 'disabling', 'enabling');
      return { ...before, ...next(fact.retryAtMs), failures: before.failures + 1, heldBy: fact.because };
    }
    case 'restart-intended': {
      const before = of(down, fact.process);
      if (before === undefined) throw new Error(`${fact.process} of ${host} is not down`);
      const claim = { ...before, restarts: fact.attempt, restartedAtMs: fact.atMs };
      return { ...incident, ...next(fact.dueAtMs), heldBy: null, down: { ...down, [fact.process]: claim } };
    }
    case 'restart-answered':
      return restarted(incident, fact);
    case 'escalated':
      return { ...incident, ...next(fact.nextLookAtMs), heldBy: null, escalatedAtMs: escalatedAtMs ?? fact.atMs };
    case 'processes-well':
      return {
        ...incident,
        ...next(fact.nextLookAtMs),
        heldBy: null,
        wellSinceMs: fact.atMs,
        heardAtMs: fact.heardAtMs ?? null,
      };
    case 'processes-down-again': {
      const again = { ...base, ...next(fact.nextLookAtMs), ...going, wellSinceMs: null };
      // Whether Nova has enabled the host by now shows with the next look.
      return incident.status === 'enabling' ? { ...again, status: 'watching' } : { ...incident, ...again };
    }
    case 'enable-intended': {
      const { reason, failures } = expect(incident, 'disabled', 'enabling');
      return { ...base, ...next(fact.dueAtMs), heldBy: null, failures, status: 'enabling', reason };
    }
  }
}

interface ByStatus {
  watching: Watching;
  disabling: Disabling;
  disabled: Disabled;
  enabling: Enabling;
}

function expect<S extends ProcessStatus>(incident: ProcessIncident, ...statuses: readonly S[]): ByStatus[S] {
  if ((statuses as readonly string[]).includes(incident.status)) return incident as unknown as ByStatus[S];
  throw new Error(`the incident ${incident.id} of processes is ${incident.status}, not ${statuses.join(' or ')}`);
}
