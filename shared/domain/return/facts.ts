import type { PowerReading } from '#shared/ports.ts';
import type { AskedFor, Check, Quarantine, ReturnOutcome, ServiceChange } from './returning.ts';

/** What may be said of a host on its way back. Each fact is one audit record of the host's stream. */
export type ReturnFact =
  | {
      readonly type: 'return-opened';
      readonly returnId: string;
      readonly segment: string | null;
      readonly incidentId: string | null;
      readonly because: string;
      readonly askedFor: AskedFor | null;
      readonly persons: number;
      readonly quarantine: Quarantine | null;
      readonly atMs: number;
    }
  | ({ readonly type: 'return-asked'; readonly returnId: string; readonly atMs: number } & AskedFor)
  | {
      readonly type: 'return-waits';
      readonly returnId: string;
      readonly checks: readonly Check[];
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  /** The same checks, with the numbers of now. */
  | { readonly type: 'return-still-waits'; readonly shut: readonly Check[]; readonly nextLookAtMs: number }
  | {
      readonly type: 'power-on-intended';
      readonly returnId: string;
      readonly attempt: number;
      /** Of the fencing levels, from 0; absent where there is one. */
      readonly level?: number;
      readonly device: string;
      readonly checks: readonly Check[];
      readonly atMs: number;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'power-on-answered';
      readonly returnId: string;
      readonly attempt: number;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly durationMs: number;
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  /** What the power is read as after a request whose answer nobody has recorded. */
  | {
      readonly type: 'power-on-found';
      readonly returnId: string;
      readonly power: PowerReading['power'];
      readonly detail: string;
      readonly atMs: number;
    }
  /** It reads on since that request was answered: so often as it was switched on at most. */
  | {
      readonly type: 'power-on-proven';
      readonly returnId: string;
      readonly attempt: number;
      readonly systemUuid: string | null;
      readonly detail: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'return-proving';
      readonly returnId: string;
      readonly checks: readonly Check[];
      readonly atMs: number;
      readonly nextLookAtMs: number;
    }
  /** All is as it was. */
  | { readonly type: 'return-goes-on'; readonly shut: readonly Check[]; readonly nextLookAtMs: number }
  | {
      readonly type: 'going-home-began';
      readonly returnId: string;
      readonly incidentId: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'home-left-out';
      readonly returnId: string;
      readonly instanceId: string;
      readonly because: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'return-ended';
      readonly returnId: string;
      readonly outcome: ReturnOutcome;
      readonly because: string;
      /** What was asked for, and nobody knows what became of it. */
      readonly unsettled: 'power-on' | 'live-migrate' | ServiceChange | null;
      readonly atMs: number;
    };

/** A change of the compute service in Nova, by the return or the maintenance of this id. */
export type ServiceFact =
  | {
      readonly type: 'service-change-intended';
      readonly of: string;
      readonly change: ServiceChange;
      readonly serviceId: string;
      /** Of a disable. */
      readonly reason?: string;
      readonly checks: readonly Check[];
      readonly atMs: number;
      readonly dueAtMs: number;
    }
  | {
      readonly type: 'service-change-answered';
      readonly of: string;
      readonly change: ServiceChange;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  /** Nova itself says so. */
  | {
      readonly type: 'service-changed';
      readonly of: string;
      readonly change: ServiceChange;
      readonly state: string;
      readonly atMs: number;
      /** Of a disable: what was written, which is how salvor knows it again. */
      readonly reason?: string;
    }
  | {
      readonly type: 'service-change-failed';
      readonly of: string;
      readonly change: ServiceChange;
      readonly because: string;
      readonly retryAtMs: number;
    };
