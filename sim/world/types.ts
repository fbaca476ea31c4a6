/** Nova's vm_state (nova/compute/vm_states.py): what the instance is when no task runs. */
export type VmState =
  | 'active'
  | 'building'
  | 'paused'
  | 'suspended'
  | 'stopped'
  | 'rescued'
  | 'resized'
  | 'soft-delete'
  | 'error'
  | 'shelved'
  | 'shelved_offloaded';

/** Nova's power_state numbers (nova/compute/power_state.py). */
export const POWER_STATE = { none: 0, running: 1, paused: 3, shutdown: 4, suspended: 7 } as const;
export type PowerState = (typeof POWER_STATE)[keyof typeof POWER_STATE];

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly rootGb: number;
  readonly ephemeralGb: number;
  readonly swapMb: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** A physical host with its nova-compute and its guests. */
export interface SimHost {
  /** The compute service's host name. */
  readonly name: string;
  /** What the hypervisor calls itself; in real clouds often not the service's name. */
  readonly hypervisorHostname: string;
  readonly serviceId: number;
  readonly serviceUuid: string;
  readonly hypervisorUuid: string;
  /** SMBIOS UUID, as its BMC tells it. */
  readonly systemUuid: string;
  readonly availabilityZone: string;
  readonly memoryMb: number;
  readonly vcpus: number;
  power: 'on' | 'off';
  computeRunning: boolean;
  /** When nova-compute reported last; a running one is taken to report all the time. */
  lastReportMs: number;
  /** When a request changed its service record last: Nova tells the newer of the two as `updated_at`. */
  serviceChangedMs: number;
  forcedDown: boolean;
  disabled: boolean;
  disabledReason: string | null;
  /** Ids of the instances whose guest runs on this very machine, whatever Nova thinks. */
  readonly guests: Set<string>;
  /** What Nova counts as used here, by instance. */
  readonly claims: Map<string, Flavor>;
  memoryUsedMb: number;
  vcpusUsed: number;
  /** Rebuilds that this nova-compute works on, and those that wait for it. */
  rebuilding: number;
  readonly waiting: (() => void)[];
  /** Grows with every change of power or nova-compute: what began before is lost. */
  generation: number;
  /** Outlets that feed its power supplies, by name; none: its power is its board's alone. One that is on is enough for it to run. */
  readonly outlets: Map<string, 'on' | 'off'>;
  /** Null: it has none. */
  readonly watchdog: SimWatchdog | null;
}

/** A hardware watchdog and its keeper, on which nova-compute depends (docs/fencing.md). */
export interface SimWatchdog {
  /** As it tells it. */
  readonly timeoutSeconds: number;
  /** From its last feeding until it fires: its clock is not the world's. */
  readonly timeoutMs: number;
  /** From there until nothing runs any more. */
  readonly resetMs: number;
  state: 'idle' | 'armed' | 'fired';
  /** Each takes the place of the one before. */
  feedings: number;
  firesAtMs: number;
  /** The operating system runs, and the keeper with it. */
  osRuns: boolean;
  /** It has booted, and nova-compute waits for the first feeding. */
  holdsBack: boolean;
  /** The keeper's calls get through to whoever grants leases. */
  reaches: boolean;
}

interface ServerFault {
  readonly code: number;
  readonly message: string;
  readonly createdMs: number;
}

export interface SimAddress {
  readonly addr: string;
  readonly version: 4 | 6;
  readonly 'OS-EXT-IPS:type': 'fixed' | 'floating';
  readonly 'OS-EXT-IPS-MAC:mac_addr': string;
}

export interface SimServer {
  readonly id: string;
  /** Order of creation. */
  readonly order: number;
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  host: string | null;
  vmState: VmState;
  taskState: string | null;
  powerState: PowerState;
  flavor: Flavor;
  /** Null when booted from a volume. By its record: a rebuild changes it at once. */
  imageId: string | null;
  /** The image that its root disk was made anew of, when it was evacuated or rebuilt; absent: it has the disk it began with. */
  madeOf?: string;
  readonly volumes: readonly { readonly id: string; readonly deleteOnTermination: boolean }[];
  metadata: Record<string, string>;
  /** By network, as Nova shows them; none if absent. */
  addresses?: Readonly<Record<string, readonly SimAddress[]>>;
  /** How long its guest runs until it answers at its addresses; for ever if infinite, not at all if absent. */
  readonly answersAfterMs?: number;
  lockedBy: 'owner' | 'admin' | null;
  lockedReason: string | null;
  fault: ServerFault | null;
  readonly pinnedAvailabilityZone: string | null;
  readonly createdMs: number;
  updatedMs: number;
  launchedMs: number | null;
  deletedMs: number | null;
  /** Set while an evacuation of it runs. */
  evacuation: EvacuationJob | null;
}

/** Something that was done to an instance, as `os-instance-actions` shows it. */
export interface SimAction {
  readonly action: string;
  readonly requestId: string;
  /** Null: Nova did it by itself. */
  readonly userId: string | null;
  readonly projectId: string | null;
  readonly startedMs: number;
}

export type MigrationType = 'evacuation' | 'live-migration' | 'migration' | 'resize';

export interface SimMigration {
  readonly id: number;
  readonly uuid: string;
  readonly serverId: string;
  readonly type: MigrationType;
  readonly sourceHost: string;
  destHost: string | null;
  status: string;
  readonly userId: string;
  readonly projectId: string;
  readonly flavorId: string;
  readonly createdMs: number;
  updatedMs: number | null;
  deleted: boolean;
}

export interface EvacuationJob {
  readonly migration: SimMigration;
  readonly sourceHost: string;
  readonly requestedHost: string | null;
  /** Bypass the scheduler (microversions 2.29 to 2.67 with `force`). */
  readonly forced: boolean;
  /** Microversion 2.95 and above leave it stopped, except one that was in error. */
  readonly endsStopped: boolean;
  /** Where it is being rebuilt, and that host's generation then: a later one has lost the work. */
  rebuiltOn: { readonly host: SimHost; readonly generation: number } | null;
}
