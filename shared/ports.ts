/**
 * What the functions need of the outside, one page. Each port has one contract suite in `test/contracts/`
 * that every adapter passes, the fakes included.
 */
import type { QueueMessage } from '#events/catalog.ts';

/** A JSON value as it is stored and sent: no `undefined`, no dates, no functions. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

// ------------------------------------------------------------------------------------------------ state

/** Where an item lives. Items of one partition can be read in the order of `sort` (byte order, ASCII only). */
export interface ItemKey {
  readonly partition: string;
  readonly sort: string;
}

export interface StoredItem extends ItemKey {
  /** Starts at 1 and grows by 1 with each write. */
  readonly version: number;
  readonly body: JsonObject;
  /** When somebody must look at this item again if nothing else has happened, in whole Unix ms. Read by `due`. */
  readonly dueAtMs?: number;
  /** When the item may be forgotten, in whole Unix ms (DynamoDB TTL: some days late is normal). */
  readonly expiresAtMs?: number;
}

/** `absent`: no such item may exist. A number: the item must exist with just this version. */
export type Expectation = 'absent' | number;

export type StateWrite =
  /** Writes the item with version 1 (`absent`) or `expect + 1`. Without `dueAtMs` the item leaves the due index. */
  | ({ readonly kind: 'put'; readonly expect: Expectation } & Omit<StoredItem, 'version'>)
  | ({ readonly kind: 'delete'; readonly expect: number } & ItemKey)
  /** Writes nothing, but the transaction fails unless the expectation holds. */
  | ({ readonly kind: 'check'; readonly expect: Expectation } & ItemKey)
  /** Adds a record to the audit log. It must be new; nothing in the log is ever changed or deleted. */
  | ({ readonly kind: 'append'; readonly body: JsonObject } & ItemKey);

export interface Page {
  readonly items: readonly StoredItem[];
  /** Pass as `after` to go on; absent on the last page. */
  readonly next?: string;
}

export interface QueryOptions {
  /** Only items whose sort key starts with this. */
  readonly prefix?: string;
  /** Go on behind this sort key. */
  readonly after?: string;
  /** Items per page at most; default 500. A page may be shorter (DynamoDB ends it at 1 MB). */
  readonly limit?: number;
}

/**
 * The durable state of the pipeline. Every read of `get` and `query` is strongly consistent.
 * The limits of DynamoDB hold for every adapter: see `shared/state/limits.ts`.
 */
export interface StateReader {
  get(key: ItemKey): Promise<StoredItem | undefined>;
  query(partition: string, options?: QueryOptions): Promise<Page>;
  /** The same as `query`, over the audit log. */
  queryAudit(partition: string, options?: QueryOptions): Promise<Page>;
  /** Items whose `dueAtMs` is at or before `beforeMs`, earliest first. May lag behind writes by seconds. */
  due(beforeMs: number, limit: number): Promise<readonly StoredItem[]>;
}

