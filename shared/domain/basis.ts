import type { ComputeService } from '#shared/ports.ts';
import type { CareBasis } from './care.ts';
import type { Candidate } from './destinations.ts';
import type { HostReading } from './fence-levels.ts';
import type { Evidence } from './gates/evidence.ts';
import type { InstanceSight } from './instance-recovery/sight.ts';
import type { PlacedGroup } from './placed-groups.ts';
import type { ProcessSight } from './process-recovery/sight.ts';
import type { ReservedSeen, WakeBasis } from './reserved-hosts.ts';
import type { RestoreSight } from './restore/decide.ts';
import type { RecordedMigration, RecordedServer, Signs } from './seen.ts';
import type { TaskSight } from './task-sight.ts';
import type { TierSummary } from './tiers.ts';
import type { WatchdogLease } from './watchdog.ts';

/**
 * What a decision was made on, besides the state it was made in and its own facts: with these the log suffices to decide
 * again. `by` names the decider, `atMs` is the moment that it was given; chance is as it was drawn.
 */
export type Basis = HostBasis | TaskBasis | InstanceBasis | ProcessBasis;

export type HostBasis =
  /** `decideReports`. The segment by the inventory mirror; `hearUntilMs` of a host whose heartbeats are expected. */
  | { readonly by: 'reports'; readonly atMs: number; readonly segment: string | null; readonly hearUntilMs?: number }
  /** `decideConfirmation`, or `holdForOutage`. Their evidence is in the facts. */
  | { readonly by: 'gates'; readonly atMs: number }
  /** `fenceFailed`: there was nothing to decide on, as the fact says. */
  | { readonly by: 'no-reading'; readonly atMs: number; readonly random: number }
  /** `decideFencing`. */
  | ({
      readonly by: 'power';
      readonly atMs: number;
      readonly random: number;
      /** Null where nothing depended on it, or a fact carries it. */
      readonly evidence: Evidence | null;
      /** Of its watchdog; absent where it never had one, or a device answered. */
      readonly lease?: WatchdogLease;
    } & ReadingBasis)
  /** `decideAfterPowerOff`. */
  | {
      readonly by: 'read-back';
      readonly atMs: number;
      readonly askedAtMs: number;
      /** The system that was powered off; older salvors did not ask for it. */
      readonly systemUuid?: string | null;
      readonly levels?: HostReading['levels'];
      readonly random: number;
      /** No other step was taken since the power-off: its answer is not merely recorded. */
      readonly current: boolean;
    }
  /** The answer to a request, which came behind the end of its incident: there is nothing to decide. */
  | { readonly by: 'late-answer'; readonly atMs: number }
  /** `decideForcingDown`; null: Nova knows no such service, absent: it did not answer. */
  | {
      readonly by: 'forcing-down';
      readonly atMs: number;
      readonly service?: Pick<ComputeService, 'state' | 'forcedDown'> | null;
      readonly random: number;
    }
  /** `planned` from the incident's tasks, or `planning-failed`. */
  | { readonly by: 'plan'; readonly atMs: number }
  /** `proofFault`. */
  | {
      readonly by: 'proof';
      readonly atMs: number;
      readonly service: Pick<ComputeService, 'forcedDown'> | null;
      readonly waiting: number;
    }
  /** `decideWake`. */
  | ({ readonly by: 'wake'; readonly atMs: number } & WakeBasis)
  /** What Nova answered to that, or to the next: the fact has it. */
  | { readonly by: 'reserved-answer'; readonly atMs: number }
  /** `lostAnswer`. */
  | { readonly by: 'reserved-lost'; readonly atMs: number; readonly reserved: string }
  /** `decideGiveBack`. */
  | { readonly by: 'give-back'; readonly atMs: number; readonly reserved: string; readonly seen: ReservedSeen }
  /** `closeIncident`, from the incident's tasks. */
  | { readonly by: 'end'; readonly atMs: number }
  /** `pause`, by a switch; in `evacuating` it depends on whether evacuations are in flight. */
  | { readonly by: 'halt'; readonly atMs: number; readonly inFlight: boolean }
  /** `deadlinePassed`. */
  | { readonly by: 'deadline'; readonly atMs: number }
  /** `decideOnIncident`. */
  | { readonly by: 'operator'; readonly atMs: number; readonly askedAtMs: number; readonly hasTasks: boolean }
  | CareBasis
  /** A timer's tick, which leaves no record. */
  | { readonly by: 'timer'; readonly atMs: number };

