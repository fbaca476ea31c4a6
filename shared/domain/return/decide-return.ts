import { ANSWER_DUE_MS } from '../answer-due.ts';
import { backoffMs } from '../backoff.ts';
import type { HostState } from '../host.ts';
import {
  askWhetherPoweredOn,
  askWhetherTouched,
  askWhetherWell,
  check,
  isHeard,
  isShut,
  type ReturnRules,
  switchOnLevel,
} from './checks.ts';
import type { ReturnFact, ServiceFact } from './facts.ts';
import { defaultsOf } from './limits.ts';
import { returnEnded } from './open-return.ts';
import { mayNeedPower, powerOnProven } from './power-on.ts';
import type { Check, Returning, ReturnOutcome, ReturnSight, ServiceChange } from './returning.ts';

/** How soon it looks again, and how soon when it has waited for a while: a repair takes hours, and each look costs Nova. */
const LOOK_MS = 10_000;
const SELDOM_MS = 60_000;
const SELDOM_AFTER_MS = 900_000;

type Facts = readonly (ReturnFact | ServiceFact)[];

/** `power-on` and `change` ask the shell to commit the intent, then to send the one request. */
export type ReturnDecision =
  | { readonly do: 'commit'; readonly facts: Facts }
  | {
      readonly do: 'power-on';
      readonly facts: Facts;
      /** Of the fencing levels, from 0. */
      readonly level: number;
    }
  | { readonly do: 'change'; readonly change: ServiceChange; readonly facts: Facts };

const commit = (...facts: Facts): ReturnDecision => ({ do: 'commit', facts });

/** One look at a host on its way back that takes no instances yet (`going-home` is decided in `home.ts`). */
export function decideReturn(
  host: HostState,
  returning: Returning,
  sight: ReturnSight,
  rules: ReturnRules,
  random: number,
): ReturnDecision {
  const decision = decideLook(host, returning, sight, rules, random);
  const proven = powerOnProven(returning, sight);
  return proven === undefined ? decision : { ...decision, facts: [proven, ...decision.facts] };
}

function decideLook(
  host: HostState,
  returning: Returning,
  sight: ReturnSight,
  rules: ReturnRules,
  random: number,
): ReturnDecision {
  const { service, atMs } = sight;
  const { id: returnId } = returning;
  const end = (outcome: ReturnOutcome, because: string): ReturnFact => returnEnded(returning, outcome, because, atMs);
  if (service === null || service.id !== host.serviceId)
    return commit(end('service-gone', `Nova has no compute service ${host.serviceId} of this name any more`));

  const settled = settleAsked(host, returning, sight, rules, random);
  if (settled !== undefined) return commit(...settled);
  const left = leftToUndo(host, service);
  if (left === undefined) return whenNothingIsLeft(host, returning, sight, rules, end);

  const touched = askWhetherTouched(host, returning, sight, rules);
  const well = askWhetherWell(host, sight, rules);
  if (touched.some(isShut)) return waits(returning, touched, atMs);
  if (mayNeedPower(rules) && !isHeard(well) && sight.power?.power === 'off') {
    const powered = askWhetherPoweredOn(host, returning, sight, rules);
    const level = switchOnLevel(host, sight, rules);
    if (level === undefined || powered.some(isShut)) return waits(returning, powered, atMs);
    return powersOn(returning, powered, sight, level);
  }
  const checks = [...touched, ...well];
  if (well.some(isShut)) return waits(returning, checks, atMs);
  const { healthyForSeconds } = defaultsOf(rules).hostReturn;
  // One that never failed has only been in maintenance: it is enabled as soon as it is seen to be well.
  const healthyForMs = host.ours?.forcedDownAtMs === undefined ? 0 : healthyForSeconds * 1000;
  if (returning.status !== 'giving-back') {
    const wellAtMs = (returning.status === 'proving' ? returning.wellSinceMs : atMs) + healthyForMs;
    const nextLookAtMs = Math.min(atMs + LOOK_MS, wellAtMs);
    if (atMs < wellAtMs && returning.status === 'proving')
      return commit({ type: 'return-goes-on', shut: [], nextLookAtMs });
    if (atMs < wellAtMs) return commit({ type: 'return-proving', returnId, checks, atMs, nextLookAtMs });
  }
  return changes(host, returnId, left, checks, atMs);
}

/** What is left of what salvor has done: it is forced up first, so that Nova itself has called it up before it is enabled. */
function leftToUndo(
  { ours }: HostState,
  { forcedDown, status, disabledReason }: NonNullable<ReturnSight['service']>,
): ServiceChange | undefined {
  if (ours?.forcedDownAtMs !== undefined && forcedDown) return 'force-up';
  return ours?.disabled !== undefined && status === 'disabled' && disabledReason === ours.disabled
    ? 'enable'
    : undefined;
}

