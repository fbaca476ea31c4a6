import type * as z from 'zod';
import type { policySchema } from '#shared/domain/policy.ts';
import type { SimWatchdog, VmState } from '#sim/world/types.ts';
import type { FaultKind, PlannedFault } from './faults.ts';
import type { KeeperChances } from './watchdogs.ts';

export type PolicyInput = z.input<typeof policySchema>;
export type SegmentInput = PolicyInput['segments'][number];

/** How a host fails. */
export type FailureHow =
  /** The kernel dies; the power stays on. */
  | 'crash'
  /** No power, and no guest. */
  | 'power-loss'
  /** Silent, while its guests run on. */
  | 'cut-off'
  /** As `cut-off`, until the network is back by itself. */
  | 'blip'
  /** Starts anew by itself. */
  | 'reboot'
  /** Not at all: what is said of it is not true. */
  | 'false-alarm';

export interface PlannedFailure {
  readonly atMs: number;
  readonly host: string;
  readonly how: FailureHow;
  /** Of a blip: until the network is back. */
  readonly forMs: number;
  /** Of one that is cut off: the keeper of its watchdog still gets its leases. */
  readonly getsLeases?: true;
}

/** Nothing of salvor runs: its machine is down, or its account is locked. Messages wait. */
export interface PlannedHalt {
  readonly atMs: number;
  readonly forMs: number;
}

/** An operator puts a host into maintenance. */
export interface PlannedWork {
  readonly atMs: number;
  readonly host: string;
  readonly drain: boolean;
  readonly forMs: number;
  /** Its end is told with its beginning. */
  readonly endsItself: boolean;
  /** The host is started anew in the middle of it. */
  readonly reboots: boolean;
}

export interface PlannedInstance {
  readonly name: string;
  readonly host: string;
  readonly state: VmState;
  /** By its name in the simulated cloud. */
  readonly flavor: string;
  readonly root: 'image' | 'volume';
  /** By its name; the one that every simulated cloud has if absent. */
  readonly image?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** `owner` if absent. */
  readonly project?: string;
  /** How long its guest runs until it answers at its address; not at all if absent. */
  readonly answersAfterMs?: number;
  /** How old each snapshot of it is at the beginning. */
  readonly snapshotAgesSeconds?: readonly number[];
}

/** Their names are their ids. */
export interface PlannedFlavor {
  readonly name: string;
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}
export interface PlannedImage {
  readonly name: string;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

export interface PlannedHost {
  readonly name: string;
  readonly systemUuid: string;
  /** Segment of the policy that protects it, by its aggregate. */
  readonly segment: string | null;
  /** As much as any instance may want, if absent. */
  readonly memoryMb?: number;
  /** It is disabled, and kept for failures. */
  readonly reserved?: true;
  /** Of its power supplies, as devices of the policy switch them. */
  readonly outlets?: readonly string[];
  /** A hardware watchdog, and a keeper that asks for leases. */
  readonly watchdog?: Pick<SimWatchdog, 'timeoutSeconds' | 'timeoutMs' | 'resetMs'>;
}

/** One run of a small world, as data: what it is made of, what befalls it, what goes wrong. Times in ms from the beginning. */
export interface Scenario {
  readonly seed: number;
  readonly hosts: readonly PlannedHost[];
  readonly instances: readonly PlannedInstance[];
  /** Besides those that every simulated cloud has. */
  readonly flavors: readonly PlannedFlavor[];
  readonly images: readonly PlannedImage[];
  readonly serverGroups: readonly {
    readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
    /** By their names. */
    readonly members: readonly string[];
  }[];
  /** Of the segments' aggregates, besides their rack. */
  readonly aggregateMetadata: Readonly<Record<string, string>>;
  readonly policy: PolicyInput;
  /** Every host that is alive sends a heartbeat so often, by a clock that is ahead by this. Null: none does. */
  readonly beats: { readonly everyMs: number; readonly skewMs: number } | null;
  /** Guests end by themselves, one about so often. Null: none does. */
  readonly guests: { readonly everyMs: number } | null;
  /** What befalls the keepers of watchdogs; those that there are have no trouble if absent. */
  readonly keepers?: KeeperChances;
  readonly failures: readonly PlannedFailure[];
  readonly halts: readonly PlannedHalt[];
  readonly works: readonly PlannedWork[];
  readonly faults: readonly PlannedFault[];
  readonly noise: Partial<Readonly<Record<FaultKind, number>>>;
  readonly skewMs: readonly number[];
  readonly hostBootMs: number;
  /** From here on nothing goes wrong any more, and all must come to an end. */
  readonly calmAtMs: number;
}
