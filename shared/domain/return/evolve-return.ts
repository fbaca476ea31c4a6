import type { CareFact } from '../care.ts';
import { evolveMove, type MoveFact } from '../moves.ts';
import { isShut } from './checks.ts';
import type { ReturnFact } from './facts.ts';
import type { Check, Returning } from './returning.ts';

/** The return after a fact; null once it has ended. What is about another one, or comes late, changes nothing. */
export function evolveReturn(returning: Returning | null, fact: CareFact): Returning | null {
  if (fact.type === 'return-opened') return opened(fact);
  if (returning === null) return null;
  const of = 'of' in fact ? fact.of : 'returnId' in fact ? fact.returnId : returning.id;
  if (returning.id !== of) return returning;
  /** The next step is due at `dueAtMs`; every command with an earlier tick is a repeat from now on. */
  const next = (dueAtMs: number) => ({ tick: returning.tick + 1, dueAtMs });
  const waits = (shut: readonly Check[], dueAtMs: number): Returning => ({
    ...baseOf(returning),
    ...next(dueAtMs),
    status: 'waiting',
    shut,
  });
  switch (fact.type) {
    case 'return-asked': {
      const { by, reason, commandId, atMs } = fact;
      return { ...returning, ...next(atMs), askedFor: { by, reason, commandId }, quarantine: null };
    }
    case 'return-waits':
      return waits(fact.checks.filter(isShut), fact.nextLookAtMs);
    case 'return-still-waits':
      return waits(fact.shut, fact.nextLookAtMs);
    case 'return-goes-on':
      return { ...returning, ...next(fact.nextLookAtMs), shut: fact.shut };
    case 'power-on-intended': {
      const { attempt, dueAtMs } = fact;
      const { provenOn: _, ...base } = baseOf(returning);
      return { ...base, ...next(dueAtMs), status: 'powering-on', powerOns: attempt, asked: 'power-on' };
    }
    case 'power-on-answered': {
      const { answer, atMs, nextLookAtMs } = fact;
      const poweredOnAtMs = answer === 'refused' ? returning.poweredOnAtMs : atMs;
      const failures = returning.failures + (answer === 'accepted' ? 0 : 1);
      return { ...returning, ...next(nextLookAtMs), asked: null, poweredOnAtMs, failures };
    }
    case 'power-on-found':
      return {
        ...returning,
        asked: null,
        poweredOnAtMs: fact.power === 'off' ? returning.poweredOnAtMs : fact.atMs,
        ...(fact.power === 'on' ? { provenOn: true } : {}),
      };
    case 'power-on-proven':
      return { ...returning, provenOn: true };
    case 'return-proving':
      return {
        ...baseOf(returning),
        ...next(fact.nextLookAtMs),
        status: 'proving',
        wellSinceMs: fact.atMs,
        shut: [],
        failures: 0,
      };
    case 'service-change-intended':
      return { ...baseOf(returning), ...next(fact.dueAtMs), status: 'giving-back', asked: fact.change, shut: [] };
    case 'service-change-answered':
      return fact.answer === 'refused' ? { ...returning, asked: null } : returning;
    case 'service-changed':
      return { ...baseOf(returning), ...next(fact.atMs), status: 'giving-back', asked: null, failures: 0 };
    case 'service-change-failed':
      return { ...returning, ...next(fact.retryAtMs), asked: null, failures: returning.failures + 1 };
    case 'going-home-began':
      return {
        ...baseOf(returning),
        ...next(fact.atMs),
        status: 'going-home',
        move: null,
        behind: '',
        home: 0,
        stayed: 0,
        shut: [],
      };
    case 'home-left-out':
      if (returning.status !== 'going-home') return returning;
      return { ...returning, ...next(fact.atMs), behind: fact.instanceId, stayed: returning.stayed + 1 };
    case 'move-intended':
    case 'move-answered':
    case 'move-found':
    case 'move-ended':
      return evolveHome(returning, fact);
    case 'return-ended':
      return null;
    default:
      return returning;
  }
}

function evolveHome(returning: Returning, fact: MoveFact): Returning {
  if (returning.status !== 'going-home') return returning;
  if (fact.type !== 'move-intended' && returning.move?.instanceId !== fact.instanceId) return returning;
  const move = evolveMove(returning.move, fact);
  if (fact.type !== 'move-ended') return { ...returning, move, behind: fact.instanceId };
  const isHome = fact.outcome === 'moved' && fact.host === returning.move?.to;
  return {
    ...returning,
    tick: returning.tick + 1,
    dueAtMs: fact.atMs,
    move,
    home: returning.home + (isHome ? 1 : 0),
    stayed: returning.stayed + (isHome ? 0 : 1),
  };
}

function opened(fact: Extract<ReturnFact, { type: 'return-opened' }>): Returning {
  const { returnId: id, segment, incidentId, askedFor, persons, quarantine, atMs } = fact;
  return {
    status: 'waiting',
    id,
    segment,
    incidentId,
    openedAtMs: atMs,
    tick: 0,
    dueAtMs: atMs,
    askedFor,
    persons,
    quarantine,
    powerOns: 0,
    poweredOnAtMs: null,
    asked: null,
    failures: 0,
    shut: [],
  };
}

/** What every status has. */
function baseOf(returning: Returning) {
  const { id, segment, incidentId, openedAtMs, askedFor, persons, quarantine } = returning;
  const { powerOns, poweredOnAtMs, provenOn, asked, failures, shut } = returning;
  return {
    id,
    segment,
    incidentId,
    openedAtMs,
    askedFor,
    persons,
    quarantine,
    powerOns,
    poweredOnAtMs,
    ...(provenOn === undefined ? {} : { provenOn }),
    asked,
    failures,
    shut,
  };
}
