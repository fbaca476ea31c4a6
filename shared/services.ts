import type { Policy } from '#shared/domain/policy.ts';
import type { TrustedSenders } from '#shared/domain/reporter.ts';
import type {
  Chance,
  Clock,
  CloudAccess,
  Compute,
  Fencing,
  Guests,
  LocalRestart,
  Notifier,
  Outbox,
  StateStore,
} from '#shared/ports.ts';

/** Structured log lines; the fields never hold a secret. */
export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** What a function is given. Built once per process: from the environment in a Lambda, from files at one site. */
export interface Services {
  readonly state: StateStore;
  readonly outbox: Outbox;
  readonly compute: Compute;
  readonly fencing: Fencing;
  readonly localRestart: LocalRestart;
  readonly guests: Guests;
  /** Absent where there is no cloud to get into, as in simulations. */
  readonly access?: CloudAccess;
  /** Absent where nobody is to be told: `notify` then does nothing. */
  readonly notifier?: Notifier;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly policy: Policy;
  /** Of the queue `host-events`. */
  readonly trustedSenders: TrustedSenders;
  readonly log: Log;
}

/** A message of a queue that was parsed and is of the queue's schema. */
export interface Delivery<T> {
  readonly message: T;
  /** It was received before: whoever had it then may have died between two steps. */
  readonly redelivered: boolean;
  /** When it came into the queue, in Unix ms. */
  readonly sentAtMs: number;
  /** Who sent it, as SQS knows; absent where it tells none. */
  readonly senderId?: string;
}
