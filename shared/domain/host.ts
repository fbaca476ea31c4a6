import { FIRST, type Head } from './audit.ts';
import type { Evidence } from './gates/evidence.ts';
import type { GateResult } from './gates/gate.ts';

/** A host, what its reporters say of it, and at most one open incident (S3), in the same item. Times are Unix ms. */
export interface HostState {
  /** `cloud/region/compute service UUID`. */
  readonly key: string;
  readonly cloud: string;
  readonly region: string;
  /** Nova's service host name, for people and for Nova's filters. */
  readonly name: string;
  readonly serviceId: string;
  /** The newest word of each reporter. */
  readonly claims: Readonly<Record<string, Claim>>;
  readonly incident: Incident | null;
  readonly lastIncident: { readonly id: string; readonly endedAtMs: number; readonly outcome: IncidentOutcome } | null;
  /** The latest events that are recorded only, by `recordedId`, so that a repeat is told. */
  readonly recordedEvents: readonly string[];
  /** Head of the host's audit stream. */
  readonly audit: Head;
}

export interface Claim {
  readonly says: 'down' | 'up';
  /** By the reporter's clock. */
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
}

/** That H is powered off, from its own device, for this very incident (S1). */
export interface FenceProof {
  readonly kind: 'power-off-read-back';
  readonly systemUuid: string | null;
  /** When the device was asked, not when it answered. */
  readonly readAtMs: number;
  /** The first reading of an unbroken row of off; a renewed proof keeps it. A later up contradicts the device. */
  readonly offSinceMs: number;
  readonly detail: string;
}

