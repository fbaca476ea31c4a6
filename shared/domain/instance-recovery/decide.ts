import { backoffMs } from '../backoff.ts';
import type { Policy, Segment } from '../policy.ts';
import type { InstanceRecovery } from '../policy-instances.ts';
import { sourcesOf } from '../reporters.ts';
import { unfit } from './fit.ts';
import { holdsOfHost, isTakenOver, sameHolds, stormHolds } from './holds.ts';
import type {
  Ask,
  Held,
  Hold,
  InstanceAction,
  InstanceFact,
  InstanceOutcome,
  InstanceState,
  Suspected,
} from './instance.ts';
import { isBeginOfMove, nextOfMove, whyNotOn } from './move.ts';
import type { InstanceReason } from './reasons.ts';
import { ruleOf } from './reasons.ts';
import { sourcesThatSay } from './reports.ts';
import type { InstanceSight, SeenInstance } from './sight.ts';
import { whereTo } from './where-to.ts';

/** A tick may arrive this much early: delays of SQS are whole seconds. */
const EARLY_MS = 999;
const LOOK_AGAIN_MS = 10_000;
/** The function that has asked answers within its time, 60 s; who comes later finds that it has died. */
const ANSWER_DUE_MS = 75_000;
/** Requests without effect, one after the other, before a person must look. */
const MAX_FAILURES = 3;
const RETRY = { retryBaseSeconds: 10, retryMaxSeconds: 120 };

export interface InstanceRules {
  readonly policy: Policy;
  readonly segment: Segment;
}

export type InstanceIn<S extends InstanceState['incident']> = InstanceState & { readonly incident: S };

export const closedInstance = (
  outcome: InstanceOutcome,
  because: string,
  host: string | null,
  atMs: number,
): InstanceFact => ({ type: 'instance-incident-closed', outcome, because, host, atMs });

/** Nova could not be read. */
export interface NoSight {
  readonly outage: string;
}

/**
 * An instance that was reported down, or waits, is due for a look: ask Nova for something, wait, or end. Pure in the
 * sight, so that it can be decided again from the audit.
 */
export function decideInstance(
  state: InstanceIn<Suspected | Held>,
  sight: InstanceSight | NoSight,
  rules: InstanceRules,
  nowMs: number,
): readonly InstanceFact[] {
  const { incident } = state;
  if (incident.dueAtMs - nowMs > EARLY_MS)
    return incident.status === 'suspected'
      ? [{ type: 'instance-waited', untilMs: incident.dueAtMs }]
      : [{ type: 'instance-still-held', holds: incident.holds, nextLookAtMs: incident.dueAtMs }];
  const recovery = rules.segment.instanceRecovery;
  if (recovery === undefined)
    return [closedInstance('left', 'the policy does not recover instances any more', null, nowMs)];
  if ('outage' in sight) return hold(state, [{ hold: 'nova-answers', because: sight.outage }], recovery, null, nowMs);

  const { server } = sight;
  if (server === null) return [closedInstance('left', 'it is gone', null, nowMs)];
  const end = whyLeft(state, server, sight, rules);
  if (end !== undefined) return [closedInstance(end.outcome, end.because, server.host, nowMs)];

  const why = whyDown(state, rules, recovery);
  const wanted = why === undefined ? undefined : wantedOf(state, server, why, recovery, nowMs);
  const begins = incident.moved === null;
  const holds: readonly Hold[] = [
    ...holdsOfHost(sight),
    ...(why === undefined ? [{ hold: 'sources', because: tooFew(state, recovery, rules) } as const] : []),
    ...(server.taskState === null
      ? []
      : [{ hold: 'task', because: `Nova is at work on it: ${server.taskState}` } as const]),
    ...(begins ? stormHolds(sight, recovery) : []),
  ];
  if (holds.length > 0) return hold(state, holds, recovery, server.host, nowMs);
  if (wanted === undefined) return [];
  if ('person' in wanted) return [closedInstance('person', wanted.person, server.host, nowMs)];
  const { ask, action } = wanted;
  const to = isBeginOfMove(ask) ? whereTo(server, sight.hosts, incident.refusedBy ?? [], rules.segment) : undefined;
  if (to !== undefined && 'person' in to)
    return [closedInstance('person', `${wanted.because}; ${to.person}`, server.host, nowMs)];
  if (to !== undefined && 'waits' in to)
    return hold(state, [{ hold: 'destination', because: to.waits }], recovery, server.host, nowMs);
  const because = to === undefined ? wanted.because : `${wanted.because}; ${to.because}`;
  if (rules.segment.mode === 'shadow')
    return [closedInstance('shadow', `shadow mode: ${because}; it would be asked for now: ${ask}`, server.host, nowMs)];
  return [
    {
      type: 'instance-request-intended',
      request: {
        ask,
        number: incident.requests + 1,
        action,
        host: server.host ?? '',
        lastActionId: sight.actions[0]?.requestId ?? null,
        ...(to === undefined ? {} : { destination: to.destination }),
      },
      because,
      atMs: nowMs,
      dueAtMs: nowMs + ANSWER_DUE_MS,
    },
  ];
}

interface End {
  readonly outcome: InstanceOutcome;
  readonly because: string;
}