export interface StateStore extends StateReader {
  /**
   * All or nothing. At most one write per item; nothing to write is fine.
   * @throws ConflictError when an expectation does not hold; nothing was written.
   * @throws LimitError when the transaction breaks a limit of DynamoDB; nothing was written.
   * @throws RetryableError when the store is throttled or out of reach; it may or may not have been written.
   */
  transact(writes: readonly StateWrite[]): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ queues

export interface OutgoingMessage {
  readonly message: QueueMessage;
  /** 0 to 900 s (the limit of SQS). */
  readonly delaySeconds: number;
}

export interface Outbox {
  /**
   * Resolves when every message is safely in its queue.
   * @throws RetryableError when one may not be; all may be sent again, since receivers tell repeats.
   * @throws LimitError when one is larger or later than SQS takes; none was sent.
   */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ Nova

/** A nova-compute service. `state` is Nova's own opinion: `up` while its last report is young enough. */
export interface ComputeService {
  readonly id: string;
  readonly host: string;
  readonly zone: string;
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | null;
  readonly state: 'up' | 'down';
  readonly forcedDown: boolean;
}

export interface Hypervisor {
  readonly serviceHost: string;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
  readonly vcpus: number;
  readonly vcpusUsed: number;
}

export interface Aggregate {
  readonly name: string;
  readonly availabilityZone: string | null;
  readonly hosts: readonly string[];
}

/** The fields of a server that a decision needs, at microversion 2.94 or below. */
export interface Server {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** Nova's service host name, or null when the instance has no host (shelved and offloaded). */
  readonly host: string | null;
  readonly status: string;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly powerState: number;
  readonly locked: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fault: string | null;
  readonly memoryMb: number;
  readonly vcpus: number;
  /** Every disk that lives with the instance and not on a volume (S7 of the design). */
  readonly localDisks: {
    /** The root disk is not a volume. */
    readonly root: boolean;
    readonly ephemeralGb: number;
    readonly swapMb: number;
    /** A vTPM whose state is a file beside the instance. */
    readonly vtpm: boolean;
  };
}

/** One evacuation as Nova records it (`GET /os-migrations`). */
export interface Migration {
  /** Grows with time: a later migration of the same instance has a greater id. */
  readonly id: number;
  readonly instanceId: string;
  readonly sourceHost: string;
  readonly destinationHost: string | null;
  readonly status: string;
  readonly createdAt: string;
}

/** What came back for a request that changes something. `requestId` is Nova's own, for the audit. */
export type Answer =
  | { readonly kind: 'accepted'; readonly requestId: string | null; readonly durationMs: number }
  /** Nova refused: it did nothing. */
  | {
      readonly kind: 'refused';
      readonly httpStatus: number;
      readonly message: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  /** Nobody knows: a timeout, a broken connection, a 5xx. The effect may have taken place, or may yet. */
  | { readonly kind: 'unknown'; readonly error: string; readonly durationMs: number };

/**
 * One region's Nova, as the pipeline needs it. Reads are tried again by the adapter (safe methods only);
 * requests that change something are sent once.
 * @throws RetryableError from reads: Nova or Keystone is out of reach, answers 5xx or 429.
 * @throws PermanentError from reads: the credentials are refused (401, 403).
 */
export interface Compute {
  services(): Promise<readonly ComputeService[]>;
  service(host: string): Promise<ComputeService | undefined>;
  hypervisors(): Promise<readonly Hypervisor[]>;
  aggregates(): Promise<readonly Aggregate[]>;
  /** Every instance whose host field is `host`, all projects, all pages. */
  serversOn(host: string): Promise<readonly Server[]>;
  server(id: string): Promise<Server | undefined>;
  /** Every evacuation away from `host` that Nova still records, all pages. */
  evacuationsFrom(host: string): Promise<readonly Migration[]>;
  /** Unfinished live and cold migrations (resizes too) in which `host` takes part, by instance. */
  unfinishedMigrationsOf(host: string): Promise<readonly Migration[]>;
  /** Microversion 2.53: `PUT /os-services/{id} {"forced_down": true}`. Harmless to repeat. */
  forceDown(serviceId: string): Promise<Answer>;
  /**
   * `POST /servers/{id}/action {"evacuate": …}`; never send it twice (S4).
   * `end: 'as-it-was'` uses a microversion below 2.95 (an active instance comes back running),
   * `end: 'stopped'` 2.95 or later (it comes back SHUTOFF).
   */
  evacuate(
    serverId: string,
    options: { readonly host: string | null; readonly end: 'as-it-was' | 'stopped' },
  ): Promise<Answer>;
  /** `os-resetState` to `active`, which makes an instance in a state that Nova will not evacuate evacuable. */
  resetStateToActive(serverId: string): Promise<Answer>;
}

// ------------------------------------------------------------------------------------------------ fencing

/** Power as the host's own device tells it at one moment. */
export interface PowerReading {
  readonly power: 'on' | 'off' | 'unknown';
  /** The system's own UUID (Redfish ComputerSystem.UUID), lower case; binds the device to its host. */
  readonly systemUuid: string | null;
  /** In a person's words; never holds a secret. */
  readonly detail: string;
  readonly durationMs: number;
}

export type PowerOffAnswer =
  | { readonly kind: 'accepted'; readonly detail: string; readonly durationMs: number }
  /** The device says no for good: credentials, no such system, not allowed. */
  | { readonly kind: 'refused'; readonly detail: string; readonly durationMs: number }
  /** A timeout, a broken connection, a 5xx: it may have worked. Only a reading tells. */
  | { readonly kind: 'unknown'; readonly detail: string; readonly durationMs: number };

/**
 * A host's own fence device. Neither method throws for what the device answers or fails to answer:
 * no answer is never fenced, and the caller decides what to do.
 */
export interface FenceDevice {
  readPower(): Promise<PowerReading>;
  powerOff(): Promise<PowerOffAnswer>;
}

/** Where a device is and which driver speaks to it, from the policy. `credentials` names a secret. */
export interface FenceDeviceConfig {
  readonly driver: 'redfish';
  readonly url: string;
  readonly credentials: string;
  /** Bind the device to this system beforehand instead of on first use. Lower case. */
  readonly systemUuid?: string;
  /** PEM file or secret text of the CA that signed the BMC's certificate. */
  readonly caFile?: string;
  readonly insecureTls?: boolean;
  readonly timeoutSeconds: number;
}

export interface Fencing {
  /** @throws PermanentError when the credentials do not exist or the driver is unknown. */
  device(config: FenceDeviceConfig): Promise<FenceDevice>;
}

/** Named secrets: Secrets Manager on AWS, a file of mode 600 at one site. */
export interface Secrets {
  /** @throws PermanentError when there is no such secret, naming it and where it was looked for. */
  get(name: string): Promise<Readonly<Record<string, string>>>;
}

// ------------------------------------------------------------------------------------------------ the rest

export interface Clock {
  /** Unix ms. */
  now(): number;
  /** For waits of seconds at most, inside one function. */
  sleep(ms: number): Promise<void>;
}

/** The only source of chance: ids and jitter. */
export interface Chance {
  /** A UUID, time-ordered (version 7). */
  id(): string;
  /** Uniform in [0, 1). */
  random(): number;
}
