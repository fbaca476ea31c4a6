import type { Server } from '#shared/ports.ts';
import type { CareFact } from '../care.ts';
import type { Candidate } from '../destinations.ts';
import { evolveMove, type Move, type MoveFact, type MoveSight } from '../moves.ts';

/**
 * Planned work on a host, from `salvor maintenance on` to `off`: its service is disabled, so that it is neither fenced
 * nor chosen by the scheduler, and its instances are live-migrated away first where that is asked for. It lies in the
 * host's item. Times are Unix ms.
 */

interface MaintenanceBase {
  /** That of the command. */
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly sinceMs: number;
  /** It ends by itself then; null: by `salvor maintenance off`. */
  readonly untilMs: number | null;
  readonly drain: boolean;
  readonly tick: number;
  /** Null: nothing is to be done before somebody says so. */
  readonly dueAtMs: number | null;
}

/** Nova is being told. */
export interface Disabling extends MaintenanceBase {
  readonly status: 'disabling';
  /** A disable was asked for without an outcome on record. */
  readonly asked: boolean;
  readonly failures: number;
}
/** Its instances are being live-migrated away. */
export interface Draining extends MaintenanceBase {
  readonly status: 'draining';
  readonly moves: Readonly<Record<string, Move>>;
  /** Instances that were asked for and are still here. */
  readonly tried: Readonly<Record<string, Tried>>;
  readonly moved: number;
  readonly pausedBy: string | null;
}
/** It may be worked on. */
export interface Away extends MaintenanceBase {
  readonly status: 'away';
  readonly moved: number;
  /** Instances that are still here, and why. */
  readonly left: readonly LeftHere[];
}

export type Maintenance = Disabling | Draining | Away;
export type MaintenanceStatus = Maintenance['status'];

export interface Tried {
  readonly attempts: number;
  readonly because: string;
  /** Null: it is not tried any more. */
  readonly retryAtMs: number | null;
  /** Destinations at which it failed. */
  readonly failedAt: readonly string[];
}

export interface LeftHere {
  readonly instanceId: string;
  readonly name: string;
  readonly because: string;
}

/** An instance that may be asked for now. */
export interface Ready {
  readonly instanceId: string;
  readonly name: string;
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly lastMigrationId: number;
  /** The destination that will be taken and the next best; none when none would do: then Nova's scheduler chooses. */
  readonly candidates: readonly Candidate[];
}

/** What one look at a host that is drained rests on, as it goes into the log. */
export interface DrainSight {
  readonly atMs: number;
  readonly host: string;
  readonly halted: string | null;
  readonly moving: readonly MoveSight[];
  readonly ready: readonly Ready[];
  /** Instances that wait for a free place or for the pause after a failure. */
  readonly waiting: number;
  /** Instances that can't be live-migrated, or were tried often enough; told once nothing else is left to be done. */
  readonly left: readonly LeftHere[];
  /** As many more of them are not named. */
  readonly leftOut: number;
}

/** What may be said of it. Each fact is one audit record of the host's stream. */
export type MaintenanceFact =
  | {
      readonly type: 'maintenance-opened';
      readonly maintenanceId: string;
      readonly by: string;
      readonly reason: string;
      readonly drain: boolean;
      readonly untilMs: number | null;
      readonly atMs: number;
    }
  /** The service is disabled, by salvor or by somebody before. */
  | {
      readonly type: 'maintenance-began';
      readonly maintenanceId: string;
      readonly disabledReason: string | null;
      readonly atMs: number;
    }
  | { readonly type: 'drain-paused'; readonly maintenanceId: string; readonly because: string; readonly atMs: number }
  /** A look that has changed nothing else. */
  | { readonly type: 'maintenance-looked'; readonly nextLookAtMs: number }
  | {
      readonly type: 'drained';
      readonly maintenanceId: string;
      readonly moved: number;
      readonly left: readonly LeftHere[];
      readonly leftOut: number;
      readonly atMs: number;
    }
  | {
      readonly type: 'maintenance-ended';
      readonly maintenanceId: string;
      readonly commandId: string | null;
      readonly by: string | null;
      readonly because: string;
      /** Whether a disable was asked for, and nobody knows what became of it. */
      readonly unsettled: 'disable' | null;
      readonly atMs: number;
    };

