import type { NeededApi, PowerApi } from './request-log.ts';

/** What a request to Nova is about; a fault may be limited to one of them with `on`. */
export type NovaOperation =
  | 'list-services'
  | 'update-service'
  | 'list-servers'
  | 'show-server'
  | 'create-server'
  | 'delete-server'
  | 'evacuate'
  | 'server-action'
  | 'list-migrations'
  | 'other';

interface OfHost {
  /** Only this host; any host if absent. */
  readonly host?: string;
}
interface OfServer {
  /** Only this instance; any instance if absent. */
  readonly serverId?: string;
}
interface OfNova extends OfHost, OfServer {
  /** Only this operation; any if absent. */
  readonly on?: NovaOperation;
}

type Kind =
  // Fencing devices
  /** The BMC does not answer: it keeps the connection (`hang`, default) or closes it (`close`). */
  | ({ readonly kind: 'bmc-dead'; readonly how?: 'hang' | 'close' } & OfHost)
  /** The BMC answers 500 to everything. */
  | ({ readonly kind: 'bmc-error' } & OfHost)
  /** The BMC answers yes to a reset, and the power stays as it is. */
  | ({ readonly kind: 'bmc-stuck' } & OfHost)
  /** The BMC takes `delayMs` before it does anything. */
  | ({ readonly kind: 'bmc-slow'; readonly delayMs: number } & OfHost)
  /** The BMC refuses its own credentials (401). */
  | ({ readonly kind: 'bmc-unauthorized' } & OfHost)
  /** A power-off of a host that is off already is refused, as iLO (400) and others (409, default) do. */
  | ({ readonly kind: 'bmc-conflict-when-off'; readonly status?: 400 | 409 } & OfHost)
  /** The BMC takes sessions only: basic authentication is switched off. */
  | ({ readonly kind: 'bmc-no-basic' } & OfHost)
  /** The BMC answers 503 with Retry-After in seconds (default 1). */
  | ({ readonly kind: 'bmc-busy'; readonly retryAfterSeconds?: number } & OfHost)
  /** The BMC answers a reset with 202 and a task that takes `delayMs`, and ends well or not. */
  | ({ readonly kind: 'bmc-task'; readonly delayMs: number; readonly fails?: boolean } & OfHost)
  /** The BMC says Off while the host runs on. */
  | ({ readonly kind: 'bmc-lies-off' } & OfHost)
  /** The device at this host's address is wired to the host `actual`. */
  | { readonly kind: 'bmc-swapped'; readonly host: string; readonly actual: string }
  /**
   * What the BMC's AccountService tells of the account by which it is asked (DSP0268, ManagerAccount): all of it, or that it
   * must not be read (`hidden`: 403).
   */
  | ({ readonly kind: 'bmc-account'; readonly hidden?: true; readonly body?: object } & OfHost)
  /** The BMC lets its user do nothing before the password is changed: 403 to everything (DSP0266, "Password management"). */
  | ({ readonly kind: 'bmc-password-change' } & OfHost)
  // What stands between salvor and a BMC
  /** Ironic, the Kubernetes API or the webhook answers 500 (default) to everything, or never. */
  | { readonly kind: 'power-api-down'; readonly api: PowerApi; readonly how?: '500' | 'hang' }
  // Nova's API
  /** 503 before anything is done. */
  | ({ readonly kind: 'nova-503' } & OfNova)
  /** The request takes effect and then answers `status` (500 by default, or 504). */
  | ({ readonly kind: 'nova-500-after-effect'; readonly status?: 500 | 502 | 504 } & OfNova)
  /** The request takes effect and is never answered. */
  | ({ readonly kind: 'nova-timeout-after-effect' } & OfNova)
  /** 429 with Retry-After in seconds (default 1). */
  | ({ readonly kind: 'nova-429'; readonly retryAfterSeconds?: number } & OfNova)
  /** Takes `delayMs` before anything is done. */
  | ({ readonly kind: 'nova-slow'; readonly delayMs: number } & OfNova)
  /** GET os-services and os-hypervisors tell this state, whatever is true. */
  | ({ readonly kind: 'lie-about-service'; readonly state: 'up' | 'down' } & OfHost)
  // Keystone
  /** 503 (default), or the connection is closed. */
  | { readonly kind: 'keystone-down'; readonly how?: '503' | 'close' }
  /** Keystone tells that passwords and application credentials end then (Unix ms). */
  | { readonly kind: 'account-ends'; readonly atMs: number }
  /** Placement, Glance, Neutron or Cinder answers 503 (default), closes the connection, or never answers. */
  | { readonly kind: 'service-down'; readonly service: NeededApi; readonly how?: '503' | 'close' | 'hang' }
  /** By Nova's own list, the conductor or the scheduler is down. */
  | { readonly kind: 'controller-down'; readonly binary: 'nova-conductor' | 'nova-scheduler' }
  /** The token that comes with the next request to Nova has expired: 401, and for good. */
  | { readonly kind: 'keystone-token-expired' }
  // What becomes of a move; `host` is the destination where one is chosen, the source otherwise
  /** The evacuation takes this long. */
  | ({ readonly kind: 'evacuation-slow'; readonly delayMs: number } & OfHost & OfServer)
  /** The destination `host` hangs in the rebuild, for good: REBUILD, migration `pre-migrating`. */
  | ({ readonly kind: 'evacuation-stuck' } & OfHost & OfServer)
  /** Accepted from the source `host`, and nothing more happens: migration `accepted`. */
  | ({ readonly kind: 'evacuation-dropped' } & OfHost & OfServer)
  /** Starting a guest on the destination `host` fails; `once` is count 1. */
  | ({ readonly kind: 'spawn-fails' } & OfHost & OfServer)
  /** The migration is marked as failed, and the conductor lets go of the instance (its task) so much later. */
  | ({ readonly kind: 'conductor-lingers'; readonly delayMs: number } & OfHost & OfServer)
  /** The migration to the destination `host` is marked as done, and the instance's record follows so much later. */
  | ({ readonly kind: 'host-field-late'; readonly delayMs: number } & OfHost & OfServer)
  /** The scheduler finds no host for instances of the source `host`. */
  | ({ readonly kind: 'no-valid-host' } & OfHost & OfServer)
  /** A live migration off `host` stays in `running`. */
  | ({ readonly kind: 'live-migration-stuck' } & OfHost & OfServer);

