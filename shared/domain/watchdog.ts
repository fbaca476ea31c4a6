import type { HostReading } from './fence-levels.ts';
import type { FenceProof, HostState, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';
import { CLOCK_SKEW_MS, lastSeenUpMs } from './reports.ts';

/**
 * Death proven by time, for hosts without a fence device that answers, where the policy allows it. A host feeds its hardware
 * watchdog only right after salvor has granted it a lease, once for each. So it is reset at the latest when these parts are
 * over: the call in which the lease came; the watchdog's own time twice, as its keeper may stand still for almost so long right
 * before it feeds; the reset; and what two clocks may differ meanwhile.
 * (Pacemaker's SBD and Medik8s' self node remediation count alike.) No more leases are granted from the proof on.
 */

/** The last lease of a host. Times are Unix ms, by salvor's clock. */
export interface WatchdogLease {
  readonly host: string;
  readonly hostKey: string;
  /** Before the answer left. */
  readonly grantedAtMs: number;
  /** Of the hardware, as the host told. */
  readonly timeoutSeconds: number;
  /** What the kernel calls it (`/sys/class/watchdog/watchdogN/identity`). */
  readonly identity: string;
  /** Without it nothing resets the host, and its lease proves nothing. */
  readonly armed: boolean;
  /** The incident whose proof rests on its end: none is granted while that is open. */
  readonly revokedBy: string | null;
  /** Of the call that it answers; absent where a salvor of before granted it. */
  readonly boot?: string;
  readonly uptimeMs?: number;
}

/** What a host asks with. */
export interface LeaseRequest {
  /** Its watchdog runs already: from then on only feeding keeps the host from its reset. */
  readonly armed: boolean;
  readonly timeoutSeconds: number;
  readonly identity: string;
  /** Tells one start of the host from another (`/proc/sys/kernel/random/boot_id`). */
  readonly boot: string;
  /** Of that start, when it asked: which of two calls is the later one, whatever became of them on their way. */
  readonly uptimeMs: number;
}

/** A host believes an answer only within this after it asked, and feeds its watchdog at once then. */
export const FEED_WITHIN_SECONDS = 5;
/** Two clocks may run apart by this part. */
const DRIFT = 0.02;

type Watchdog = NonNullable<Segment['fencing']['watchdog']>;

/** softdog is a timer of the kernel, and dies with it. */
const isSoftware = (identity: string): boolean => /soft(ware|dog)/i.test(identity);

/** The lease that the host gets, or why it gets none. */
export function decideLease(
  request: LeaseRequest,
  before: WatchdogLease | undefined,
  host: Pick<HostState, 'key' | 'name'> & { readonly incidentId: string | null },
  watchdog: Watchdog | undefined,
  nowMs: number,
): { readonly refused: string; readonly isRevoked: boolean } | { readonly lease: WatchdogLease } {
  const refused = (why: string, isRevoked = false) => ({ refused: why, isRevoked });
  if (watchdog === undefined)
    return refused('the segment of the host takes no watchdog for a proof (fencing.watchdog of the policy)');
  const { timeoutSeconds, identity, armed, boot, uptimeMs } = request;
  // It would call a watchdog armed that its host has disarmed since.
  if (before?.boot === boot && uptimeMs < (before.uptimeMs ?? 0))
    return refused('a later call of this host came before it');
  if (isSoftware(identity))
    return refused(`"${identity}" dies with the kernel that it guards: a hardware watchdog is needed`);
  if (timeoutSeconds > watchdog.maxTimeoutSeconds)
    return refused(`its watchdog takes ${timeoutSeconds} s, and the policy waits for ${watchdog.maxTimeoutSeconds} s`);
  if (before?.revokedBy != null && before.revokedBy === host.incidentId)
    return refused('the host is being recovered elsewhere: it gets no lease before that has ended', true);
  return {
    lease: {
      host: host.name,
      hostKey: host.key,
      grantedAtMs: nowMs,
      timeoutSeconds,
      identity,
      armed,
      revokedBy: null,
      boot,
      uptimeMs,
    },
  };
}

/** When the host is taken as reset, in Unix ms, and the parts that make it up. */
export function safeTime(
  { grantedAtMs, timeoutSeconds }: WatchdogLease,
  { resetSeconds }: Watchdog,
): { readonly atMs: number; readonly parts: string } {
  const known = FEED_WITHIN_SECONDS + 2 * timeoutSeconds + resetSeconds;
  const driftSeconds = Math.ceil(known * DRIFT);
  const seconds = known + driftSeconds;
  return {
    atMs: grantedAtMs + seconds * 1000,
    parts: `${FEED_WITHIN_SECONDS} s call + 2 x ${timeoutSeconds} s watchdog + ${resetSeconds} s reset + ${driftSeconds} s clocks`,
  };
}

/**
 * The lease on which a proof may rest, or why there is none.
 * @param seenUpAtMs in this incident, whatever whoever saw it has said since
 */
export function expiredLease(
  lease: WatchdogLease | undefined,
  claims: HostState['claims'],
  seenUpAtMs: number | undefined,
  watchdog: Watchdog | undefined,
  nowMs: number,
): WatchdogLease | string {
  if (watchdog === undefined || lease === undefined) return 'and no watchdog guards it';
  if (!lease.armed) return 'and its watchdog is not armed';
  const { atMs, parts } = safeTime(lease, watchdog);
  const since = new Date(lease.grantedAtMs).toISOString();
  if (nowMs < atMs) return `and its watchdog had a lease at ${since}: it is taken as reset after ${parts}`;
  if (Math.max(lastSeenUpMs(claims), seenUpAtMs ?? 0) > atMs - CLOCK_SKEW_MS)
    return 'and it was seen up after its watchdog must have reset it';
  return lease;
}

/** S1: no device says on, and its watchdog must have reset the host. */
export function provenByTime(
  lease: WatchdogLease,
  watchdog: Watchdog,
  { systemUuid, askedAtMs, detail }: HostReading & { readonly askedAtMs: number },
  atMs: number,
): IncidentFact {
  const safe = safeTime(lease, watchdog);
  const proof: FenceProof = {
    kind: 'watchdog',
    systemUuid,
    readAtMs: askedAtMs,
    offSinceMs: safe.atMs,
    detail: `its watchdog (${lease.identity}) had its last lease at ${new Date(lease.grantedAtMs).toISOString()}, and must have reset it after ${safe.parts}; its devices: ${detail}`,
  };
  return { type: 'proof-made', proof, atMs };
}

/** The same lease, from the proof of this incident on. */
export const revoked = (lease: WatchdogLease, incidentId: string): WatchdogLease => ({
  ...lease,
  revokedBy: incidentId,
});
