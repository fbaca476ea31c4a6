import type { RestartAnswer } from '#shared/ports.ts';
import type { Head } from '../audit.ts';

/** What was reported of the processes of a host that lives, and at most one open incident of them. Times are Unix ms. */
export interface ProcessesState {
  /** `cloud/region/compute service UUID`. */
  readonly key: string;
  readonly incident: ProcessIncident | null;
  readonly lastIncident: LastProcessIncident | null;
  /** The newest events, so that a repeat is told. */
  readonly seenEvents: readonly string[];
  readonly audit: Head;
}

export interface LastProcessIncident {
  readonly id: string;
  readonly endedAtMs: number;
  readonly outcome: ProcessOutcome;
  /** Processes that were down still. */
  readonly down: readonly string[];
}

export interface ProcessClaim {
  readonly reporter: string;
  /** By the reporter's clock: when it was first said, and last. */
  readonly sinceMs: number;
  readonly saidMs: number;
  /** Restarts that the fence worker was asked for. */
  readonly restarts: number;
  readonly restartedAtMs: number;
}

/** A word of before `sinceMs` is old. Restarts count on when it stops again. */
export interface ProcessRun extends Pick<ProcessClaim, 'sinceMs' | 'restarts' | 'restartedAtMs'> {}

interface Base {
  readonly id: string;
  readonly segment: string;
  /** Nova's service host name. */
  readonly host: string;
  readonly openedAtMs: number;
  readonly tick: number;
  readonly dueAtMs: number;
  /** Processes that are down, by name. */
  readonly down: Readonly<Record<string, ProcessClaim>>;
  /** Those that run again, by name: since when by what was said, and after how many restarts. */
  readonly ran: Readonly<Record<string, ProcessRun>>;
  /** Since when none is down any more; null while one is. */
  readonly wellSinceMs: number | null;
  /** When Nova had last heard of the nova-compute by whose reports it was taken for well, by Nova's clock; null: by others' words. */
  readonly heardAtMs?: number | null;
  /** When salvor's own disabling was asked for or answered last: Nova's record of the service was written by it. */
  readonly disabledAtMs?: number;
  /** Why nothing is asked of the outside now. */
  readonly heldBy: string | null;
  readonly failures: number;
  /** When it was first said that the host is down for it. */
  readonly escalatedAtMs: number | null;
}

/** Salvor has not disabled the host: it need not be, or somebody else has, or it is held. */
export interface Watching extends Base {
  readonly status: 'watching';
}
/** Nova is being told that nothing is to be scheduled to the host. */
export interface Disabling extends Base {
  readonly status: 'disabling';
  readonly reason: string;
}
/** Disabled by salvor; waits until everything runs again. */
export interface Disabled extends Base {
  readonly status: 'disabled';
  readonly reason: string;
}
/** Everything runs again, and Nova is being told. */
export interface Enabling extends Base {
  readonly status: 'enabling';
  readonly reason: string;
}

export type ProcessIncident = Watching | Disabling | Disabled | Enabling;
export type ProcessStatus = ProcessIncident['status'];

export type ProcessOutcome =
  /** Everything runs again; what salvor had disabled, it has enabled. */
  | 'recovered'
  /** Somebody else has it in hand: the host was enabled, or disabled for another reason, or is not protected any more. */
  | 'left'
  /** A shadow segment: the host would have been disabled. */
  | 'shadow';

type Answer = 'accepted' | 'refused' | 'unknown';

/** What may be said of the processes of a host. Each fact is one record of their stream, but for the silent ones. */
export type ProcessFact =
  | {
      readonly type: 'process-reported';
      readonly says: 'down' | 'up';
      readonly process: string;
      readonly reporter: string;
      readonly source?: string;
      readonly eventId: string;
      readonly occurredAtMs: number;
      readonly reason: string | null;
    }
  | {
      readonly type: 'process-incident-opened';
      readonly incidentId: string;
      readonly hostKey: string;
      readonly host: string;
      readonly segment: string;
      readonly because: string;
      readonly atMs: number;
    }
  | { readonly type: 'process-looked'; readonly nextLookAtMs: number }
  | { readonly type: 'process-held'; readonly because: string; readonly atMs: number; readonly nextLookAtMs: number }
  | { readonly type: 'disable-intended'; readonly reason: string; readonly atMs: number; readonly dueAtMs: number }
  | {
      readonly type: 'disable-answered' | 'enable-answered';
      readonly answer: Answer;
      readonly detail: string;
      readonly requestId: string | null;
      readonly durationMs: number;
      readonly atMs: number;
    }
  | { readonly type: 'scheduling-off'; readonly reason: string; readonly atMs: number; readonly nextLookAtMs: number }
  | {
      readonly type: 'service-change-failed';
      readonly because: string;
      readonly retryAtMs: number;
    }
  | {
      readonly type: 'restart-intended';
      readonly process: string;
      readonly attempt: number;
      readonly atMs: number;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'restart-answered';
      readonly process: string;
      readonly answer: RestartAnswer['kind'];
      readonly detail: string;
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  | { readonly type: 'escalated'; readonly because: string; readonly atMs: number; readonly nextLookAtMs: number }
  | {
      readonly type: 'processes-well';
      readonly because: string;
      readonly heardAtMs: number | null;
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  | {
      readonly type: 'processes-down-again';
      readonly because: string;
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  | { readonly type: 'enable-intended'; readonly atMs: number; readonly dueAtMs: number }
  | {
      readonly type: 'process-incident-closed';
      readonly outcome: ProcessOutcome;
      readonly because: string;
      readonly atMs: number;
    };

export const isSilentProcessFact = ({ type }: ProcessFact): boolean => type === 'process-looked';
