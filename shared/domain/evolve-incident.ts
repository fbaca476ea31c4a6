import { FIRST } from './audit.ts';
import { isShut } from './gates/gate.ts';
import type {
  Evacuating,
  Fencing,
  ForcingDown,
  HandingOver,
  Held,
  HostState,
  Incident,
  IncidentFact,
  Planning,
  Stopped,
  Suspected,
} from './host.ts';
import { CLOCK_SKEW_MS } from './reports.ts';
import { reservedAfter } from './reserved-hosts.ts';

export function openedIncident(host: HostState, fact: IncidentFact & { type: 'incident-opened' }): Suspected {
  if (host.incident !== null) throw new Error(`${host.name} has an open incident already: ${host.incident.id}`);
  return {
    status: 'suspected',
    id: fact.incidentId,
    segment: fact.segment,
    openedAtMs: fact.atMs,
    graceEndsAtMs: fact.graceEndsAtMs,
    tick: 0,
    dueAtMs: fact.graceEndsAtMs,
    audit: FIRST,
    release: null,
    pausedBy: null,
  };
}

/** What `fencing` starts with. */
const FRESH = {
  status: 'fencing',
  failures: 0,
  lastFailure: null,
  proofVoidedBy: null,
  earlierProof: null,
} as const;

type Step = Exclude<IncidentFact, { type: 'incident-opened' | 'incident-closed' }>;

/** The incident after a fact about it. */
export function evolveIncident(incident: Incident, fact: Step): Incident {
  const { id, segment, openedAtMs, audit, release, dumping, offConfirmed, seenUpAtMs, reserved } = incident;
  const seen = {
    ...(dumping === undefined ? {} : { dumping }),
    ...(offConfirmed === undefined ? {} : { offConfirmed }),
    ...(seenUpAtMs === undefined ? {} : { seenUpAtMs }),
    ...(reserved === undefined ? {} : { reserved }),
  };
  const base = { id, segment, openedAtMs, audit, release, pausedBy: null, ...seen };
  /** The next step is due at `dueAtMs`; every command with an earlier tick is a repeat from now on. */
  const next = (dueAtMs: number) => ({ ...base, tick: incident.tick + 1, dueAtMs });
  switch (fact.type) {
    case 'dump-seen': {
      const before = expectOneOf(incident, ['suspected', 'held', 'fencing']);
      const { receivedAtMs: lastMs } = fact;
      return { ...before, dumping: { sinceMs: dumping?.sinceMs ?? lastMs, lastMs } };
    }
    case 'grace-went-on':
      return { ...expect(incident, 'suspected'), ...next(fact.untilMs) };
    case 'held': {
      const before = expectOneOf(incident, ['suspected', 'held', 'fencing']);
      const sinceMs = before.status === 'held' ? before.sinceMs : fact.atMs;
      const powerOffs = before.status === 'suspected' ? 0 : before.powerOffs;
      return { ...next(fact.nextLookAtMs), status: 'held', sinceMs, failedGates: fact.gates.filter(isShut), powerOffs };
    }
    case 'still-held':
      return { ...expect(incident, 'held'), ...next(fact.nextLookAtMs), failedGates: fact.failedGates };
    case 'confirmed': {
      const before = expectOneOf(incident, ['suspected', 'held']);
      const powerOffs = before.status === 'held' ? before.powerOffs : 0;
      return { ...next(fact.atMs), ...FRESH, confirmedAtMs: fact.atMs, powerOffs, evacuatingSinceMs: null };
    }
    case 'power-read':
      return refutedIf(isOnSince(fact, offConfirmed), expect(incident, 'fencing'), 'a device has said on');
    // What became of an action is recorded wherever the incident has come to meanwhile (A1).
    case 'power-off-answered':
    case 'force-down-answered':
      return incident;
    case 'power-off-intended': {
      const { tries, ...fencing } = expect(incident, 'fencing');
      // It was read as on: what the device says from here on is a new row of readings.
      return {
        ...fencing,
        ...next(fact.dueAtMs),
        // Attempts are of one level: another one may be asked, since this one does not answer.
        ...(tries === undefined || fact.level !== fencing.level ? {} : { tries }),
        ...(fact.level === undefined ? {} : { level: fact.level }),
        powerOffs: fact.attempt,
        earlierProof: null,
      };
    }
    case 'fence-failed': {
      const { tries: _, ...fencing } = expect(incident, 'fencing');
      return {
        ...fencing,
        ...next(fact.retryAtMs),
        failures: fencing.failures + 1,
        lastFailure: fact.because,
        ...(fact.level === undefined ? {} : { level: fact.level }),
        ...(fact.tries === undefined ? {} : { tries: fact.tries }),
      };
    }
    case 'proof-made': {
      const { confirmedAtMs, powerOffs, evacuatingSinceMs } = expect(incident, 'fencing');
      const carried = {
        confirmedAtMs,
        powerOffs,
        evacuatingSinceMs,
        proof: fact.proof,
        failures: 0,
        lastFailure: null,
      };
      return { ...next(fact.atMs), status: 'forcing-down', ...carried };
    }
    case 'proof-voided': {
      const proven = expectOneOf(incident, ['forcing-down', 'planning', 'evacuating']);
      const carried = {
        confirmedAtMs: proven.confirmedAtMs,
        powerOffs: proven.powerOffs,
        evacuatingSinceMs: proven.evacuatingSinceMs,
        failures: 0,
        lastFailure: null,
      };
      return {
        ...next(fact.atMs),
        status: 'fencing',
        ...carried,
        proofVoidedBy: fact.because,
        earlierProof: proven.proof,
      };
    }
    case 'force-down-intended':
      return { ...expect(incident, 'forcing-down'), ...next(fact.dueAtMs) };
    case 'force-down-failed': {
      const forcing = expect(incident, 'forcing-down');
      return { ...forcing, ...next(fact.retryAtMs), failures: forcing.failures + 1, lastFailure: fact.because };
    }
    case 'forced-down': {
      const { confirmedAtMs, powerOffs, proof, evacuatingSinceMs } = expect(incident, 'forcing-down');
      return { ...next(fact.atMs), status: 'planning', confirmedAtMs, powerOffs, proof, evacuatingSinceMs };
    }
    case 'planning-failed':
      return { ...expect(incident, 'planning'), ...next(fact.retryAtMs) };
    case 'planned': {
      const { confirmedAtMs, powerOffs, proof, evacuatingSinceMs } = expect(incident, 'planning');
      return {
        ...next(fact.atMs),
        status: 'evacuating',
        confirmedAtMs,
        powerOffs,
        proof,
        evacuatingSinceMs: evacuatingSinceMs ?? fact.atMs,
      };
    }
    case 'reserved-host-intended':
    case 'reserved-host-left':
      return { ...expectOneOf(incident, ['evacuating', 'handing-over']), reserved: reservedAfter(reserved, fact) };
    case 'reserved-host-answered':
      return { ...incident, reserved: reservedAfter(reserved, fact) };
    case 'followed':
      return { ...expectOneOf(incident, ['evacuating', 'handing-over']), ...next(fact.nextLookAtMs) };
    case 'paused': {
      const before = expectOneOf(incident, ['fencing', 'forcing-down', 'planning', 'evacuating']);
      return { ...before, ...next(fact.nextLookAtMs), pausedBy: fact.because };
    }
    case 'still-paused': {
      const before = expectOneOf(incident, ['fencing', 'forcing-down', 'planning', 'evacuating']);
      return { ...before, ...next(fact.nextLookAtMs), pausedBy: before.pausedBy };
    }
    case 'stopped': {
      const { powerOffs, earlierProof: proof, evacuatingSinceMs } = expect(incident, 'fencing');
      return { ...next(fact.atMs), status: 'stopped', reason: fact.because, powerOffs, proof, evacuatingSinceMs };
    }
    case 'released': {
      const { by, reason, gates, atMs, untilMs } = fact;
      const released = { by, reason, gates, atMs, untilMs };
      const before = expectOneOf(incident, ['held', 'stopped']);
      if (before.status === 'held') return { ...before, ...next(atMs), release: released };
      // A fresh row of readings, and the deadline anew: a person has asked to go on.
      const evacuatingSinceMs = before.evacuatingSinceMs === null ? null : atMs;
      const { powerOffs } = before;
      return { ...next(atMs), ...FRESH, confirmedAtMs: atMs, powerOffs, evacuatingSinceMs, release: released };
    }
    case 'off-confirmed': {
      const before = expectOneOf(incident, ['held', 'fencing']);
      const { names: by, reason, atMs, complete, senders } = fact;
      const word = { by, reason, atMs, complete, ...(senders === undefined ? {} : { senders }) };
      return { ...before, ...next(atMs), offConfirmed: word };
    }
    case 'deadline-passed':
      expectOneOf(incident, ['fencing', 'forcing-down', 'planning', 'evacuating']);
      return { ...next(fact.atMs), status: 'handing-over', reason: fact.because, dismissed: false };
    case 'dismissed':
      expectOneOf(incident, ['suspected', 'held', 'fencing', 'stopped']);
      return { ...next(fact.atMs), status: 'handing-over', reason: fact.reason, dismissed: true };
  }
}

