import type { HostEvent } from '#events/host-event.ts';
import { dumpsSeen, isDump, isUndecided } from './dumping.ts';
import type { Evidence } from './gates/evidence.ts';
import { isBeat } from './heartbeats.ts';
import type { Claim, HostFact, HostState, Incident, IncidentFact, ReportFact } from './host.ts';
import { recordedId } from './host.ts';
import { judge, LEASE_MS } from './judge-report.ts';
import type { Policy, Segment } from './policy.ts';
import { endsReturn, isAwaited } from './return/open-return.ts';

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
  /** Its reporter says so too often: see {@link isSpare}. */
  readonly spare?: boolean;
}

/** Up reports this close to a proof may be from before the power-off: clocks differ. Then the power is read again. */
export const CLOCK_SKEW_MS = 5_000;

/** After an incident of the host ended, a further one waits at least this long: nagging reporters don't churn. */
const REOPEN_AFTER_MS = 600_000;

export interface ReportInput {
  readonly events: readonly ReceivedEvent[];
  /** The segment that protects the host, by the inventory mirror; undefined: none does. It is read live before any action. */
  readonly segment: Segment | undefined;
  readonly newIncidentId: string;
  /** No grace period ends before: the host's next heartbeat is to be heard, since one before may not be on record. */
  readonly hearUntilMs?: number | undefined;
  /** What is on record counts: an older salvor wrote heartbeats down while nobody doubted the host, too. */
  readonly everyBeat?: true;
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

/**
 * Folds a batch of events of one host: facts in order, none when the batch says nothing new. Heartbeats of a host that
 * nobody doubts are not among them, as its lease holds the newest; nor are the ups of one who says too many.
 */
export function decideReports(host: HostState, input: ReportInput, policy: Policy, nowMs: number): readonly HostFact[] {
  const dumps = dumpsSeen(host.incident, input.events, policy, nowMs);
  const events = isUndecided(host.incident) ? input.events.filter((received) => !isDump(received)) : input.events;
  const all = judgeAll(host, events, input, policy, nowMs);
  const { facts, claims } =
    input.everyBeat || isInDoubt(host, all.facts)
      ? all
      : judgeAll(
          host,
          events.filter((received) => !isBeat(received) && !isSpare(received, host)),
          input,
          policy,
          nowMs,
        );
  const reported = facts.filter((fact) => fact.type === 'reported');
  if (reported.length === 0) return [...dumps, ...facts];
  return [...dumps, ...facts, ...consequences(host, claims, reported, input, nowMs)];
}

/** Whether a heartbeat may make a difference: somebody says down, or has said so and was not refuted. */
const isInDoubt = ({ incident, claims }: HostState, facts: readonly ReportFact[]): boolean =>
  incident !== null ||
  countingDownClaims(claims, Number.POSITIVE_INFINITY, 0).length > 0 ||
  facts.some((fact) => fact.type === 'reported' && fact.says === 'down');

/** One up of too many is left out while its reporter's last is on record since a moment, and nobody doubts the host. */
function isSpare({ spare, event, reporter, receivedAtMs }: ReceivedEvent, { claims }: HostState): boolean {
  const before = claims[reporter];
  return (
    spare === true && event.type === 'host.up' && before?.says === 'up' && receivedAtMs - before.receivedAtMs < LEASE_MS
  );
}

interface Judged {
  readonly facts: readonly ReportFact[];
  /** The newest word of each reporter, these among them. */
  readonly claims: HostState['claims'];
}

function judgeAll(
  host: HostState,
  events: readonly ReceivedEvent[],
  { segment }: ReportInput,
  policy: Policy,
  nowMs: number,
): Judged {
  const seen = new Set(host.recordedEvents);
  // Without a prototype, as reporters choose their own names: `__proto__` is one like any other.
  const claims: Record<string, Claim> = Object.assign(Object.create(null), host.claims);
  const facts: ReportFact[] = [];
  /** The last word of each reporter in this batch, and its place among the facts. */
  const words = new Map<string, { readonly at: number; readonly fact: Reported }>();

  const ordered = [...events].sort((a, b) => Date.parse(a.event.time) - Date.parse(b.event.time));
  for (const received of ordered) {
    const written = words.has(received.reporter) || (received.standsFor ?? 0) > 0;
    const context = { policy, segment, nowMs, incident: host.incident, written };
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
  return { facts, claims };
}

type Reported = Extract<ReportFact, { type: 'reported' }>;

function consequences(
  host: HostState,
  claims: HostState['claims'],
  reported: readonly Reported[],
  { segment, newIncidentId, hearUntilMs = 0 }: ReportInput,
  nowMs: number,
): readonly HostFact[] {
  if (host.incident !== null) return consequencesForIncident(host.incident, claims, nowMs);
  if (segment === undefined || !reported.some((fact) => isNewDown(host, claims, fact, segment))) return [];
  if (isAwaited(host, segment, newestUpMs(claims, reported), nowMs)) return [];
  const down = countingDownClaims(claims, segment.reporters.claimTtlSeconds, nowMs);
  if (down.length === 0) return [];
  const graceEndsAtMs = Math.max(nowMs + segment.graceSeconds * 1000, reopenAtMs(host, reported), hearUntilMs);
  const because = `reported down by ${down.join(', ')}`;
  return [
    ...endsReturn(host, 'reported-down', because, nowMs),
    {
      type: 'incident-opened',
      incidentId: newIncidentId,
      segment: segment.name,
      host: host.name,
      hostKey: host.key,
      atMs: nowMs,
      graceEndsAtMs,
      because,
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
  return newestUpMs(claims, reported) > lastIncident.endedAtMs ? 0 : lastIncident.endedAtMs + REOPEN_AFTER_MS;
}

/** The up may be the word that the down of the same reporter has just replaced. */
const newestUpMs = (claims: HostState['claims'], reported: readonly Reported[]): number =>
  Math.max(lastSeenUpMs(claims), ...reported.map(({ says, occurredAtMs }) => (says === 'up' ? occurredAtMs : 0)));

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
