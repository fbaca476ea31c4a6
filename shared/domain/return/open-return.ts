import type { HostFact, HostState, IncidentFact } from '../host.ts';
import type { Policy, Segment } from '../policy.ts';
import type { ReturnFact } from './facts.ts';
import type { AskedFor, Ours, Quarantine, Returning, ReturnOutcome } from './returning.ts';

type Closing = Extract<IncidentFact, { type: 'incident-closed' }>;
type Opened = Extract<ReturnFact, { type: 'return-opened' }>;

/**
 * The facts of a commit, with the return of a host whose incident they close, where the policy wants one. It stands
 * before the end of the incident, as facts of the host's own stream do.
 */
export function withReturn(host: HostState, facts: readonly HostFact[], policy: Policy): readonly HostFact[] {
  const closing = facts.find((fact) => fact.type === 'incident-closed');
  const opened = closing && returnAfter(host, closing, policy);
  if (opened === undefined) return facts;
  return facts.flatMap((fact) => (fact === closing ? [opened, fact] : [fact]));
}

function returnAfter(host: HostState, closing: Closing, policy: Policy): Opened | undefined {
  const { incident, ours } = host;
  const segment = policy.segments.find(({ name }) => name === incident?.segment);
  if (incident === null || segment?.mode !== 'enforce' || segment.hostReturn.mode === 'manual') return undefined;
  if (!['recovered', 'partly-recovered', 'stood-down'].includes(closing.outcome)) return undefined;
  // Planned work comes first: its end has the host on its way back.
  if (ours?.forcedDownAtMs === undefined || isInMaintenance(host)) return undefined;
  if (closing.evidence?.service?.forcedDown === false) return undefined;
  const { atMs, counts, outcome } = closing;
  return {
    type: 'return-opened',
    returnId: incident.id,
    segment: segment.name,
    incidentId: incident.id,
    because: `its incident ended as ${outcome}`,
    askedFor: null,
    persons: (counts.person ?? 0) + (counts.unfinished ?? 0),
    quarantine: quarantineOf(ours, segment, atMs),
    atMs,
  };
}

const isInMaintenance = ({ maintenance }: HostState): boolean => maintenance != null;

/** Whether it has failed too often to be given back by itself. */
function quarantineOf({ failedAtMs = [] }: Ours, { hostReturn }: Segment, nowMs: number): Quarantine | null {
  const { failures: allowed, withinSeconds, holdSeconds } = hostReturn.quarantine;
  const failures = failedAtMs.filter((atMs) => atMs > nowMs - withinSeconds * 1000).length;
  if (failures < allowed) return null;
  return { failures, untilMs: holdSeconds === 0 ? null : nowMs + holdSeconds * 1000 };
}

/** A person has asked for it, by `salvor return` or the end of a maintenance. */
export function returnAskedFor(
  host: HostState,
  returnId: string,
  segment: string | null,
  because: string,
  askedFor: AskedFor,
  atMs: number,
): Opened {
  const incidentId = host.lastIncident?.id ?? null;
  return {
    type: 'return-opened',
    returnId,
    segment,
    incidentId,
    because,
    askedFor,
    persons: 0,
    quarantine: null,
    atMs,
  };
}

/** What ends a return that is open, in the same commit as what goes first: S3. */
export function endsReturn(
  { returning }: Pick<HostState, 'returning'>,
  outcome: ReturnOutcome,
  because: string,
  atMs: number,
): readonly ReturnFact[] {
  return returning == null ? [] : [returnEnded(returning, outcome, because, atMs)];
}

export function returnEnded(returning: Returning, outcome: ReturnOutcome, because: string, atMs: number): ReturnFact {
  const isMoving = returning.status === 'going-home' && returning.move !== null;
  const unsettled = isMoving ? 'live-migrate' : returning.asked;
  return { type: 'return-ended', returnId: returning.id, outcome, because, unsettled, atMs };
}

/** After an incident of the host ended, its reporters may go on saying so for a while. */
const QUIET_MS = 600_000;

/**
 * Whether a word that the host is down is no news: it is off by salvor's doing, or is starting by salvor's doing, and
 * nobody has seen it up since. It would end the return, and have the host switched off in the middle of its start.
 */
export function isAwaited(
  { returning, ours, lastIncident }: HostState,
  { hostReturn, evacuation }: Segment,
  seenUpAtMs: number,
  nowMs: number,
): boolean {
  if (returning == null || lastIncident === null) return false;
  const { poweredOnAtMs } = returning;
  const { endedAtMs, outcome } = lastIncident;
  const seenUpSince = (atMs: number): boolean => Math.max(seenUpAtMs, ours?.seenUpAtMs ?? 0) > atMs;
  if (poweredOnAtMs !== null)
    return !seenUpSince(poweredOnAtMs) && nowMs < poweredOnAtMs + hostReturn.bootSeconds * 1000;
  const wasRecovered = outcome === 'recovered' || outcome === 'partly-recovered';
  if (!wasRecovered || seenUpSince(endedAtMs)) return false;
  return nowMs < endedAtMs + QUIET_MS + evacuation.settleSeconds * 1000;
}
