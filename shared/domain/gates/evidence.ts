import type { ComputeService } from '#shared/ports.ts';
import type { Storm } from '../guards.ts';
import type { Dumping, HostState, OffConfirmed } from '../host.ts';
import type { Beat } from '../settling.ts';
import type { DomainFailures } from './domains.ts';
import type { Failures } from './failures.ts';
import type { Probes } from './probes.ts';

/**
 * All that the gates are asked of, as it was read at one moment: JSON, and small however large the cloud is. It goes
 * into the audit with the decision, so that the gates can be asked again, under the same limits or under others.
 * Which hosts belong to the segment and to a failure domain, and which reporters are one source where they accuse
 * other hosts, is as the policy of that moment had it. Made by `gatherEvidence`.
 */
export interface Evidence {
  /** Unix ms, as all times here. */
  readonly atMs: number;
  readonly host: Pick<HostState, 'key' | 'name' | 'serviceId'>;
  /** Names of the segments that held the host; more than one is a fault of the policy. */
  readonly segments: readonly string[];
  /** Nova's word on the host's service; null when it knows none of this name. */
  readonly service: Pick<ComputeService, 'id' | 'status' | 'disabledReason' | 'state' | 'forcedDown'> | null;
  readonly claims: HostState['claims'];
  /** Why salvor itself has it in maintenance; absent unless it has. */
  readonly maintenance?: string;
  /** Absent unless its kernel was said to write a dump. */
  readonly dumping?: Dumping;
  /** Absent unless somebody has confirmed that the host is off. */
  readonly offConfirmed?: OffConfirmed;
  /** Of how many hosts in all each source says down that says so of this one. */
  readonly accusations: readonly { readonly source: string; readonly hosts: number }[];
  /** Why the segment is stopped. */
  readonly stopped: string | null;
  /** Who has switched salvor off, here or everywhere, and why. */
  readonly disarmed: string | null;
  readonly ofSegment: Surroundings;
  /** Of the whole region. */
  readonly ofAll: Surroundings;
  readonly domains: DomainFailures;
  /** Null before salvor's first beat. */
  readonly beat: Beat | null;
  /** Null while another gate is closed: then nothing is tried. */
  readonly probes: Probes | null;
}

/** The hosts around the failed one. */
export interface Surroundings extends Failures {
  /** Compute hosts, the failed one too. */
  readonly hosts: number;
  /** Other hosts that Nova sees up. */
  readonly upOthers: number;
  /** Other hosts that are up, enabled and not forced down, and have no open incident. */
  readonly healthyOthers: number;
  /** Other hosts that look as healthy to Nova, and have an open incident. */
  readonly suspectOthers: number;
  /** When those of `openOthers` were confirmed down that were, newest first. */
  readonly openConfirmedAtMs: readonly number[];
  /** When the open incidents were opened, this one's too, newest first. */
  readonly openedAtMs: readonly number[];
  readonly storm: Storm | null;
}
