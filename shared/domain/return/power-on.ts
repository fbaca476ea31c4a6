import type { HostState } from '../host.ts';
import { askWhetherPoweredOn, askWhetherTouched, askWhetherWell, isHeard, isShut, type ReturnRules } from './checks.ts';
import type { ReturnFact } from './facts.ts';
import { defaultsOf } from './limits.ts';
import type { Returning, ReturnSight } from './returning.ts';

/** What was read must be this young when a power-on leaves (S2). */
const LEAVE_WITHIN_MS = 30_000;

/**
 * Why a power-on whose intent was committed may not leave after all: the device may have taken seconds to be ready for
 * it. Everything is asked again of what is read then; its host has no incident, and no other step was taken.
 * @param now as read when only the request was left to send
 * @param again the sight of before, with what of it was read again; undefined: Nova does not answer
 */
export function objectionToPowerOn(
  intended: Returning,
  now: HostState | undefined,
  again: ReturnSight | undefined,
  rules: ReturnRules,
  askedAtMs: number,
  nowMs: number,
): string | undefined {
  const ageMs = nowMs - askedAtMs;
  if (ageMs > LEAVE_WITHIN_MS)
    return `its power was read ${Math.round(ageMs / 1000)} s ago, which counts for ${LEAVE_WITHIN_MS / 1000} s`;
  if (now === undefined || now.incident !== null) return 'an incident of the host was opened meanwhile';
  if (now.returning?.id !== intended.id || now.returning.tick !== intended.tick)
    return 'another step was taken meanwhile';
  if (again === undefined) return 'Nova does not answer';
  if (again.service?.id !== now.serviceId) return 'Nova has no such compute service any more';
  // The intent itself counts as a try.
  const before: Returning = { ...intended, powerOns: intended.powerOns - 1 };
  return askWhetherPoweredOn(now, before, again, rules).find(isShut)?.because;
}

export const mayNeedPower = (rules: ReturnRules): boolean =>
  defaultsOf(rules).hostReturn.powerOn === 'after-evacuations';

/** It was asked to switch on, and no reading has shown it as on since. */
const isUnproven = ({ poweredOnAtMs, provenOn }: Returning): boolean => poweredOnAtMs !== null && provenOn !== true;

/** Whether its power is to be read for a look that has shown this. */
export function asksForPower(host: HostState, returning: Returning, sight: ReturnSight, rules: ReturnRules): boolean {
  if (returning.asked === 'power-on') return true;
  const isUsed = returning.status === 'waiting' || returning.status === 'powering-on';
  if (!mayNeedPower(rules) || !isUsed) return false;
  if (!isUnproven(returning) && isHeard(askWhetherWell(host, sight, rules))) return false;
  return !askWhetherTouched(host, returning, sight, rules).some(isShut);
}

/** A power-on has its proof as a power-off has: the power as the host's own device reads it, once for each. */
export function powerOnProven(returning: Returning, { power, deviceFault, atMs }: ReturnSight): ReturnFact | undefined {
  if (returning.asked !== null || !isUnproven(returning)) return undefined;
  if (power?.power !== 'on' || deviceFault !== null) return undefined;
  const { id: returnId, powerOns: attempt } = returning;
  const { systemUuid, detail } = power;
  return { type: 'power-on-proven', returnId, attempt, systemUuid, detail, atMs };
}
