import type { EvacuationWay } from './instances.ts';
import type { RestoreFact } from './restore/restoring.ts';
import type { Attempt, TaskOutcome, WaitsFor } from './task.ts';

/** What may be said of a task. Each fact is one audit record of the task's stream. */
export type TaskFact =
  | {
      readonly type: 'task-planned';
      readonly instanceId: string;
      readonly name: string;
      readonly vmState: string;
      readonly taskState: string | null;
      readonly locked: boolean;
      /** Absent where a salvor of before planned it. */
      readonly priority?: number;
      readonly tier?: number | null;
      readonly decision: 'evacuate' | 'leave' | 'watch' | 'person';
      readonly because: string;
    }
  | { readonly type: 'task-waits'; readonly for: WaitsFor; readonly because: string; readonly atMs: number }
  /** No host has room for it, or may have it: it is looked for again when there is, and after a pause that grows. */
  | {
      readonly type: 'no-room';
      readonly because: string;
      /** As `Attempt.places`. */
      readonly places: number;
      readonly retryAtMs: number;
      readonly atMs: number;
    }
  | { readonly type: 'granted'; readonly attempt: Attempt; readonly checks: GrantChecks }
  | { readonly type: 'grant-expired'; readonly because: string; readonly atMs: number }
  | {
      readonly type: 'reset-answered';
      readonly answer: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  | {
      readonly type: 'evacuate-intended';
      readonly attempt: number;
      /** Tells of the os-resetState that goes before the evacuate, too. */
      readonly way: EvacuationWay;
      readonly destination: string | null;
      readonly proofReadAtMs: number;
      readonly atMs: number;
    }
  | {
      readonly type: 'evacuate-answered';
      readonly attempt: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly httpStatus: number | null;
      readonly requestId: string | null;
      readonly durationMs: number;
      readonly atMs: number;
      /** When the next attempt may be granted, after a refusal. */
      readonly retryAtMs: number;
      /** The refusal was about the destination: another one is asked for next time. */
      readonly blamesDestination: boolean;
    }
  | {
      readonly type: 'found-running';
      readonly migrationId: number;
      readonly migrationStatus: string;
      readonly atMs: number;
    }
  | { readonly type: 'lost-answer'; readonly because: string; readonly atMs: number }
  | {
      readonly type: 'attempt-failed';
      readonly attempt: number;
      readonly because: string;
      readonly destination: string | null;
      readonly retryAtMs: number;
      /** Nova's scheduler found no valid host: that does not use up the attempts. */
      readonly noRoom?: true;
    }
  | { readonly type: 'guest-answered'; readonly detail: string; readonly atMs: number }
  | RestoreFact
  | {
      readonly type: 'task-ended';
      readonly outcome: TaskOutcome;
      readonly because: string;
      readonly destination: string | null;
      readonly atMs: number;
    };

/** What the follower saw when it granted the attempt, at most seconds before. */
export interface GrantChecks {
  readonly seenAtMs: number;
  readonly forcedDown: boolean;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly inFlight: number;
  readonly inFlightLimit: number;
  /** Earlier tiers that are not up, where the policy goes on all the same. */
  readonly tier?: string;
}