/** The maintenance after a fact; null once it has ended. What is about another one, or comes late, changes nothing. */
export function evolveMaintenance(maintenance: Maintenance | null, fact: CareFact): Maintenance | null {
  if (fact.type === 'maintenance-opened') return opened(fact);
  if (maintenance === null) return null;
  /** The next step is due at `dueAtMs`; every command with an earlier tick is a repeat from now on. */
  const next = (dueAtMs: number | null) => ({ tick: maintenance.tick + 1, dueAtMs });
  if (fact.type === 'maintenance-looked') return { ...maintenance, ...next(fact.nextLookAtMs) };
  const of = 'of' in fact ? fact.of : 'maintenanceId' in fact ? fact.maintenanceId : undefined;
  if (maintenance.id !== of) return maintenance;
  switch (fact.type) {
    case 'service-change-intended':
      return maintenance.status === 'disabling' ? { ...maintenance, ...next(fact.dueAtMs), asked: true } : maintenance;
    case 'service-change-answered':
      if (maintenance.status !== 'disabling' || fact.answer !== 'refused') return maintenance;
      return { ...maintenance, asked: false };
    case 'service-changed':
      return maintenance.status === 'disabling' ? { ...maintenance, ...next(fact.atMs), asked: false } : maintenance;
    case 'service-change-failed': {
      if (maintenance.status !== 'disabling') return maintenance;
      const failures = maintenance.failures + 1;
      return { ...maintenance, ...next(fact.retryAtMs), asked: false, failures };
    }
    case 'maintenance-began': {
      const { untilMs, drain } = maintenance;
      return drain
        ? {
            ...baseOf(maintenance),
            ...next(fact.atMs),
            status: 'draining',
            moves: {},
            tried: {},
            moved: 0,
            pausedBy: null,
          }
        : { ...baseOf(maintenance), ...next(untilMs), status: 'away', moved: 0, left: [] };
    }
    case 'drain-paused':
      return maintenance.status === 'draining' ? { ...maintenance, pausedBy: fact.because } : maintenance;
    case 'drained': {
      const { untilMs } = maintenance;
      const { moved, left } = fact;
      return { ...baseOf(maintenance), ...next(untilMs), status: 'away', moved, left };
    }
    case 'maintenance-ended':
      return null;
    case 'move-intended':
    case 'move-answered':
    case 'move-found':
    case 'move-ended':
      return maintenance.status === 'draining' ? evolveDraining(maintenance, fact) : maintenance;
    default:
      return maintenance;
  }
}

function evolveDraining(draining: Draining, fact: MoveFact): Draining {
  const { [fact.instanceId]: before = null, ...others } = draining.moves;
  if (before === null && fact.type !== 'move-intended') return draining;
  const move = evolveMove(before, fact);
  const moves = move === null ? others : { ...others, [fact.instanceId]: move };
  const going = { ...draining, moves, pausedBy: fact.type === 'move-intended' ? null : draining.pausedBy };
  if (fact.type !== 'move-ended') return going;
  if (fact.outcome === 'moved') return { ...going, moved: draining.moved + 1 };
  const { attempts = 0, failedAt = [] } = draining.tried[fact.instanceId] ?? {};
  const to = before?.to ?? null;
  const tried: Tried = {
    attempts: attempts + 1,
    because: fact.because,
    retryAtMs: fact.retryAtMs,
    failedAt: to === null ? failedAt : [...failedAt, to],
  };
  return { ...going, tried: { ...draining.tried, [fact.instanceId]: tried } };
}

function opened(fact: Extract<MaintenanceFact, { type: 'maintenance-opened' }>): Disabling {
  const { maintenanceId: id, by, reason, drain, untilMs, atMs } = fact;
  const base = { id, by, reason, sinceMs: atMs, untilMs, drain, tick: 0, dueAtMs: atMs };
  return { ...base, status: 'disabling', asked: false, failures: 0 };
}

function baseOf({ id, by, reason, sinceMs, untilMs, drain }: Maintenance) {
  return { id, by, reason, sinceMs, untilMs, drain };
}

/** How Nova shows who has disabled the service: by this salvor knows its own again. */
export const disabledReasonOf = ({ by, reason }: Pick<Maintenance, 'by' | 'reason'>): string =>
  `salvor maintenance by ${by}: ${reason}`.slice(0, 255);

/** Whether Nova can live-migrate it, whatever the scheduler then says; undefined when it can. */
export function notMovable({ vmState, taskState }: Pick<Server, 'vmState' | 'taskState'>): string | undefined {
  if (!['active', 'paused'].includes(vmState)) return `it is ${vmState}: Nova live-migrates what runs`;
  return taskState === null ? undefined : `it has a task, ${taskState}`;
}
