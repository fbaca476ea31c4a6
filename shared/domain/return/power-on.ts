import type { HostState } from '../host.ts';
import { askWhetherPoweredOn, isShut, type ReturnRules } from './checks.ts';
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
