import type { SeenSnapshot } from '../seen.ts';

/** Its disk is made anew of the snapshot, then it is started. */
export type RestoreStep = 'rebuild' | 'start';

/**
 * Evacuated and stopped on its new host, with a disk that Nova has made of the original image: it is not to run before its
 * disk was made of the snapshot.
 */
export interface Restoring {
  readonly status: 'restoring';
  /** Where it is. */
  readonly destination: string;
  readonly snapshot: SeenSnapshot;
  /** What comes next, or is under way. */
  readonly step: RestoreStep;
  /** Of the newest request; they go on behind the evacuations, so that each message of a task has a number of its own. */
  readonly number: number;
  /** The one request under way; null: none is. */
  readonly asked: AskedRestore | null;
  /** Requests of this step that had no effect. */
  readonly failures: number;
  readonly notBeforeMs: number;
  readonly because: string;
}

export interface AskedRestore {
  /**
   * `granted`: nothing was asked of Nova yet. `requested`: the intent is committed. `accepted`: Nova said yes, or has it on
   * record. `unknown`: nobody knows whether Nova took it.
   */
  readonly phase: 'granted' | 'requested' | 'accepted' | 'unknown';
  readonly sinceMs: number;
  /** The newest action that Nova knew of it before: what is newer may be this request's. */
  readonly lastActionId: string | null;
}

/** What may be said of it, in the stream of its task. */
export type RestoreFact =
  | {
      readonly type: 'restore-begins';
      readonly destination: string;
      readonly imageId: string;
      readonly imageCreatedAt: string;
      readonly because: string;
      readonly atMs: number;
    }
  | { readonly type: 'restore-waits'; readonly because: string; readonly atMs: number }
  | { readonly type: 'restore-granted'; readonly step: RestoreStep; readonly number: number; readonly atMs: number }
  | {
      readonly type: 'restore-intended';
      readonly step: RestoreStep;
      readonly number: number;
      readonly imageId: string;
      readonly host: string;
      readonly lastActionId: string | null;
      readonly atMs: number;
    }
  | {
      readonly type: 'restore-answered';
      readonly step: RestoreStep;
      readonly number: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly httpStatus: number | null;
      readonly requestId: string | null;
      readonly durationMs: number;
      readonly atMs: number;
      /** When it may be asked for again, after a refusal. */
      readonly retryAtMs: number;
    }
  | {
      readonly type: 'restore-settled';
      readonly step: RestoreStep;
      readonly number: number;
      /**
       * `expired`: nothing was asked of Nova. `found`: Nova has it on record. `missing`: no answer was recorded. `lost`: it has
       * not reached Nova. `failed`: it had no effect. `done`: it had.
       */
      readonly as: 'expired' | 'found' | 'missing' | 'lost' | 'failed' | 'done';
      readonly because: string;
      readonly requestId: string | null;
      readonly atMs: number;
    };

/** For a person, to whom it is handed. */
export const leftAs = ({ step, destination, snapshot }: Restoring): string =>
  step === 'rebuild'
    ? `; it is stopped on ${destination}, on an empty disk of its original image: rebuild it from ${snapshot.id} before it is started`
    : `; it is stopped on ${destination}, its disk is made of ${snapshot.id}: it may be started`;
