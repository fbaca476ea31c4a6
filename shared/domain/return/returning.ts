import type { ComputeService } from '#shared/ports.ts';
import type { HostReading } from '../fence-levels.ts';
import type { Move } from '../moves.ts';

/**
 * The way back of a host: from the end of the incident that forced it down, or of its maintenance, until Nova's scheduler
 * may choose it again. It lies in the host's item, beside the incident; never both are open for longer than a commit.
 * Times are Unix ms.
 */

/** What salvor has done to the host's service in Nova: only that does it ever undo. */
export interface Ours {
  /** When the first force-down was intended that is not undone yet; absent: salvor has none in force. */
  readonly forcedDownAtMs?: number;
  /** Its fencing levels, from 0, that were asked to switch off, in their order. */
  readonly switchedOff?: readonly number[];
  /** A power-off of it by a slow fence agent may take effect until then; absent: none was ever asked for. */
  readonly offMayRunUntilMs?: number;
  /** When it was last seen up since then, by whoever told it. */
  readonly seenUpAtMs?: number;
  /** The reason with which salvor has disabled it; absent: it has not. */
  readonly disabled?: string;
  /** When the incidents opened in which it failed anew, the last few: one that was nagged about is no new failure. */
  readonly failedAtMs?: readonly number[];
}

/** It has failed too often: a person gives it back, or the time is waited for. */
export interface Quarantine {
  readonly failures: number;
  /** Null: until a person asks for it. */
  readonly untilMs: number | null;
}

/** An operator has asked for it by name. */
export interface AskedFor {
  readonly by: string;
  readonly reason: string;
  readonly commandId: string;
}

export type ServiceChange = 'force-up' | 'enable' | 'disable';

interface ReturnBase {
  readonly id: string;
  /** Under whose policy; null for a host that no segment holds, which was in maintenance. */
  readonly segment: string | null;
  /** The last incident of the host, whose instances may go home; null when there was none. */
  readonly incidentId: string | null;
  readonly openedAtMs: number;
  readonly tick: number;
  readonly dueAtMs: number;
  readonly askedFor: AskedFor | null;
  /** Instances that a person has in hand: he may rely on the host being off. */
  readonly persons: number;
  readonly quarantine: Quarantine | null;
  /** Power-on requests whose intent was committed, and when one may have worked last. */
  readonly powerOns: number;
  readonly poweredOnAtMs: number | null;
  /** Its power was read as on since. */
  readonly provenOn?: true;
  /** What was asked of the outside without an outcome on record. */
  readonly asked: 'power-on' | ServiceChange | null;
  readonly failures: number;
  /** Why it does not go on, as of the last look. */
  readonly shut: readonly Check[];
}

/** Something says no: its evacuations may not have ended, its service is silent, somebody calls it down. */
export interface Waiting extends ReturnBase {
  readonly status: 'waiting';
}
/** A power-on was asked for; its power is read until it is on. */
export interface PoweringOn extends ReturnBase {
  readonly status: 'powering-on';
}
/** Nothing says no any more; it has to stay so for a while. */
export interface Proving extends ReturnBase {
  readonly status: 'proving';
  readonly wellSinceMs: number;
}
/** It has proven well: Nova is told that it is up, and enabled. */
export interface GivingBack extends ReturnBase {
  readonly status: 'giving-back';
}
/** It takes instances again; those that were evacuated from it are migrated back, one after the other. */
export interface GoingHome extends ReturnBase {
  readonly status: 'going-home';
  readonly move: Move | null;
  /** Instances up to this id were looked at. */
  readonly behind: string;
  readonly home: number;
  readonly stayed: number;
}

export type Returning = Waiting | PoweringOn | Proving | GivingBack | GoingHome;
export type ReturnStatus = Returning['status'];

export type ReturnOutcome =
  /** Nova's scheduler may choose it again, as far as salvor had a hand in that. */
  | 'returned'
  /** It was reported down: its new incident goes first. */
  | 'reported-down'
  /** Nothing that salvor has done was left to be undone: somebody else has given it back. */
  | 'overtaken'
  /** An operator has put it into maintenance. */
  | 'maintenance'
  /** Nova has no such service any more. */
  | 'service-gone';

export interface LastReturn {
  readonly id: string;
  readonly endedAtMs: number;
  readonly outcome: ReturnOutcome;
}

/** One question that must be answered with yes before the host goes on on its way back, and the answer with its numbers. */
export interface Check {
  readonly check: CheckName;
  readonly open: boolean;
  readonly because: string;
}

export type CheckName =
  | 'nova-answers'
  | 'armed'
  | 'protected'
  | 'in-service'
  | 'not-quarantined'
  | 'evacuations-ended'
  | 'power-off-ended'
  | 'not-awaited-elsewhere'
  | 'no-person'
  | 'own-device'
  | 'switchable'
  | 'starts'
  | 'reports'
  | 'cleaned'
  | 'not-said-down'
  | 'sees-it-up';

/** What was read for one look: as it goes into the log, so that the look can be decided again. */
export interface ReturnSight {
  readonly atMs: number;
  readonly service: Pick<
    ComputeService,
    'id' | 'status' | 'disabledReason' | 'state' | 'forcedDown' | 'lastReportAtMs'
  > | null;
  /** Of any compute service, by Nova's clock: a silence is counted from it. */
  readonly newestReportAtMs: number;
  /** Names of the segments that hold the host. */
  readonly segments: readonly string[];
  /** Evacuations away from it that Nova works on, and those that are done while its nova-compute has not started since. */
  readonly running: number;
  readonly uncleaned: number;
  /** Evacuations towards it, from before it failed: their ends are told by its power being off. */
  readonly towards: number;
  /** Why nothing may be asked of the outside: salvor is switched off here, or the segment stopped. */
  readonly halted: string | null;
  /** Its power, where it counts, and of an answer that was kept when it was asked for; null: it was not read. */
  readonly power: Pick<HostReading, 'power' | 'systemUuid' | 'detail' | 'levels' | 'askedAtMs'> | null;
  /** Why one of its devices can't be the host's own. */
  readonly deviceFault: string | null;
}
