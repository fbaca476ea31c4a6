import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';
import type { Around } from './around.ts';
import type { HostHistories } from './history.ts';
import type { Incidents } from './intents.ts';
import type { People } from './people.ts';
import type { Releases } from './releases.ts';
import type { Reports } from './reports.ts';
import type { Returns } from './returns.ts';
import type { Switches } from './switches.ts';
import type { Truth } from './truth.ts';

/** What an invariant is judged by: the cloud as it is, and the world's log as it grows. Never salvor's opinion. */
export interface Scene {
  readonly simulation: Simulation;
  readonly histories: HostHistories;
  readonly incidents: Incidents;
  readonly around: Around;
  readonly switches: Switches;
  readonly releases: Releases;
  readonly reports: Reports;
  readonly returns: Returns;
  readonly truth: Truth;
  readonly people: People;
  /** Segments of the policy that hold the host, by what is true in the cloud now. */
  readonly segmentsOf: (host: string) => readonly Segment[];
}

export interface Check {
  /** As in the design: S1 to S7, A1, L1. */
  readonly id: string;
  readonly sentence: string;
  /** @returns what is broken by this happening, in words */
  readonly see?: (happening: DatedHappening) => string | undefined;
  /** What is broken once all has come to an end, but for these hosts, which wait for a person. */
  readonly atEnd?: (waiting: readonly string[]) => Promise<readonly string[]> | readonly string[];
}

export interface Violation {
  readonly id: string;
  readonly sentence: string;
  readonly what: string;
  readonly atMs: number;
}

/**
 * How old what salvor knows may be when it commits an intent, in ms. No cloud lets a commit be bound to a read, so each
 * is told by how long such a read and what comes between it and the commit may take here.
 */
export const KNOWN_WITHIN_MS = {
  /** What is in the store: read and written once more. */
  state: 500,
  /** The instance, read right before. */
  instance: 10_000,
  /** Nova's word on hosts, read beside a slow device. */
  host: 25_000,
  /** What the follower saw when it granted the attempt, and the grant itself (30 s). */
  grant: 60_000,
} as const;

/** From the moment of a decision, which its ticket bears, to its commit. */
export const DECIDED_WITHIN_MS = 2_000;

/** For how long a committed intent is good for its request: the shells send nothing later, but for the commit's own time. */
export const INTENT_GOOD_MS = {
  /** The device may have to be made ready for it (shared/domain/fence.ts). */
  'power-off': 31_000,
  'force-down': 3_000,
  join: 3_000,
  part: 3_000,
  /** As long as its grant may be (shared/domain/evacuate.ts). */
  evacuate: 31_000,
  'reset-state': 31_000,
  'power-on': 31_000,
  'force-up': 3_000,
  enable: 3_000,
  disable: 3_000,
  /** Several are asked for one after the other. */
  'live-migrate': 60_000,
  // They leave within ten seconds, or not at all (shared/shell/instances/recover.ts).
  reboot: 11_000,
  'instance-reset': 11_000,
  migrate: 11_000,
  'confirm-resize': 11_000,
  rebuild: 11_000,
  'start-restored': 11_000,
  'restart-service': 3_000,
} as const;
