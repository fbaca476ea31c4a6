import type { HostEvent } from '#events/host-event.ts';
import type { Evidence } from './gates/evidence.ts';
import type { Claim, HostFact, HostState, Incident, IncidentFact, ReportFact } from './host.ts';
import { recordedId } from './host.ts';
import type { Policy, Segment } from './policy.ts';

/**
 * What reports change. Reports are ordered by when the reporter saw it, since queues reorder: a word counts only
 * if it is newer than what the same reporter said before, and `down` only if nobody saw the host alive after it.
 */

/** An event of the queue with what SQS knows of it. */
export interface ReceivedEvent {
  readonly event: HostEvent;
  /** Whose word it is: who was authenticated, or the event's `source` where that is believed. */
  readonly reporter: string;
  readonly receivedAtMs: number;
  /** Earlier events of the same batch and meaning that it stands for, when it is read back from the audit. */
  readonly standsFor?: number;
}

/** While nothing changes, the newest word of a reporter is written down again only this often, or twice in its TTL. */
const LEASE_MS = 60_000;

/** Up reports this close to a proof may be from before the power-off: clocks differ. Then the power is read again. */
export const CLOCK_SKEW_MS = 5_000;

/** After an incident of the host ended, a further one waits at least this long: nagging reporters don't churn. */
const REOPEN_AFTER_MS = 600_000;

export interface ReportInput {
  readonly events: readonly ReceivedEvent[];
  /** The segment that protects the host, by the inventory mirror; undefined: none does. It is read live before any action. */
  readonly segment: Segment | undefined;
  readonly newIncidentId: string;
}

/** Down claims that count now: young enough, and newer than the newest word that the host is up. */
export function countingDownClaims(
  claims: HostState['claims'],
  claimTtlSeconds: number,
  nowMs: number,
): readonly string[] {
  const lastUpMs = lastSeenUpMs(claims);
  return Object.entries(claims)
    .filter(([, claim]) => claim.says === 'down')
    .filter(([, claim]) => claim.occurredAtMs > lastUpMs && claim.receivedAtMs + claimTtlSeconds * 1000 > nowMs)
    .map(([reporter]) => reporter)
    .sort();
}

export function lastSeenUpMs(claims: HostState['claims']): number {
  return Math.max(
    0,
    ...Object.values(claims).map((claim) => (claim.says === 'up' && claim.overruled !== true ? claim.occurredAtMs : 0)),
  );
}

/** Folds a batch of events of one host: facts in order, none when the batch says nothing new. */
export function decideReports(host: HostState, input: ReportInput, policy: Policy, nowMs: number): readonly HostFact[] {
  const seen = new Set(host.recordedEvents);
  // Without a prototype, as reporters choose their own names: `__proto__` is one like any other.
  const claims: Record<string, Claim> = Object.assign(Object.create(null), host.claims);
  const facts: ReportFact[] = [];
  /** The last word of each reporter in this batch, and its place among the facts. */
  const words = new Map<string, { readonly at: number; readonly fact: Reported }>();

  const ordered = [...input.events].sort((a, b) => Date.parse(a.event.time) - Date.parse(b.event.time));
  for (const received of ordered) {
    const written = words.has(received.reporter) || (received.standsFor ?? 0) > 0;
    const context = { policy, segment: input.segment, nowMs, incident: host.incident, written };
    const fact = judge(received, claims, seen, context);
    if (fact === undefined) continue;
    if (fact.type !== 'reported') {
      seen.add(recordedId(fact.reporter, fact.eventId));
      facts.push(fact);
      continue;
    }
    const { reporter, says, occurredAtMs, receivedAtMs } = fact;
    claims[reporter] = { says, occurredAtMs, receivedAtMs };
    const before = words.get(reporter);
    const word =
      before?.fact.says === says
        ? { at: before.at, fact: { ...fact, repeats: before.fact.repeats + 1 } }
        : { at: facts.length, fact };
    facts[word.at] = word.fact;
    words.set(reporter, word);
  }
  const reported = facts.filter((fact) => fact.type === 'reported');
  return reported.length === 0 ? facts : [...facts, ...consequences(host, claims, reported, input, nowMs)];
}

type Reported = Extract<ReportFact, { type: 'reported' }>;

interface JudgeContext {
  readonly policy: Policy;
  readonly segment: Segment | undefined;
  readonly nowMs: number;
  readonly incident: Incident | null;
  /** A word of this reporter is written down in this batch anyhow. */
  readonly written: boolean;
}

/** What one event adds; undefined for a pure repeat. */
function judge(
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
  return event.type === 'process.down' ? `process ${event.data.process}` : undefined;
}

/** Of two words of one moment, up counts, whichever came first: times may be whole seconds. */
const isNewer = (says: Claim['says'], occurredAtMs: number, before: Claim): boolean =>
  occurredAtMs > before.occurredAtMs ||
  (occurredAtMs === before.occurredAtMs && says === 'up' && before.says === 'down');