/** When the devices were asked, and what was known of the first; of all of them, where there are several. */
export interface ReadingBasis extends Bound {
  readonly askedAtMs: number;
  readonly devices?: readonly (readonly Bound[])[];
}

/** To which host a device's system is bound, and to which system the host is. */
export interface Bound {
  readonly boundTo: string | null;
  readonly boundSystem: string | null;
}

export type TaskBasis =
  /** `planTasks`. */
  | {
      readonly by: 'planning';
      readonly atMs: number;
      readonly server: RecordedServer;
      /** Absent: nothing beside the instance was asked. */
      readonly signs?: Signs;
      /** The largest priority of its group. Absent: it is in none. */
      readonly groupPriority?: number;
      readonly evacuation: RecordedMigration | null;
      readonly migration: RecordedMigration | null;
    }
  /** `settle`. */
  | ({ readonly by: 'look'; readonly atMs: number; readonly random: number } & TaskSight)
  /** `grant`, of this task alone. */
  | ({ readonly by: 'grant'; readonly atMs: number } & GrantBasis & TaskSight)
  /** `guestAnswer`: what Nova said of the instance, and why its guest did not answer; null: it did. */
  | {
      readonly by: 'guest';
      readonly atMs: number;
      readonly status: string | null;
      /** Where, such as `tcp 22 at 10.0.0.7`; null: there was nowhere to ask. */
      readonly asked: string | null;
      readonly silent: string | null;
    }
  /** `decideEvacuate`: the instance as it was read right before; null: it is gone. */
  | {
      readonly by: 'request';
      readonly atMs: number;
      readonly server: RecordedServer | null;
      /** Why nothing is asked of Nova, whatever the instance is like: salvor is switched off, or it could not be read. */
      readonly hindered: string | null;
      /** The snapshot that it was to be restarted from. */
      readonly snapshotGone?: true;
    }
  /** `lookAtRestoring`, or `decideRestoreRequest`. */
  | { readonly by: 'restore-look' | 'restore-request'; readonly atMs: number; readonly sight: RestoreSight }
  /** `foldRestoreAnswer`. */
  | { readonly by: 'restore-answer'; readonly atMs: number; readonly random: number }
  /** `handOver`. */
  | { readonly by: 'hand-over'; readonly atMs: number }
  /** `foldAnswer`. */
  | { readonly by: 'answer'; readonly atMs: number; readonly random: number };

export type InstanceBasis =
  /** `decideInstanceReports`. The segment by the inventory mirror. */
  | { readonly by: 'instance-reports'; readonly atMs: number; readonly segment: string | null }
  /** `decideInstance` or `settleInstance`, by the status of its incident. */
  | {
      readonly by: 'instance-look';
      readonly atMs: number;
      readonly sight: InstanceSight | { readonly outage: string };
    }
  /** `foldInstanceAnswer`. */
  | { readonly by: 'instance-answer'; readonly atMs: number; readonly random: number };

export type ProcessBasis =
  /** `decideProcessReports`. The segment by the inventory mirror. */
  | { readonly by: 'process-reports'; readonly atMs: number; readonly segment: string | null }
  /** `decideProcess`. */
  | {
      readonly by: 'process-look';
      readonly atMs: number;
      readonly random: number;
      readonly sight: ProcessSight | { readonly outage: string };
    }
  /** What Nova, or the fence worker, answered. */
  | { readonly by: 'process-answer'; readonly atMs: number };

export interface GrantBasis {
  readonly forcedDown: boolean;
  readonly migration: RecordedMigration | null;
  /** Evacuations in flight before this one: of the incident, and of others. */
  readonly inFlight: number;
  readonly inFlightElsewhere: number;
  /** Those that must be up before it. Absent: there are none. */
  readonly tiers?: readonly TierSummary[];
  /** The destination that was taken and the next best, as they were; of those that would not do, one of each kind. */
  readonly candidates: readonly Candidate[];
  /** So many of its size the hosts had room for. Absent: it was not looked at. */
  readonly places?: number;
  /** The same of reserved hosts that were disabled. Absent: there were none. */
  readonly asleep?: readonly Candidate[];
  /** Its server group, as it was when its turn came. Absent: it is in none. */
  readonly group?: PlacedGroup;
}

/** As it stands in the log, with the first record of each stream that the decision wrote to. */
export type RecordedBasis = Basis & {
  /** Of the item that was written: a host's decisions are in this order, whatever their streams and clocks. */
  readonly version: number;
  /** The policy it was decided under: its stream holds it. */
  readonly policy: string;
  /** For a task: the version of its host that was read. */
  readonly host?: number;
};