/** Somebody else may have been faster; what salvor has undone itself is told by the facts before. */
function whenNothingIsLeft(
  host: HostState,
  returning: Returning,
  sight: ReturnSight,
  rules: ReturnRules,
  end: (outcome: 'returned' | 'overtaken', because: string) => ReturnFact,
): ReturnDecision {
  const { service, atMs } = sight;
  if (returning.status !== 'giving-back')
    return commit(end('overtaken', 'nothing that salvor has done is in force in Nova: somebody else has undone it'));
  // S6: it counts as back only when Nova, which is forced to nothing any more, sees it up.
  if (service?.state !== 'up') {
    const up = check('sees-it-up', false, 'it is not forced down any more, and Nova sees it down');
    return commit({ type: 'return-goes-on', shut: [up], nextLookAtMs: atMs + LOOK_MS });
  }
  const disabled =
    service.status === 'disabled' ? `; it stays disabled (${service.disabledReason ?? 'no reason given'})` : '';
  const { goHome } = defaultsOf(rules).hostReturn;
  if (goHome && disabled === '' && returning.incidentId !== null && host.lastIncident?.id === returning.incidentId)
    return commit({ type: 'going-home-began', returnId: returning.id, incidentId: returning.incidentId, atMs });
  return commit(end('returned', `Nova sees it up${disabled}`));
}

/**
 * Something was asked of the outside by a function that died, or whose answer nobody heard: what is read now is its
 * outcome (A1). Nothing else is done in the same step.
 */
function settleAsked(
  host: HostState,
  { id, asked, failures }: Returning,
  { service, power, atMs }: ReturnSight,
  rules: ReturnRules,
  random: number,
): Facts | undefined {
  if (asked === null || service === null) return undefined;
  if (asked === 'power-on') {
    const detail = power === null ? 'it could not be read' : power.detail;
    const found: ReturnFact = { type: 'power-on-found', returnId: id, power: power?.power ?? 'unknown', detail, atMs };
    return [found, { type: 'return-goes-on', shut: [], nextLookAtMs: atMs + LOOK_MS }];
  }
  return [
    serviceOutcome(id, asked, host, service, atMs) ??
      changeFailed(id, asked, stillSays(service), failures, rules, atMs, random),
  ];
}

/** That the change has taken place, by Nova's own word; undefined when it has not. */
export function serviceOutcome(
  of: string,
  change: ServiceChange,
  { ours }: Pick<HostState, 'ours'>,
  service: Pick<NonNullable<ReturnSight['service']>, 'forcedDown' | 'status' | 'state' | 'disabledReason'>,
  atMs: number,
  reason: string | undefined = ours?.disabled,
): ServiceFact | undefined {
  const { forcedDown, status, state, disabledReason } = service;
  const changed: ServiceFact = { type: 'service-changed', of, change, state: `${state}, ${status}`, atMs };
  switch (change) {
    case 'force-up':
      return forcedDown ? undefined : changed;
    case 'enable':
      return status === 'enabled' ? changed : undefined;
    case 'disable':
      return status === 'disabled' && disabledReason === reason ? { ...changed, reason } : undefined;
  }
}

export const stillSays = ({
  state,
  status,
  forcedDown,
}: Pick<NonNullable<ReturnSight['service']>, 'forcedDown' | 'status' | 'state'>): string =>
  `Nova says ${state}, ${status}, forced_down ${forcedDown}`;

export const changeFailed = (
  of: string,
  change: ServiceChange,
  because: string,
  failures: number,
  rules: Pick<ReturnRules, 'segment'>,
  nowMs: number,
  random: number,
): ServiceFact => ({
  type: 'service-change-failed',
  of,
  change,
  because,
  retryAtMs: nowMs + backoffMs(failures, defaultsOf(rules).fencing, random),
});

function changes(
  host: HostState,
  of: string,
  change: ServiceChange,
  checks: readonly Check[],
  atMs: number,
): ReturnDecision {
  const { serviceId } = host;
  const dueAtMs = atMs + ANSWER_DUE_MS;
  return {
    do: 'change',
    change,
    facts: [{ type: 'service-change-intended', of, change, serviceId, checks, atMs, dueAtMs }],
  };
}

function powersOn(
  { id: returnId, powerOns }: Returning,
  checks: readonly Check[],
  { atMs, power }: ReturnSight,
  level: number,
): ReturnDecision {
  const intent: ReturnFact = {
    type: 'power-on-intended',
    returnId,
    attempt: powerOns + 1,
    ...(power?.levels === undefined ? {} : { level }),
    device: power?.detail ?? '',
    checks,
    atMs,
    dueAtMs: atMs + ANSWER_DUE_MS,
  };
  return { do: 'power-on', facts: [intent], level };
}

/** The same checks again are no news. */
export function waits(returning: Returning, checks: readonly Check[], atMs: number): ReturnDecision {
  const shut = checks.filter(isShut);
  const namesOf = (among: readonly Check[]): string => among.map((each) => each.check).join();
  const { openedAtMs, poweredOnAtMs } = returning;
  const isOld = atMs - Math.max(openedAtMs, poweredOnAtMs ?? 0) > SELDOM_AFTER_MS;
  const nextLookAtMs = atMs + (isOld ? SELDOM_MS : LOOK_MS);
  if (returning.status === 'waiting' && namesOf(returning.shut) === namesOf(shut))
    return commit({ type: 'return-still-waits', shut, nextLookAtMs });
  return commit({ type: 'return-waits', returnId: returning.id, checks, atMs, nextLookAtMs });
}

/** Nova can't be read: without it nothing is done. */
export function waitsBlind(returning: Returning, outage: string, atMs: number): ReturnDecision {
  const answers = check('nova-answers', false, outage);
  if (returning.status === 'going-home')
    return commit({ type: 'return-goes-on', shut: [answers], nextLookAtMs: atMs + LOOK_MS });
  return waits(returning, [answers], atMs);
}