/** Whether a further word of the same meaning can be left out, since the last one was written down a moment ago. */
function saysNothingNew(
  { event, receivedAtMs }: ReceivedEvent,
  before: Claim,
  { incident, segment, written }: JudgeContext,
): boolean {
  if (written) return false;
  const ttlMs = (segment?.reporters.claimTtlSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  if (receivedAtMs - before.receivedAtMs >= Math.min(LEASE_MS, ttlMs / 2)) return false;
  // A heartbeat that was left out is made up for by the next one; an up that is said once is not.
  if (before.says === 'up') return event.type === 'host.heartbeat' && incident === null;
  // An up from between two downs may come late: it must meet the newer one while it can still turn the decision.
  const undecided =
    incident === null ? segment !== undefined : ['suspected', 'held', 'fencing'].includes(incident.status);
  return !undecided;
}

function notBelieved(occurredAtMs: number, nowMs: number, policy: Policy): string | undefined {
  const ageSeconds = Math.round((nowMs - occurredAtMs) / 1000);
  const { maxAgeSeconds, maxAheadSeconds } = policy.events;
  if (ageSeconds > maxAgeSeconds) return `it is ${ageSeconds} s old; events.maxAgeSeconds is ${maxAgeSeconds}`;
  if (-ageSeconds > maxAheadSeconds)
    return `it is ${-ageSeconds} s in the future; events.maxAheadSeconds is ${maxAheadSeconds}`;
  return undefined;
}

function consequences(
  host: HostState,
  claims: HostState['claims'],
  reported: readonly Reported[],
  { segment, newIncidentId }: ReportInput,
  nowMs: number,
): readonly IncidentFact[] {
  if (host.incident !== null) return consequencesForIncident(host.incident, claims, nowMs);
  if (segment === undefined || !reported.some((fact) => isNewDown(host, claims, fact, segment))) return [];
  const down = countingDownClaims(claims, segment.reporters.claimTtlSeconds, nowMs);
  if (down.length === 0) return [];
  const graceEndsAtMs = Math.max(nowMs + segment.graceSeconds * 1000, reopenAtMs(host, reported));
  return [
    {
      type: 'incident-opened',
      incidentId: newIncidentId,
      segment: segment.name,
      host: host.name,
      hostKey: host.key,
      atMs: nowMs,
      graceEndsAtMs,
      because: `reported down by ${down.join(', ')}`,
    },
  ];
}

/**
 * Whether the fact may open an incident. What an operator has dismissed is not opened again by those who said so then
 * and have said so ever since; whoever fell silent for as long as a word counts says something new.
 */
function isNewDown(
  { lastIncident, claims: before }: HostState,
  claims: HostState['claims'],
  fact: Reported,
  { reporters }: Segment,
): boolean {
  if (fact.says !== 'down') return false;
  if (lastIncident === null || lastIncident.knownDown?.includes(fact.reporter) !== true) return true;
  const last = before[fact.reporter];
  const nagging = last?.says === 'down' && fact.receivedAtMs < last.receivedAtMs + reporters.claimTtlSeconds * 1000;
  return !nagging || lastSeenUpMs(claims) > lastIncident.endedAtMs;
}

/** A host that was seen alive after its last incident fails anew; one that was not is the same failure, nagged about. */
function reopenAtMs({ lastIncident, claims }: HostState, reported: readonly Reported[]): number {
  if (lastIncident === null || ['stood-down', 'dismissed'].includes(lastIncident.outcome)) return 0;
  // The up may be the word that the down of the same reporter has just replaced.
  const ups = reported.map(({ says, occurredAtMs }) => (says === 'up' ? occurredAtMs : 0));
  return Math.max(lastSeenUpMs(claims), ...ups) > lastIncident.endedAtMs ? 0 : lastIncident.endedAtMs + REOPEN_AFTER_MS;
}

function consequencesForIncident(
  incident: Incident,
  claims: HostState['claims'],
  nowMs: number,
): readonly IncidentFact[] {
  const upMs = lastSeenUpMs(claims);
  switch (incident.status) {
    case 'suspected':
    case 'held': {
      const stillDown = Object.values(claims).some((claim) => claim.says === 'down' && claim.occurredAtMs > upMs);
      if (stillDown) return [];
      return [closedUntouched('the host was seen up after it was reported down', nowMs)];
    }
    case 'forcing-down':
    case 'planning':
    case 'evacuating':
      return voidedByReport(incident.proof.readAtMs, upMs, nowMs);
    // In `fencing` the next reading of the power decides, with the newest claims before it.
    case 'fencing':
    case 'handing-over':
    case 'stopped':
      return [];
  }
}

/** S1: a proof is void when its host was seen up later than about when the power was read. */
export const voidedByReport = (readAtMs: number, upMs: number, atMs: number): readonly IncidentFact[] =>
  upMs <= readAtMs - CLOCK_SKEW_MS
    ? []
    : [{ type: 'proof-voided', because: 'the host was reported up after its power was read as off', atMs }];

export function closedUntouched(
  because: string,
  atMs: number,
  evidence: Evidence | null = null,
  outcome: 'stood-down' | 'shadow' | 'dismissed' = 'stood-down',
): IncidentFact {
  return { type: 'incident-closed', outcome, because, atMs, counts: {}, taskHeads: null, evidence };
}
