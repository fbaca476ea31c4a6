import type { FaultName } from '#cli/drill/options.ts';
import type { Among } from '#cli/simulate/among.ts';
import type { Patch } from './bundle.ts';

/** A salvor that is broken in one way. Its patches read as the mistakes that people make. */
export interface Variant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly wrong: string;
  /** The room in which it is broken. */
  readonly room: 'domain' | 'shell' | 'state' | 'adapters';
  readonly patches: readonly Patch[];
  /** Seeds of the simulation that have what it breaks; all of them where it is not named. */
  readonly among?: Among;
  /** The small world of test/model that is searched for it, where one is; else the simulation plays. */
  readonly model?: string;
  /** The fault of the drill that is run with it, where one is: over HTTP, which neither of the two others speaks. */
  readonly drill?: FaultName | 'no fault';
  /** Invariants, or rules of the drill, by one of which it must be caught; another one would mean that the check bites by accident. */
  readonly caughtBy: readonly string[];
}
