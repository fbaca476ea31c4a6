import type { HostEvent } from '#events/host-event.ts';
import type { Claim, HostFact, HostState, Incident, IncidentFact, ReportFact } from './host.ts';
import type { Policy, Segment } from './policy.ts';

/**
 * What reports change. Reports are ordered by when the reporter saw it, since queues reorder: a word counts only
 * if it is newer than what the same reporter said before, and `down` only if nobody saw the host alive after it.
 */

/** An event of the queue with what SQS knows of it. */
export interface ReceivedEvent {
  readonly event: HostEvent;
  readonly receivedAtMs: number;
}

/** While nothing changes, the newest word of a reporter is written down again only this often. */
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
  return Math.max(0, ...Object.values(claims).map((claim) => (claim.says === 'up' ? claim.occurredAtMs : 0)));
}

/** Folds a batch of events of one host: facts in order, none when the batch says nothing new. */
export function decideReports(host: HostState, input: ReportInput, policy: Policy, nowMs: number): readonly HostFact[] {
  const seen = new Set(host.recordedEvents);
  const claims: Record<string, Claim> = { ...host.claims };
  const facts: ReportFact[] = [];
  const counted = new Map<string, number>();

  const ordered = [...input.events].sort((a, b) => Date.parse(a.event.time) - Date.parse(b.event.time));
  for (const received of ordered) {
    const fact = judge(received, claims, seen, { policy, nowMs, incidentOpen: host.incident !== null });
    if (fact === undefined) continue;
    if (fact.type === 'reported') {
      const index = counted.get(fact.reporter);
      const earlier = index === undefined ? undefined : facts[index];
      claims[fact.reporter] = { says: fact.says, occurredAtMs: fact.occurredAtMs, receivedAtMs: fact.receivedAtMs };
      if (index !== undefined && earlier?.type === 'reported' && earlier.says === fact.says) {
        facts[index] = { ...fact, repeats: earlier.repeats + 1 };
        continue;
      }
      counted.set(fact.reporter, facts.length);
    } else seen.add(fact.eventId);
    facts.push(fact);
  }
  if (!facts.some((fact) => fact.type === 'reported')) return facts;
  return [...facts, ...consequences(host, claims, facts, input, nowMs)];
}

interface JudgeContext {
  readonly policy: Policy;
  readonly nowMs: number;
  readonly incidentOpen: boolean;
}

/** What one event adds; undefined for a pure repeat. */
function judge(
  { event, receivedAtMs }: ReceivedEvent,
  claims: Readonly<Record<string, Claim>>,
  seen: ReadonlySet<string>,
  { policy, nowMs, incidentOpen }: JudgeContext,
): ReportFact | undefined {
  const occurredAtMs = Date.parse(event.time);
  const common = { reporter: event.source, eventId: event.id, eventType: event.type, occurredAtMs };
  if (seen.has(event.id)) return undefined;
  const because = notBelieved(occurredAtMs, nowMs, policy);
  if (because !== undefined) return { type: 'not-believed', ...common, because };
  if (event.type === 'instance.down')
    return { type: 'recorded', ...common, about: `instance ${event.data.instanceId}` };
  if (event.type === 'process.down') return { type: 'recorded', ...common, about: `process ${event.data.process}` };

  const says = event.type === 'host.down' ? 'down' : 'up';
  const before = claims[event.source];
  if (before !== undefined) {
    if (occurredAtMs <= before.occurredAtMs) return undefined;
    const young = receivedAtMs - before.receivedAtMs < LEASE_MS;
    // An up report counts each time while an incident is open: the newest one decides whether a down still counts.
    if (before.says === says && young && !(incidentOpen && says === 'up')) return undefined;
  }
  return { type: 'reported', ...common, says, receivedAtMs, reason: event.data.reason ?? null, repeats: 0 };
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
  facts: readonly ReportFact[],
  { segment, newIncidentId }: ReportInput,
  nowMs: number,
): readonly IncidentFact[] {
  if (host.incident !== null) return consequencesForIncident(host.incident, claims, nowMs);
  const newDown = facts.find((fact) => fact.type === 'reported' && fact.says === 'down');
  if (segment === undefined || newDown === undefined) return [];
  const down = countingDownClaims(claims, segment.reporters.claimTtlSeconds, nowMs);
  if (down.length === 0) return [];
  const reopenMs = host.lastIncident === null ? 0 : reopenAtMs(host, claims);
  const graceEndsAtMs = Math.max(nowMs + segment.graceSeconds * 1000, reopenMs);
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

/** A host that was seen alive after its last incident fails anew; one that was not is the same failure, nagged about. */
function reopenAtMs({ lastIncident }: HostState, claims: HostState['claims']): number {
  if (lastIncident === null || lastIncident.outcome === 'stood-down') return 0;
  return lastSeenUpMs(claims) > lastIncident.endedAtMs ? 0 : lastIncident.endedAtMs + REOPEN_AFTER_MS;
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
      if (stillDown || upMs === 0) return [];
      return [closedUntouched('the host was seen up after it was reported down', nowMs)];
    }
    case 'forcing-down':
    case 'planning':
    case 'evacuating':
      if (upMs <= incident.proof.readAtMs - CLOCK_SKEW_MS) return [];
      return [
        { type: 'proof-voided', because: 'the host was reported up after its power was read as off', atMs: nowMs },
      ];
    // In `fencing` the next reading of the power decides, with the newest claims before it.
    case 'fencing':
    case 'stopped':
      return [];
  }
}

export function closedUntouched(
  because: string,
  atMs: number,
  outcome: 'stood-down' | 'shadow' = 'stood-down',
): IncidentFact {
  return { type: 'incident-closed', outcome, because, atMs, counts: {}, taskHeads: null };
}
