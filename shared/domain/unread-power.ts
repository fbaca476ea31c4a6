import { goodWord, provenByWord } from './confirm-off.ts';
import type { HostReading } from './fence-levels.ts';
import type { Evidence } from './gates/evidence.ts';
import type { Fencing, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';
import { expiredLease, provenByTime, safeTime, type WatchdogLease } from './watchdog.ts';

/** What is left where no fence device tells the power: time, and people. */

type Unread = HostReading & { readonly askedAtMs: number };

/** When its watchdog must have reset it, if that is to come. */
export function resetByMs(lease: WatchdogLease | undefined, { fencing }: Segment, nowMs: number): number {
  if (lease === undefined || fencing.watchdog === undefined) return Number.POSITIVE_INFINITY;
  const { atMs } = safeTime(lease, fencing.watchdog);
  return lease.armed && atMs > nowMs ? atMs : Number.POSITIVE_INFINITY;
}

/** Without a reading: by its watchdog, or by the word of people. Why neither counts, or not yet, is told where there is one. */
export function provenOtherwise(
  { offConfirmed, seenUpAtMs }: Fencing,
  reading: Unread,
  { claims, atMs }: Evidence,
  { fencing }: Segment,
  lease: WatchdogLease | undefined,
): IncidentFact | string {
  const expired = expiredLease(lease, claims, seenUpAtMs, fencing.watchdog, atMs);
  if (typeof expired !== 'string' && fencing.watchdog !== undefined)
    return provenByTime(expired, fencing.watchdog, reading, atMs);
  const word = goodWord(offConfirmed, claims, fencing, atMs);
  if (typeof word !== 'string') return provenByWord(word, reading, atMs);
  return [
    reading.detail,
    ...(lease === undefined ? [] : [expired]),
    ...(offConfirmed === undefined ? [] : [word]),
  ].join(', ');
}
