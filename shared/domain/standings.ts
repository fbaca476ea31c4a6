import type { Claim, HostState } from './host.ts';
import { countingDownClaims, lastSeenUpMs } from './reports.ts';

/** Whose word counts, and why another's does not: for the gates' words and for people. */

export type Standing =
  /** Down, young enough, and nobody has seen the host up since. */
  | 'counts'
  /** Up, and newer than the words that say down. */
  | 'says up'
  /** Down, and somebody has seen the host up since. */
  | 'older than an up'
  /** Down, and not repeated for as long as a word counts. */
  | 'expired'
  /** Up, and an operator has found it to be wrong. */
  | 'overruled';

export interface StandingClaim extends Claim {
  readonly reporter: string;
  readonly standing: Standing;
}

/** Every claim with its standing, in the order of the reporters' names. */
export function standingsOf(
  claims: HostState['claims'],
  claimTtlSeconds: number,
  nowMs: number,
): readonly StandingClaim[] {
  const counting = new Set(countingDownClaims(claims, claimTtlSeconds, nowMs));
  const lastUpMs = lastSeenUpMs(claims);
  const standingOf = (reporter: string, { says, occurredAtMs, overruled }: Claim): Standing => {
    if (says === 'up') return overruled === true ? 'overruled' : 'says up';
    if (counting.has(reporter)) return 'counts';
    return occurredAtMs <= lastUpMs ? 'older than an up' : 'expired';
  };
  return Object.entries(claims)
    .map(([reporter, claim]) => ({ reporter, ...claim, standing: standingOf(reporter, claim) }))
    .sort((a, b) => (a.reporter < b.reporter ? -1 : 1));
}

/** A reporter that has changed its word on a host as often as this within an hour flaps. */
const FLAPS = 4;
const WITHIN_MS = 3_600_000;

export const flaps = ({ turnedAtMs = [] }: Claim, nowMs: number): boolean =>
  turnedAtMs.filter((atMs) => atMs > nowMs - WITHIN_MS).length >= FLAPS;

/** The newest claim of a reporter, with when it changed its word: as many times as tell whether it flaps. */
export function turned(before: Claim | undefined, claim: Claim): Claim {
  const turnedAtMs = before?.turnedAtMs ?? [];
  if (before === undefined || before.says === claim.says)
    return turnedAtMs.length === 0 ? claim : { ...claim, turnedAtMs };
  return { ...claim, turnedAtMs: [...turnedAtMs, claim.receivedAtMs].slice(-FLAPS) };
}