interface IncidentBase {
  readonly id: string;
  readonly segment: string;
  readonly openedAtMs: number;
  /** Counts the steps taken; a step command with another tick is a repeat. */
  readonly tick: number;
  /** When the next step is due, at the earliest. */
  readonly dueAtMs: number;
  readonly audit: Head;
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
}
/** The host is being powered off, or its power is being read again; no evacuation may leave. */
export interface Fencing extends IncidentBase {
  readonly status: 'fencing';
  readonly confirmedAtMs: number;
  /** Power-off requests whose intent was committed. Once there is one, the host may be off. */
  readonly powerOffs: number;
  readonly failures: number;
  readonly lastFailure: string | null;
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
/** Something contradicts itself; salvor does nothing more until a person has looked. */
export interface Stopped extends IncidentBase {
  readonly status: 'stopped';
  readonly reason: string;
  readonly proof: FenceProof | null;
}

export type Incident = Suspected | Held | Fencing | ForcingDown | Planning | Evacuating | Stopped;
export type IncidentStatus = Incident['status'];

export type IncidentOutcome =
  /** The host was up again, or nobody says any more that it is down. Nothing was done to it. */
  | 'stood-down'
  /** A shadow segment: it would have been fenced. */
  | 'shadow'
  /** Every protected instance runs elsewhere, or was gone by its owner's own doing. */
  | 'recovered'
  /** Some instances could not be brought back, or wait for a person; the audit says which and why. */
  | 'partly-recovered';

/** What may be said of a host. Each fact is one audit record. */
export type HostFact = ReportFact | IncidentFact;

/** Goes to the host's own stream. */
export type ReportFact =
  | {
      readonly type: 'reported';
      readonly reporter: string;
      readonly says: 'down' | 'up';
      readonly eventId: string;
      readonly eventType: string;
      readonly occurredAtMs: number;
      readonly receivedAtMs: number;
      readonly reason: string | null;
      /** Events of this batch that said nothing new. */
      readonly repeats: number;
    }
  | {
      readonly type: 'not-believed';
      readonly reporter: string;
      readonly eventId: string;
      readonly eventType: string;
      readonly occurredAtMs: number;
      readonly because: string;
    }
  | {
      readonly type: 'recorded';
      readonly reporter: string;
      readonly eventId: string;
      readonly eventType: string;
      readonly occurredAtMs: number;
      readonly about: string;
    };

/** Goes to the incident's stream. */
export type IncidentFact =
  | {
      readonly type: 'incident-opened';
      readonly incidentId: string;
      readonly segment: string;
      readonly host: string;
      readonly hostKey: string;
      readonly atMs: number;
      readonly graceEndsAtMs: number;
      readonly because: string;
    }
  | { readonly type: 'grace-went-on'; readonly untilMs: number }
  | {
      readonly type: 'held';
      readonly gates: readonly GateResult[];
      /** Null when nothing could be read: Nova did not answer. */
      readonly evidence: Evidence | null;
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  | {
      readonly type: 'still-held';
      /** The same gates with the numbers of now. */
      readonly failedGates: readonly GateResult[];
      readonly nextLookAtMs: number;
    }
  | {
      readonly type: 'confirmed';
      readonly gates: readonly GateResult[];
      readonly evidence: Evidence;
      readonly atMs: number;
    }
  | {
      readonly type: 'power-read';
      readonly power: 'on' | 'off' | 'unknown';
      readonly systemUuid: string | null;
      readonly detail: string;
      readonly durationMs: number;
    }
  | {
      readonly type: 'power-off-intended';
      readonly attempt: number;
      readonly device: string;
      readonly checks: readonly GateResult[];
      readonly evidence: Evidence;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'power-off-answered';
      readonly attempt: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly durationMs: number;
    }
  | { readonly type: 'fence-failed'; readonly because: string; readonly retryAtMs: number }
  | { readonly type: 'proof-made'; readonly proof: FenceProof; readonly atMs: number }
  | { readonly type: 'proof-voided'; readonly because: string; readonly atMs: number }
  | { readonly type: 'force-down-intended'; readonly serviceId: string; readonly dueAtMs: number }
  | {
      readonly type: 'force-down-answered';
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  | { readonly type: 'force-down-failed'; readonly because: string; readonly retryAtMs: number }
  | { readonly type: 'forced-down'; readonly state: string; readonly atMs: number }
  | { readonly type: 'planning-failed'; readonly because: string; readonly retryAtMs: number }
  | {
      readonly type: 'planned';
      readonly instances: number;
      readonly toEvacuate: number;
      readonly leftAlone: number;
      readonly atMs: number;
    }
  | { readonly type: 'followed'; readonly nextLookAtMs: number }
  | { readonly type: 'stopped'; readonly because: string; readonly atMs: number }
  | {
      readonly type: 'incident-closed';
      readonly outcome: IncidentOutcome;
      readonly because: string;
      readonly atMs: number;
      /** Instances by outcome. */
      readonly counts: Readonly<Record<string, number>>;
      /** One hash over the heads of all task streams in the order of their names: a cut tail shows. */
      readonly taskHeads: string | null;
      /** What a decision to leave the host alone was made on; null when reports or tasks ended the incident. */
      readonly evidence: Evidence | null;
    };

/** Claims of a timer's tick: they move the state on, but decide nothing and are no news for the audit. */
const SILENT_FACTS: ReadonlySet<string> = new Set<IncidentFact['type']>(['grace-went-on', 'still-held', 'followed']);
export const isSilentFact = (fact: HostFact): boolean => SILENT_FACTS.has(fact.type);

const REPORT_FACTS: ReadonlySet<string> = new Set<ReportFact['type']>(['reported', 'not-believed', 'recorded']);
export const isReportFact = (fact: HostFact): fact is ReportFact => REPORT_FACTS.has(fact.type);

export function newHost(identity: Pick<HostState, 'key' | 'cloud' | 'region' | 'name' | 'serviceId'>): HostState {
  return { ...identity, claims: {}, incident: null, lastIncident: null, recordedEvents: [], audit: FIRST };
}

/** `source` and `id` together name an event (CloudEvents 1.0). */
export const recordedId = (reporter: string, eventId: string): string => `${reporter} ${eventId}`;

export const hostKeyOf = (cloud: string, region: string, serviceId: string): string =>
  `${cloud}/${region}/${serviceId}`;