/** Why salvor has no more business with it. */
function whyLeft(
  { incident }: InstanceIn<Suspected | Held>,
  server: SeenInstance,
  sight: InstanceSight,
  { segment }: InstanceRules,
): End | undefined {
  const left = (because: string): End => ({ outcome: 'left', because });
  if (incident.moved !== null) {
    const because = whyNotOn(incident.moved, server);
    return because === undefined ? undefined : { outcome: 'person', because };
  }
  const because = unfit(server, sight, segment);
  if (because !== undefined) return left(because);
  const elsewhere = server.host !== incident.host;
  if (elsewhere && server.vmState === 'active') return left(`it runs on ${server.host ?? 'no host'} by now`);
  // One that Nova has stopped meanwhile is evacuated as it is, and has to be started afterwards: it is waited for.
  if (isTakenOver(sight.hostIncident) && server.vmState === 'active')
    return {
      outcome: 'taken-over',
      because: `the incident of its host has it in hand, which is ${sight.hostIncident}`,
    };
  const isProtected = elsewhere || (sight.segments.length === 1 && sight.segments[0] === segment.name);
  if (!isProtected) return left(`segments that hold its host now: ${sight.segments.join(', ') || 'none'}`);
  return undefined;
}

interface Why {
  readonly reason: InstanceReason;
  readonly action: InstanceAction;
  readonly because: string;
}

/** The strongest reason that enough sources stand for; undefined when none is. */
function whyDown(
  state: InstanceState,
  { policy, segment }: InstanceRules,
  recovery: InstanceRecovery,
): Why | undefined {
  const said = sourcesThatSay(state, segment.reporters.claimTtlSeconds);
  const sources = sourcesOf(
    said.map(({ reporter }) => reporter),
    policy.reporterGroups,
  );
  for (const reason of ['process-gone', 'io-error', 'guest-hung', 'no-answer'] as const) {
    const rule = ruleOf(recovery, reason);
    if (rule.do === 'record' || !said.some((each) => each.reason === reason) || sources.length < rule.sources) continue;
    return { reason, action: rule.do, because: `${reason}, say ${sources.map(({ name }) => name).join(', ')}` };
  }
  return undefined;
}

function tooFew(state: InstanceState, recovery: InstanceRecovery, { segment }: InstanceRules): string {
  const said = sourcesThatSay(state, segment.reporters.claimTtlSeconds);
  const least = Math.min(...said.map(({ reason }) => ruleOf(recovery, reason).sources));
  return `${said.map(({ reporter, reason }) => `${reporter} says ${reason}`).join(', ')}; ${least} sources are needed`;
}

type Wanted =
  | { readonly ask: Ask; readonly action: InstanceAction; readonly because: string }
  | { readonly person: string };

/** What is asked for next, under the limits of this one instance. */
function wantedOf(
  { incident, acted }: InstanceIn<Suspected | Held>,
  server: SeenInstance,
  { reason, action, because }: Why,
  recovery: InstanceRecovery,
  nowMs: number,
): Wanted {
  if (incident.failures >= MAX_FAILURES)
    return { person: `${incident.failures} requests in a row had no effect; the last: ${lastTrouble(incident)}` };
  if (incident.moved !== null) return nextOfMove(incident.moved, server, because);
  const within = acted.filter(({ atMs }) => atMs > nowMs - recovery.windowSeconds * 1000);
  const count = (of: InstanceAction, some = within): number => some.filter((each) => each.action === of).length;
  const usedUp = count('restart') >= recovery.maxRestarts;
  if (action === 'restart' && !usedUp) return { ask: 'reboot', action: 'restart', because };
  const after =
    action === 'move'
      ? ''
      : `; restarts within ${recovery.windowSeconds} s: ${count('restart')}, which is all that the policy allows`;
  if (action === 'restart' && !recovery.thenMove) return { person: `${because}${after}` };
  // A host that would not take it is no reason not to ask for another.
  if (incident.failures > (incident.refusedBy ?? []).length)
    return { person: `it could not be moved: ${lastTrouble(incident)}` };
  const before = within.filter(({ atMs }) => atMs < incident.openedAtMs);
  if (count('move', before) > 0) return { person: `${because}${after}, and was moved already: it is not the host` };
  return nextOfMove(null, server, `${because}${after}`, reason);
}

const lastTrouble = (incident: Suspected | Held): string =>
  (incident.status === 'held' && incident.holds.at(-1)?.because) || 'Nova had not done it';

/** The incident waits, until its deadline hands it to a person. */
function hold(
  { incident }: InstanceIn<Suspected | Held>,
  holds: readonly Hold[],
  recovery: InstanceRecovery,
  host: string | null,
  nowMs: number,
): readonly InstanceFact[] {
  // The incident of its host has a deadline of its own.
  const waitsForHost = holds.some((each) => each.hold === 'host-incident');
  if (!waitsForHost && nowMs >= incident.openedAtMs + recovery.deadlineSeconds * 1000) {
    const because = `no end after ${recovery.deadlineSeconds} s: ${holds.map((each) => each.because).join('; ')}`;
    const outcome = holds.every((each) => each.hold === 'sources') ? 'stood-down' : 'person';
    return [closedInstance(outcome, because, host, nowMs)];
  }
  const nextLookAtMs = nowMs + LOOK_AGAIN_MS;
  return incident.status === 'held' && sameHolds(incident.holds, holds)
    ? [{ type: 'instance-still-held', holds, nextLookAtMs }]
    : [{ type: 'instance-held', holds, atMs: nowMs, nextLookAtMs }];
}

/** The pause after a request that Nova has refused. */
export const retryAtMs = (failures: number, nowMs: number, random: number): number =>
  nowMs + backoffMs(failures, RETRY, random);