/** A fault, and how many times it strikes (`count`: the next n; for good if absent). */
export type Fault = Kind & { readonly count?: number };
export type FaultKind = Fault['kind'];
type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

/** Whom a fault would strike. */
export interface FaultSubject {
  readonly host?: string | undefined;
  readonly serverId?: string | undefined;
  readonly on?: NovaOperation | undefined;
  readonly service?: NeededApi | undefined;
  readonly api?: PowerApi | undefined;
  readonly binary?: string | undefined;
  /** Who asked for what it befalls. */
  readonly userId?: string | undefined;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

function strikes(fault: Fault, subject: FaultSubject): boolean {
  if ('host' in fault && fault.host !== undefined && fault.host !== subject.host) return false;
  if ('serverId' in fault && fault.serverId !== undefined && fault.serverId !== subject.serverId) return false;
  if ('service' in fault && fault.service !== subject.service) return false;
  if ('api' in fault && fault.api !== subject.api) return false;
  if ('binary' in fault && fault.binary !== subject.binary) return false;
  return !('on' in fault) || fault.on === undefined || fault.on === subject.on;
}

/** The faults that are switched on. They may change at any time. */
export class FaultBoard {
  readonly #active = new Set<ActiveFault>();

  /** Switches a fault on; the answer switches it off again. */
  set(fault: Fault): () => void {
    const active = { fault, left: fault.count ?? Number.POSITIVE_INFINITY };
    this.#active.add(active);
    return () => {
      this.#active.delete(active);
    };
  }

  /** Switches off all faults, or those of a kind, or those of a kind for one host. */
  clear(kind?: FaultKind, host?: string): void {
    for (const active of this.#active) {
      const ofHost = host === undefined || ('host' in active.fault && active.fault.host === host);
      if ((kind === undefined || active.fault.kind === kind) && ofHost) this.#active.delete(active);
    }
  }

  /** The first fault of this kind for the subject, which counts as one strike; undefined if there is none. */
  take<K extends FaultKind>(kind: K, subject: FaultSubject = {}): FaultOf<K> | undefined {
    for (const active of this.#active) {
      if (!isKind(active.fault, kind) || !strikes(active.fault, subject)) continue;
      active.left -= 1;
      if (active.left <= 0) this.#active.delete(active);
      return active.fault;
    }
    return undefined;
  }
}

function isKind<K extends FaultKind>(fault: Fault, kind: K): fault is FaultOf<K> {
  return fault.kind === kind;
}
