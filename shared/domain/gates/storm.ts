import { percentOf } from '../guards.ts';
import type { Segment } from '../policy.ts';
import type { Evidence, Surroundings } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

export function stormGate(
  name: 'segment-storm' | 'global-storm',
  { hosts, ...around }: Surroundings,
  limits: Segment['storm'],
  atMs: number,
): GateResult {
  const others = failedOthers(around, limits.windowSeconds, atMs);
  const percent = percentOf(others + 1, hosts);
  // One host alone is never a storm, however small the segment is.
  const open = others + 1 <= limits.maxHosts && (others === 0 || percent <= limits.maxPercent);
  const because = `it would be host ${others + 1} of at most ${limits.maxHosts}, ${percent} % of ${hosts} hosts (at most ${limits.maxPercent} %), in ${limits.windowSeconds} s`;
  return gate(name, open, because);
}

/**
 * Other hosts that were confirmed down within the window, and those that are under suspicion at the same time: when
 * fifty are gone at once, the first one is part of a storm as well. What was left out counts: rather too many than too
 * few.
 */
function failedOthers(
  { openOthers, confirmedAtMs, leftOut }: Omit<Surroundings, 'hosts'>,
  windowSeconds: number,
  atMs: number,
): number {
  return openOthers + leftOut + confirmedAtMs.filter((each) => each + windowSeconds * 1000 > atMs).length;
}

export function healthyHostsGate({ ofSegment }: Evidence, { segment }: Rules): GateResult {
  const { healthyOthers } = ofSegment;
  return gate(
    'healthy-hosts',
    healthyOthers >= segment.minHealthyHosts,
    `${healthyOthers} other healthy hosts in the segment; at least ${segment.minHealthyHosts} are asked for`,
  );
}
