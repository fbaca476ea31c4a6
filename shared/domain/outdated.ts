import type { PowerReading } from '#shared/ports.ts';
import type { Fencing } from './host.ts';

/** So old is no reading that was asked for in this step. */
const OF_EARLIER_MS = 30_000;

/** Why an off that was asked for in an earlier step proves nothing, nor contradicts anybody (S1): it is asked for anew. */
export function outdated(
  { openedAtMs }: Pick<Fencing, 'openedAtMs'>,
  { power, askedAtMs }: Pick<PowerReading, 'power'> & { readonly askedAtMs: number },
  upMs: number,
  nowMs: number,
): string | undefined {
  if (power !== 'off') return undefined;
  if (askedAtMs < openedAtMs) return 'its power was asked for before the incident was opened';
  const isOfEarlier = nowMs - askedAtMs > OF_EARLIER_MS && upMs > askedAtMs;
  return isOfEarlier ? 'the host was reported up since its power was asked for' : undefined;
}
