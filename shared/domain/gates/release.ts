import type { Release } from '../incident.ts';
import type { GateName, GateResult } from './gate.ts';

/**
 * Gates that keep salvor from misjudging a host may be released by a person who has looked. Those that keep it off hosts
 * that are not its own, or that somebody has taken out of its hands, may not.
 */
const RELEASABLE: Readonly<Record<GateName, boolean>> = {
  'nova-answers': false,
  protected: false,
  'in-service': false,
  'segment-not-stopped': false,
  armed: false,
  'fence-device': false,
  'kernel-dump': true,
  reporters: true,
  'nova-sees-it-down': true,
  'reporter-cliff': true,
  'segment-storm': true,
  'segment-rate': true,
  'segment-cool-down': true,
  'global-storm': true,
  'global-rate': true,
  'global-cool-down': true,
  'failure-domain': true,
  'healthy-hosts': true,
  settling: true,
  observer: true,
  dependencies: true,
};

export const isReleasable = (name: string): name is GateName =>
  Object.hasOwn(RELEASABLE, name) && RELEASABLE[name as GateName];

/** The gates as an operator has let the host pass them; what they say stays on record. */
export function withRelease(
  gates: readonly GateResult[],
  release: Release | null,
  nowMs: number,
): readonly GateResult[] {
  if (release === null || release.untilMs <= nowMs) return gates;
  const { by, reason, gates: names } = release;
  return gates.map((each) =>
    !each.open && isReleasable(each.gate) && names.includes(each.gate)
      ? { ...each, released: `by ${by}: ${reason}` }
      : each,
  );
}
