import type { HostEvent } from '#events/host-event.ts';
import type { Claim, HostState, Incident, ReportFact } from './host.ts';
import { recordedId } from './host.ts';
import type { Policy, Segment } from './policy.ts';
import type { ReceivedEvent } from './reports.ts';

/** While nothing changes, the newest word of a reporter is written down again only this often, or twice in its TTL. */
export const LEASE_MS = 60_000;

export interface JudgeContext {
  readonly policy: Policy;
  readonly segment: Segment | undefined;
  readonly nowMs: number;
  readonly incident: Incident | null;
  /** A word of this reporter is written down in this batch anyhow. */
  readonly written: boolean;
}

/** What one event adds; undefined for a pure repeat. */
export function judge(
  received: ReceivedEvent,
  claims: HostState['claims'],
  seen: ReadonlySet<string>,
  context: JudgeContext,
): ReportFact | undefined {
  const { event, reporter, receivedAtMs, standsFor = 0 } = received;
  const occurredAtMs = Date.parse(event.time);
  const through = event.source === reporter ? {} : { source: event.source };
  const common = { reporter, ...through, eventId: event.id, eventType: event.type, occurredAtMs };
  if (seen.has(recordedId(reporter, event.id))) return undefined;
  const about = aboutOf(event);
  const says = event.type === 'host.down' ? 'down' : 'up';
  const before = about === undefined ? claims[reporter] : undefined;
  if (before !== undefined && !isNewer(says, occurredAtMs, before)) return undefined;
  const because = notBelieved(occurredAtMs, context.nowMs, context.policy);
  if (because !== undefined) return { type: 'not-believed', ...common, because };
  if (about !== undefined) return { type: 'recorded', ...common, about };
  if (before?.says === says && saysNothingNew(received, before, context)) return undefined;
  return { type: 'reported', ...common, says, receivedAtMs, reason: event.data.reason ?? null, repeats: standsFor };
}

/** What on the host an event is about; undefined when it is about the host itself. */
function aboutOf(event: HostEvent): string | undefined {
  if (event.type === 'instance.down') return `instance ${event.data.instanceId}`;
  if (event.type === 'host.dumping') return 'a kernel dump';
  return event.type === 'process.down' || event.type === 'process.up' ? `process ${event.data.process}` : undefined;
}

/** Of two words of one moment, up counts, whichever came first: times may be whole seconds. */
const isNewer = (says: Claim['says'], occurredAtMs: number, before: Claim): boolean =>
  occurredAtMs > before.occurredAtMs ||
  (occurredAtMs === before.occurredAtMs && says === 'up' && before.says === 'down');

/** Whether a further word of the same meaning can be left out, since the last one was written down a moment ago. */
function saysNothingNew(
  { receivedAtMs }: ReceivedEvent,
  before: Claim,
  { incident, segment, written }: JudgeContext,
): boolean {
  // An up is said once, or it is a heartbeat of a host that is in doubt.
  if (written || before.says === 'up') return false;
  const ttlMs = (segment?.reporters.claimTtlSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  if (receivedAtMs - before.receivedAtMs >= Math.min(LEASE_MS, ttlMs / 2)) return false;
  // An up from between two downs may come late: it must meet the newer one while it can still turn the decision.
  const undecided =
    incident === null ? segment !== undefined : ['suspected', 'held', 'fencing'].includes(incident.status);
  return !undecided;
}

/** Why what a reporter saw then counts no more, or not yet; undefined when it counts. */
export function notBelieved(occurredAtMs: number, nowMs: number, policy: Policy): string | undefined {
  const ageSeconds = Math.round((nowMs - occurredAtMs) / 1000);
  const { maxAgeSeconds, maxAheadSeconds } = policy.events;
  if (ageSeconds > maxAgeSeconds) return `it is ${ageSeconds} s old; events.maxAgeSeconds is ${maxAgeSeconds}`;
  if (-ageSeconds > maxAheadSeconds)
    return `it is ${-ageSeconds} s in the future; events.maxAheadSeconds is ${maxAheadSeconds}`;
  return undefined;
}
