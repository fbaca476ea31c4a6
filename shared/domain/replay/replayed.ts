import { CannotDecide } from './cannot-decide.ts';
import { type Difference, firstDifference } from './compare.ts';
import type { Decision } from './log.ts';

/** One decision, made again. */
export interface Replayed {
  readonly stream: string;
  readonly seq: number;
  readonly atMs: number;
  /** The decider; null where none is recorded. */
  readonly by: string | null;
  readonly recorded: readonly object[];
  /** Null when it could not be decided again: then `cannot` says why. */
  readonly decided: readonly object[] | null;
  readonly cannot: string | null;
  /** Null when the same was decided. */
  readonly difference: Difference | null;
}

/** The state behind the recorded facts; as it was before them when they can't follow from it. */
export function evolved<State, Fact>(
  before: State,
  { facts }: Decision,
  evolve: (state: State, fact: Fact) => State,
): { readonly state: State; readonly impossible: string | null } {
  try {
    return { state: (facts as readonly unknown[] as readonly Fact[]).reduce(evolve, before), impossible: null };
  } catch (error) {
    return { state: before, impossible: `its facts can't follow: ${error instanceof Error ? error.message : error}` };
  }
}

export function replayed(decision: Decision, decide: () => readonly object[]): Replayed {
  const { stream, seq, atMs, basis, facts: recorded } = decision;
  const common = { stream, seq, atMs, by: basis?.by ?? null, recorded };
  try {
    const decided = decide();
    return { ...common, decided, cannot: null, difference: firstDifference(recorded, decided) ?? null };
  } catch (error) {
    if (!(error instanceof CannotDecide)) throw error;
    return { ...common, decided: null, cannot: error.message, difference: null };
  }
}
