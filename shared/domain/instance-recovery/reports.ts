import type { InstanceEvent } from '#events/host-event.ts';
import { recordedId } from '../host.ts';
import { notBelieved } from '../judge-report.ts';
import type { Policy, Segment } from '../policy.ts';
import type { InstanceRecovery } from '../policy-instances.ts';
import type { InstanceClaim, InstanceFact, InstanceState } from './instance.ts';
import { type InstanceReason, reasonOf, ruleOf } from './reasons.ts';

export interface ReceivedInstanceEvent {
  readonly event: InstanceEvent;
  readonly reporter: string;
  readonly receivedAtMs: number;
}

export interface InstanceReportInput {
  readonly events: readonly ReceivedInstanceEvent[];
  readonly host: string;
  readonly hostKey: string;
  /** The segment that protects the host, by the inventory mirror. It is read live before any request. */
  readonly segment: Segment | undefined;
  readonly newIncidentId: string;
}

/** While nothing changes, the same word of a reporter is written down again only this often. */
const LEASE_MS = 60_000;
/** What a probe repeats about an instance that was left alone opens no incident again for this long. */
const QUIET_MS = 600_000;

/** What reports of one instance add: none where the policy only records them, or when they say nothing new. */
export function decideInstanceReports(
  state: InstanceState,
  { events, host, hostKey, segment, newIncidentId }: InstanceReportInput,
  policy: Policy,
  nowMs: number,
): readonly InstanceFact[] {
  const recovery = segment?.instanceRecovery;
  if (segment === undefined || recovery === undefined) return [];
  const seen = new Set(state.seenEvents);
  const claims = new Map(Object.entries(state.claims));
  const facts: Extract<InstanceFact, { type: 'instance-reported' }>[] = [];
  for (const { event, reporter, receivedAtMs } of inOrder(events)) {
    const reason = reasonOf(event);
    const occurredAtMs = Date.parse(event.time);
    if (reason === undefined || ruleOf(recovery, reason).do === 'record') continue;
    if (seen.has(recordedId(reporter, event.id)) || notBelieved(occurredAtMs, nowMs, policy) !== undefined) continue;
    if (isOfBefore(state, recovery, reason, occurredAtMs)) continue;
    const before = claims.get(reporter);
    if (before !== undefined && occurredAtMs < before.occurredAtMs) continue;
    if (isRepeat(state, before, reason, receivedAtMs)) continue;
    seen.add(recordedId(reporter, event.id));
    claims.set(reporter, { reason, occurredAtMs, receivedAtMs });
    facts.push({
      type: 'instance-reported',
      reporter,
      ...(event.source === reporter ? {} : { source: event.source }),
      eventId: event.id,
      event: event.data.event ?? '',
      reason,
      occurredAtMs,
      receivedAtMs,
      host,
      hostKey,
    });
  }
  const [first] = facts;
  if (first === undefined || state.incident !== null) return facts;
  const opened: InstanceFact = {
    type: 'instance-incident-opened',
    incidentId: newIncidentId,
    instanceId: state.id,
    segment: segment.name,
    host,
    hostKey,
    because: `${first.reason} (${first.event}), says ${first.reporter}`,
    atMs: nowMs,
    confirmUntilMs: nowMs + recovery.confirmSeconds * 1000,
  };
  return [...facts, opened];
}

const inOrder = (events: readonly ReceivedInstanceEvent[]): readonly ReceivedInstanceEvent[] =>
  [...events].sort((a, b) => Date.parse(a.event.time) - Date.parse(b.event.time));

/** What was said before salvor acted does not make a word of after it a repeat. */
const isRepeat = (
  { acted }: InstanceState,
  before: InstanceClaim | undefined,
  reason: InstanceReason,
  receivedAtMs: number,
): boolean =>
  before?.reason === reason &&
  receivedAtMs - before.receivedAtMs < LEASE_MS &&
  before.occurredAtMs > (acted.at(-1)?.atMs ?? 0);

/** Whether it tells of the failure that salvor has acted on already, or of what it has left alone a moment ago. */
function isOfBefore(
  { acted, lastIncident, incident }: InstanceState,
  recovery: InstanceRecovery,
  reason: InstanceReason,
  occurredAtMs: number,
): boolean {
  const last = acted.at(-1);
  if (last !== undefined && occurredAtMs <= last.atMs) return true;
  if (incident !== null || lastIncident === null) return false;
  const { endedAtMs, outcome } = lastIncident;
  const wasStarted = outcome === 'restarted' || outcome === 'moved';
  if (wasStarted && (reason === 'guest-hung' || reason === 'no-answer'))
    return occurredAtMs <= endedAtMs + recovery.bootSeconds * 1000;
  if (wasStarted || reason !== 'no-answer') return false;
  return occurredAtMs <= endedAtMs + (outcome === 'person' ? recovery.windowSeconds * 1000 : QUIET_MS);
}

/** The words that count: those that came no longer than a word counts before the newest. */
export function sourcesThatSay(
  { claims }: Pick<InstanceState, 'claims'>,
  claimTtlSeconds: number,
): readonly { readonly reporter: string; readonly reason: InstanceReason }[] {
  const newestMs = Math.max(0, ...Object.values(claims).map(({ receivedAtMs }) => receivedAtMs));
  return Object.entries(claims)
    .filter(([, { receivedAtMs }]) => receivedAtMs > newestMs - claimTtlSeconds * 1000)
    .map(([reporter, { reason }]) => ({ reporter, reason }))
    .sort((a, b) => (a.reporter < b.reporter ? -1 : 1));
}
