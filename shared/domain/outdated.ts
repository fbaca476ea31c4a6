import type { TimedReading } from './fence-levels.ts';
import type { Fencing } from './host.ts';

/** So old is no reading that was asked for in this step. */
const OF_EARLIER_MS = 30_000;

/**
 * Why an off that was asked for in an earlier step proves nothing, nor contradicts anybody (S1): it is asked for anew.
 * Until the host was confirmed down somebody may have had it off for a moment, and have switched it on since.
 */
export function outdated(
  { openedAtMs, confirmedAtMs }: Pick<Fencing, 'openedAtMs' | 'confirmedAtMs'>,
  { power, askedAtMs, askedEarlier }: Pick<TimedReading, 'power' | 'askedAtMs' | 'askedEarlier'>,
  upMs: number,
  nowMs: number,
): string | undefined {
  if (power !== 'off') return undefined;
  if (askedAtMs < openedAtMs) return 'its power was asked for before the incident was opened';
  if (askedEarlier && askedAtMs < confirmedAtMs) return 'its power was asked for before the host was confirmed down';
  const isOfEarlier = askedEarlier || nowMs - askedAtMs > OF_EARLIER_MS;
  return isOfEarlier && upMs > askedAtMs ? 'the host was reported up since its power was asked for' : undefined;
}