/** Somebody saw the host up, at this time by their clock: that refutes the word of people that it is off. */
export function seenUp(incident: Incident | null, atMs: number): Incident | null {
  if (incident === null) return null;
  const { offConfirmed, seenUpAtMs = 0 } = incident;
  const isRefuted = offConfirmed !== undefined && atMs > offConfirmed.atMs - CLOCK_SKEW_MS;
  return refutedIf(isRefuted, { ...incident, seenUpAtMs: Math.max(atMs, seenUpAtMs) }, 'the host was seen up');
}

/** An answer that was kept may be of before the word: that people have seen the host off then, it says nothing of. */
const isOnSince = (
  { power, askedAtMs = Number.POSITIVE_INFINITY }: Extract<IncidentFact, { type: 'power-read' }>,
  word: Incident['offConfirmed'],
): boolean => power === 'on' && askedAtMs > (word?.atMs ?? 0) - CLOCK_SKEW_MS;

/** A person has looked, and overruled whoever saw it. */
export function withoutSeenUp(incident: Incident): Incident {
  const { seenUpAtMs, ...rest } = incident;
  return seenUpAtMs === undefined ? incident : rest;
}

function refutedIf<T extends Incident>(isRefuted: boolean, incident: T, refutedBy: string): T {
  const { offConfirmed } = incident;
  if (!isRefuted || offConfirmed === undefined || offConfirmed.refutedBy !== undefined) return incident;
  return { ...incident, offConfirmed: { ...offConfirmed, refutedBy } };
}

interface ByStatus {
  suspected: Suspected;
  held: Held;
  fencing: Fencing;
  'forcing-down': ForcingDown;
  planning: Planning;
  evacuating: Evacuating;
  'handing-over': HandingOver;
  stopped: Stopped;
}

function expectOneOf<S extends keyof ByStatus>(incident: Incident, statuses: readonly S[]): ByStatus[S] {
  if ((statuses as readonly string[]).includes(incident.status)) return incident as unknown as ByStatus[S];
  throw new Error(`incident ${incident.id} is ${incident.status}, not ${statuses.join(' or ')}`);
}
const expect = <S extends keyof ByStatus>(incident: Incident, status: S): ByStatus[S] =>
  expectOneOf(incident, [status]);
