import type { Head } from './audit.ts';
import type { GateName, GateResult } from './gates/gate.ts';
import type { ReservedUses } from './reserved-hosts.ts';

/** That H is off, for this very incident (S1). */
export interface FenceProof {
  /**
   * `power-off-read-back`: from its own device. `operator-confirmation`: no device of it answers, and people have
   * confirmed by name that it is off. `watchdog`: none answers, and its hardware watchdog must have reset it by now.
   */
  readonly kind: 'power-off-read-back' | 'operator-confirmation' | 'watchdog';
  readonly systemUuid: string | null;
  /** When the devices were asked, not when they answered: none has said on since. */
  readonly readAtMs: number;
  /** The first reading of an unbroken row of off; a renewed proof keeps it. A later up contradicts the device. */
  readonly offSinceMs: number;
  readonly detail: string;
}

/** An operator lets a held host go on although these gates are closed: for this incident, and for a while. */
export interface Release {
  readonly by: string;
  readonly reason: string;
  readonly gates: readonly GateName[];
  readonly atMs: number;
  readonly untilMs: number;
}

interface IncidentBase {
  readonly id: string;
  readonly segment: string;
  readonly openedAtMs: number;
  /** Counts the steps taken; a step command with another tick is a repeat. */
  readonly tick: number;
  /** When the next step is due, at the earliest. */
  readonly dueAtMs: number;
  /** Gates that an operator has released for this incident. */
  readonly release: Release | null;
  /** Why the next thing is not asked of the outside now: the segment or all of salvor is disarmed, or the segment stopped. */
  readonly pausedBy: string | null;
  readonly audit: Head;
  /** Its kernel was said to write a dump. */
  readonly dumping?: Dumping;
  /** Reserved hosts that were enabled for it, by their names. */
  readonly reserved?: ReservedUses;
  /** People say that it is off. */
  readonly offConfirmed?: OffConfirmed;
  /** When it was seen up last since it opened, whatever whoever saw it has said since; without what a person has overruled. */
  readonly seenUpAtMs?: number;
}

/** That a host is off, by the word of as many people as the policy asks for. */
export interface OffConfirmed {
  readonly by: readonly string[];
  /** Of each of them; absent where it is told of none. */
  readonly senders?: readonly (string | null)[];
  readonly reason: string;
  /** Of the last of them. */
  readonly atMs: number;
  /** As many as the policy asks for. */
  readonly complete: boolean;
  /** What has contradicted it, once and for all: whoever said up may say down again, and a device fall silent. */
  readonly refutedBy?: string;
}

/** By our clock: when a packet of its kdump came first, and last. */
export interface Dumping {
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** Somebody says that the host is down; the grace period runs. */
export interface Suspected extends IncidentBase {
  readonly status: 'suspected';
  readonly graceEndsAtMs: number;
}
/** The grace period is over but a gate says no; asked again until it opens or the host is up. */
export interface Held extends IncidentBase {
  readonly status: 'held';
  readonly sinceMs: number;
  readonly failedGates: readonly GateResult[];
  /** Power-off requests that were sent before the gate closed; the host was on afterwards. */
  readonly powerOffs: number;
}
/** The host is being powered off, or its power is being read again; no evacuation may leave. */
export interface Fencing extends IncidentBase {
  readonly status: 'fencing';
  readonly confirmedAtMs: number;
  /** Power-off requests whose intent was committed. Once there is one, the host may be off. */
  readonly powerOffs: number;
  readonly failures: number;
  readonly lastFailure: string | null;
  /** The fencing level that is tried next, from 0; absent: the first. */
  readonly level?: number;
  /** So often this level was asked and has not fenced it, while it has attempts left. */
  readonly tries?: number;
  /** Why an earlier proof does not count any more. */
  readonly proofVoidedBy: string | null;
  /** Its `offSinceMs` goes on while the device keeps saying off. */
  readonly earlierProof: FenceProof | null;
  /** Null before the first plan. */
  readonly evacuatingSinceMs: number | null;
}
/** The power is proven off; Nova is being told. */
export interface ForcingDown extends IncidentBase {
  readonly status: 'forcing-down';
  readonly confirmedAtMs: number;
  readonly powerOffs: number;
  readonly proof: FenceProof;
  readonly failures: number;
  readonly lastFailure: string | null;
  readonly evacuatingSinceMs: number | null;
}
/** Proven off and forced down; the evacuation tasks are being written. */
export interface Planning extends IncidentBase {
  readonly status: 'planning';
  readonly confirmedAtMs: number;
  readonly powerOffs: number;
  readonly proof: FenceProof;
  readonly evacuatingSinceMs: number | null;
}
/** Only in this status may an evacuate request leave. */
export interface Evacuating extends IncidentBase {
  readonly status: 'evacuating';
  readonly confirmedAtMs: number;
  readonly powerOffs: number;
  readonly proof: FenceProof;
  /** Since the first plan: a renewed proof does not start it anew, so that the deadline comes. */
  readonly evacuatingSinceMs: number;
}
/** What has no outcome yet is handed to a person: the deadline is over, or an operator has dismissed the incident. */
export interface HandingOver extends IncidentBase {
  readonly status: 'handing-over';
  readonly reason: string;
  readonly dismissed: boolean;
}
/** Something contradicts itself; salvor does nothing more until a person has looked, and releases or dismisses it. */
export interface Stopped extends IncidentBase {
  readonly status: 'stopped';
  readonly reason: string;
  readonly powerOffs: number;
  /** The proof from before the contradiction: Nova may have been told of it. */
  readonly proof: FenceProof | null;
  readonly evacuatingSinceMs: number | null;
}

export type Incident = Suspected | Held | Fencing | ForcingDown | Planning | Evacuating | HandingOver | Stopped;
export type IncidentStatus = Incident['status'];

export type IncidentOutcome =
  /** The host was up again, or nobody says any more that it is down. Nothing was done to it. */
  | 'stood-down'
  /** An operator has closed it: nothing more is done. */
  | 'dismissed'
  /** A shadow segment: it would have been fenced. */
  | 'shadow'
  /** Every protected instance runs elsewhere, or was gone by its owner's own doing. */
  | 'recovered'
  /** Some instances could not be brought back, or wait for a person; the audit says which and why. */
  | 'partly-recovered';
