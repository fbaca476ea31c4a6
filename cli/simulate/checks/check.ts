import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';
import type { HostHistories } from './history.ts';

/** What an invariant is judged by: the cloud as it is, and the world's log as it grows. Never salvor's opinion. */
export interface Scene {
  readonly simulation: Simulation;
  readonly histories: HostHistories;
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
 * How old what salvor acts on may be, in ms: its own reads, its commit and its request each take their time, and no
 * cloud lets a request be bound to a read.
 */
export const FRESH_MS = 60_000;
