import type { Head } from '../audit.ts';
import type { InstanceReason } from './reasons.ts';

/** An instance that was reported down on a host that lives, and at most one open incident of it. Times are Unix ms. */
export interface InstanceState {
  /** UUID of the server. */
  readonly id: string;
  /** What its reporters said last, each. */
  readonly claims: Readonly<Record<string, InstanceClaim>>;
  readonly incident: InstanceIncident | null;
  readonly lastIncident: { readonly id: string; readonly endedAtMs: number; readonly outcome: InstanceOutcome } | null;
  /** The newest restarts and moves that were asked for, oldest first. */
  readonly acted: readonly { readonly action: InstanceAction; readonly atMs: number }[];
  /** The newest events, so that a repeat is told. */
  readonly seenEvents: readonly string[];
  /** Head of its audit stream, which holds all its incidents. */
  readonly audit: Head;
}

export interface InstanceClaim {
  readonly reason: InstanceReason;
  /** By the reporter's clock. */
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
}

export type InstanceAction = 'restart' | 'move';

/** Requests to Nova, each of which has an intent and an outcome on record. */
export type Ask = 'reboot' | 'reset-state' | 'migrate' | 'confirm-resize' | 'live-migrate';

export interface InstanceRequest {
  readonly ask: Ask;
  /** Counts the requests of the incident. */
  readonly number: number;
  readonly action: InstanceAction;
  /** Where the instance was then. */
  readonly host: string;
  /** The newest action that Nova knew of it: what is newer is this request's. */
  readonly lastActionId: string | null;
  /** Of the beginning of a move: the host asked for; null leaves it to Nova's scheduler. */
  readonly destination?: string | null;
}

/** Why nothing is asked of Nova now. */
export interface Hold {
  readonly hold: HoldName;
  readonly because: string;
}

export type HoldName =
  | 'sources'
  | 'host-incident'
  | 'host-service'
  | 'nova-answers'
  | 'no-effect'
  | 'task'
  | 'armed'
  | 'destination'
  | 'segment-not-stopped'
  | 'host-storm'
  | 'segment-storm';

interface Base {
  readonly id: string;
  readonly segment: string;
  /** Where it was reported. */
  readonly host: string;
  readonly hostKey: string;
  readonly openedAtMs: number;
  /** Counts the steps taken; a command with another tick is a repeat. */
  readonly tick: number;
  readonly dueAtMs: number;
  /** Requests whose intent was committed. */
  readonly requests: number;
  /** Requests that had no effect, in a row. */
  readonly failures: number;
  /** Of a move that is under way: the request that had its effect last. */
  readonly moved: Ask | null;
  /** Hosts that Nova would not move it to, which are not asked for again. Absent: none. */
  readonly refusedBy?: readonly string[];
}

/** Somebody says that it is down; the time to confirm it runs. */
export interface Suspected extends Base {
  readonly status: 'suspected';
}
/** Something keeps salvor from acting on it now; asked again. */
export interface Held extends Base {
  readonly status: 'held';
  readonly sinceMs: number;
  readonly holds: readonly Hold[];
}
/** The intent is committed; the request may have been sent. */
export interface Requested extends Base {
  readonly status: 'requested';
  readonly request: InstanceRequest;
  readonly askedAtMs: number;
}
/** Nova said yes, or has the action on record; its effect is waited for. */
export interface Accepted extends Base {
  readonly status: 'accepted';
  readonly request: InstanceRequest;
  readonly askedAtMs: number;
}
/** Nobody knows whether Nova took it: the instance and its actions will tell. */
export interface Unknown extends Base {
  readonly status: 'unknown';
  readonly request: InstanceRequest;
  readonly askedAtMs: number;
}

export type InstanceIncident = Suspected | Held | Requested | Accepted | Unknown;
export type InstanceStatus = InstanceIncident['status'];

export type InstanceOutcome =
  /** It was restarted where it is, and Nova has it active. */
  | 'restarted'
  /** It was brought to another host, and Nova has it active. */
  | 'moved'
  /** Its owner has it so, or it is not salvor's to touch; the reason says why. */
  | 'left'
  /** Too few sources said so. */
  | 'stood-down'
  /** The incident of its host has it in hand. */
  | 'taken-over'
  /** A shadow segment: it would have been acted on. */
  | 'shadow'
  /** A person must look; the reason says why. */
  | 'person';

/** What may be said of an instance. Each fact is one record of its stream, but for the silent ones. */
export type InstanceFact =
  | {
      readonly type: 'instance-reported';
      readonly reporter: string;
      readonly source?: string;
      readonly eventId: string;
      readonly event: string;
      readonly reason: InstanceReason;
      readonly occurredAtMs: number;
      readonly receivedAtMs: number;
      readonly host: string;
      readonly hostKey: string;
    }
  | {
      readonly type: 'instance-incident-opened';
      readonly incidentId: string;
      readonly instanceId: string;
      readonly segment: string;
      readonly host: string;
      readonly hostKey: string;
      readonly because: string;
      readonly atMs: number;
      readonly confirmUntilMs: number;
    }
  | { readonly type: 'instance-waited'; readonly untilMs: number }
  | {
      readonly type: 'instance-held';
      readonly holds: readonly Hold[];
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  | { readonly type: 'instance-still-held'; readonly holds: readonly Hold[]; readonly nextLookAtMs: number }
  | {
      readonly type: 'instance-request-intended';
      readonly request: InstanceRequest;
      readonly because: string;
      readonly atMs: number;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'instance-request-answered';
      readonly ask: Ask;
      readonly number: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly httpStatus: number | null;
      readonly requestId: string | null;
      readonly durationMs: number;
      readonly atMs: number;
      /** When it is looked at again. */
      readonly nextLookAtMs: number;
    }
  | { readonly type: 'instance-watched'; readonly nextLookAtMs: number }
  /** Nova has the action on record, though its answer was not heard. */
  | { readonly type: 'instance-request-found'; readonly requestId: string; readonly atMs: number }
  /** Its function has died, or nothing shows after the time to settle: it had no effect. */
  | { readonly type: 'instance-request-lost'; readonly because: string; readonly atMs: number }
  | { readonly type: 'instance-answer-missing'; readonly because: string; readonly atMs: number }
  | { readonly type: 'instance-request-done'; readonly ask: Ask; readonly atMs: number }
  | {
      readonly type: 'instance-request-failed';
      readonly ask: Ask;
      readonly because: string;
      /** It is where it was, and as it was: another host than this may take it. */
      readonly refusedBy?: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'instance-incident-closed';
      readonly outcome: InstanceOutcome;
      readonly because: string;
      /** Where it is now; null when it is nowhere. */
      readonly host: string | null;
      readonly atMs: number;
    };

const SILENT: ReadonlySet<string> = new Set<InstanceFact['type']>([
  'instance-waited',
  'instance-still-held',
  'instance-watched',
]);
/** They move the state on, but decide nothing and are no news for the audit. */
export const isSilentInstanceFact = ({ type }: InstanceFact): boolean => SILENT.has(type);
