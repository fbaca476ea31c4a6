import type { SeenSnapshot } from '../seen.ts';
import type { AskedRestore, RestoreFact, Restoring } from './restoring.ts';

type After = Exclude<RestoreFact, { type: 'restore-begins' }>;

export const begunRestoring = (
  { destination, because, atMs: notBeforeMs }: Extract<RestoreFact, { type: 'restore-begins' }>,
  snapshot: SeenSnapshot,
  attempts: number,
): Restoring => ({
  ...{ status: 'restoring', destination, snapshot, step: 'rebuild', number: attempts, asked: null, failures: 0 },
  notBeforeMs,
  because,
});

/** The progress after `fact`. Throws when the fact can't follow from it: a defect, never bad input. */
export function evolveRestoring(before: Restoring, fact: After): Restoring {
  const phase = (next: AskedRestore['phase'], lastActionId = before.asked?.lastActionId ?? null): Restoring => ({
    ...before,
    asked: { phase: next, sinceMs: fact.atMs, lastActionId },
  });
  const ready = (because: string, failures: number, notBeforeMs: number): Restoring => ({
    ...before,
    ...{ asked: null, because, failures, notBeforeMs },
  });
  switch (fact.type) {
    case 'restore-waits':
      expect(before, null);
      return { ...before, because: fact.because };
    case 'restore-granted':
      expect(before, null);
      return { ...phase('granted', null), number: fact.number };
    case 'restore-intended':
      expect(before, 'granted');
      return phase('requested', fact.lastActionId);
    case 'restore-answered': {
      // It may have been found on record, or given up, before its answer came: then the answer is only recorded.
      if (before.asked?.phase !== 'requested' || before.number !== fact.number) return before;
      if (fact.answer !== 'refused') return phase(fact.answer);
      // Out of reach or too busy is an outage, however long.
      const counts = fact.httpStatus !== 0 && fact.httpStatus !== 429;
      return ready(`${fact.step}: ${fact.detail}`, before.failures + (counts ? 1 : 0), fact.retryAtMs);
    }
    case 'restore-settled':
      switch (fact.as) {
        case 'expired':
          expect(before, 'granted');
          return ready(fact.because, before.failures, fact.atMs);
        case 'found':
          expect(before, 'requested', 'unknown');
          return phase('accepted');
        case 'missing':
          expect(before, 'requested');
          return phase('unknown');
        case 'lost':
        case 'failed':
          expect(before, 'unknown', 'accepted');
          return ready(fact.because, before.failures + 1, fact.atMs);
        case 'done':
          return { ...ready(fact.because, 0, fact.atMs), step: 'start' };
      }
  }
}

function expect({ asked }: Restoring, ...phases: readonly (AskedRestore['phase'] | null)[]): void {
  const phase = asked?.phase ?? null;
  if (!phases.includes(phase)) throw new Error(`a restart from a snapshot is ${phase}, not ${phases.join(' or ')}`);
}
