import { FIRST, type Head } from './audit.ts';
import { type CareFact, isCareFact } from './care.ts';
import type { HostReading } from './fence-levels.ts';
import type { Evidence } from './gates/evidence.ts';
import type { GateResult } from './gates/gate.ts';
import type { FenceProof, Incident, IncidentOutcome, Release } from './incident.ts';
import type { Maintenance } from './maintenance/maintenance.ts';
import type { ReservedFact } from './reserved-hosts.ts';
import type { LastReturn, Ours, Returning } from './return/returning.ts';

export type * from './incident.ts';

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
  readonly lastIncident: LastIncident | null;
  /** On its way back; absent: it is not, as it is while an incident is open. */
  readonly returning?: Returning | null;
  readonly lastReturn?: LastReturn;
  /** Planned work on it. */
  readonly maintenance?: Maintenance | null;
  /** What salvor has done to its service in Nova and not undone. */
  readonly ours?: Ours;
  /** The latest events that are recorded only, by `recordedId`, so that a repeat is told. */
  readonly recordedEvents: readonly string[];
  /** Head of the host's audit stream. */
  readonly audit: Head;
}

export interface LastIncident {
  readonly id: string;
  readonly endedAtMs: number;
  readonly outcome: IncidentOutcome;
  /** Reporters who said down when an operator dismissed it: that they go on saying so is no news. */
  readonly knownDown?: readonly string[];
}

export interface Claim {
  readonly says: 'down' | 'up';
  /** By the reporter's clock. */
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  /** An up that an operator has found to be wrong, by releasing a stopped incident. */
  readonly overruled?: true;
  /** When it changed its word, the last few times. */
  readonly turnedAtMs?: readonly number[];
}

/** What may be said of a host. Each fact is one audit record. */
export type HostFact = ReportFact | LateAnswer | CareFact | IncidentFact;

/** Goes to the host's own stream. */
export type ReportFact =
  | {
      readonly type: 'reported';
      readonly reporter: string;
      /** What the event calls its own source, where that is not whose word it is. For people. */
      readonly source?: string;
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
      readonly source?: string;
      readonly eventId: string;
      readonly eventType: string;
      readonly occurredAtMs: number;
      readonly because: string;
    }
  | {
      readonly type: 'recorded';
      readonly reporter: string;
      readonly source?: string;
      readonly eventId: string;
      readonly eventType: string;
      readonly occurredAtMs: number;
      readonly about: string;
    };

/** What a device or Nova answered to a request of an incident that has ended meanwhile. Goes to the host's own stream. */
export interface LateAnswer {
  readonly type: 'answered-late';
  readonly incidentId: string;
  readonly answered: IncidentFact;
}

/** The host is said to write a dump while its power-off is not decided yet, or not sent. */
export interface DumpSeen {
  readonly type: 'dump-seen';
  readonly reporter: string;
  readonly source?: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
}

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
  | DumpSeen
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
      /** Of what was asked for before the step that found it, and kept: when. */
      readonly askedAtMs?: number;
      /** A device is being asked still. */
      readonly pending?: true;
      /** Device by device, of a host with several. */
      readonly levels?: HostReading['levels'];
    }
  | {
      readonly type: 'power-off-intended';
      readonly attempt: number;
      /** Of the fencing levels, from 0; absent where there is one. */
      readonly level?: number;
      readonly device: string;
      readonly checks: readonly GateResult[];
      readonly evidence: Evidence;
      readonly dueAtMs: number;
      /** Where a fence agent is asked that runs on behind its call: it may cut the power until then, whatever is read. */
      readonly mayRunUntilMs?: number;
    }
  | {
      readonly type: 'power-off-answered';
      readonly attempt: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly durationMs: number;
    }
  | {
      readonly type: 'fence-failed';
      readonly because: string;
      readonly retryAtMs: number;
      /** The fencing level that is tried next; absent where there is one. */
      readonly level?: number;
      /** So often that level was tried by now; absent: its attempts begin anew. */
      readonly tries?: number;
    }
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
  | ReservedFact
  | { readonly type: 'followed'; readonly nextLookAtMs: number }
  | { readonly type: 'paused'; readonly because: string; readonly atMs: number; readonly nextLookAtMs: number }
  | { readonly type: 'still-paused'; readonly nextLookAtMs: number }
  | ({ readonly type: 'released'; readonly commandId: string } & Release)
  | {
      readonly type: 'off-confirmed';
      readonly commandId: string;
      readonly by: string;
      readonly reason: string;
      readonly atMs: number;
      /** All whose word counts now, this one's last. */
      readonly names: readonly string[];
      /** Who has sent each of them, where that is told: `senderOfCommand`. Absent where it is of none. */
      readonly senders?: readonly (string | null)[];
      /** As many as the policy asks for. */
      readonly complete: boolean;
    }
  | {
      readonly type: 'dismissed';
      readonly commandId: string;
      readonly by: string;
      readonly reason: string;
      /** What salvor has done to the host, for whoever goes on by hand. */
      readonly done: string;
      readonly atMs: number;
    }
  | { readonly type: 'deadline-passed'; readonly because: string; readonly atMs: number }
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
const SILENT_FACTS: ReadonlySet<string> = new Set<HostFact['type']>([
  'grace-went-on',
  'still-held',
  'followed',
  'still-paused',
  'return-still-waits',
  'return-goes-on',
  'maintenance-looked',
]);
export const isSilentFact = (fact: HostFact): boolean => SILENT_FACTS.has(fact.type);

const REPORT_FACTS: ReadonlySet<string> = new Set<(ReportFact | LateAnswer)['type']>([
  'reported',
  'not-believed',
  'recorded',
  'answered-late',
]);
export const isReportFact = (fact: HostFact): fact is ReportFact | LateAnswer => REPORT_FACTS.has(fact.type);

/** Whether it goes to the host's own stream; all else goes to its incident's. */
export const isOfHostStream = (fact: HostFact): fact is ReportFact | LateAnswer | CareFact =>
  isReportFact(fact) || isCareFact(fact);

export function newHost(identity: Pick<HostState, 'key' | 'cloud' | 'region' | 'name' | 'serviceId'>): HostState {
  return { ...identity, claims: {}, incident: null, lastIncident: null, recordedEvents: [], audit: FIRST };
}

/** `source` and `id` together name an event (CloudEvents 1.0). */
export const recordedId = (reporter: string, eventId: string): string => `${reporter} ${eventId}`;

export const hostKeyOf = (cloud: string, region: string, serviceId: string): string =>
  `${cloud}/${region}/${serviceId}`;
