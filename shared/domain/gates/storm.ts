import { DAY_SECONDS, percentOf } from '../guards.ts';
import type { StormLimits } from '../policy-guards.ts';
import type { Evidence, Surroundings } from './evidence.ts';
import { failedWithin, within } from './failures.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

type Scope = 'segment' | 'global';

/** The gates that count hosts: of the segment, and of all segments together. */
export const stormGates = (
  scope: Scope,
  around: Surroundings,
  limits: StormLimits,
  atMs: number,
): readonly GateResult[] => [
  stormGate(scope, around, limits, atMs),
  rateGate(scope, around, limits, atMs),
  coolDownGate(scope, around, limits, atMs),
];

/** Many hosts at once are rarely dead; and one after the other, over hours, may fall to what is moved on to the next. */
export function stormGate(scope: Scope, around: Surroundings, limits: StormLimits, atMs: number): GateResult {
  const { maxHosts, maxPercent, windowSeconds, maxHostsPerDay } = limits;
  const others = failedWithin(around, windowSeconds, atMs);
  const percent = percentOf(others + 1, around.hosts);
  const today = failedWithin(around, DAY_SECONDS, atMs) + 1;
  // One host alone is never a storm, however small the segment is.
  const open = others + 1 <= maxHosts && (others === 0 || percent <= maxPercent) && today <= maxHostsPerDay;
  const because = `it would be host ${others + 1} of at most ${maxHosts}, ${percent} % of ${around.hosts} hosts (at most ${maxPercent} %), in ${windowSeconds} s, and host ${today} of at most ${maxHostsPerDay} in 24 h`;
  return gate(`${scope}-storm`, open, because);
}

/** Only hosts that were confirmed down count: those that wait here don't hold each other up. */
function rateGate(scope: Scope, around: Surroundings, { maxHostsPerMinute }: StormLimits, atMs: number): GateResult {
  const others = within([...around.confirmedAtMs, ...around.openConfirmedAtMs], 60, atMs);
  const because = `it would be host ${others + 1} of at most ${maxHostsPerMinute} in 60 s`;
  return gate(`${scope}-rate`, others + 1 <= maxHostsPerMinute, because);
}

function coolDownGate(
  scope: Scope,
  { storm, openedAtMs }: Surroundings,
  { coolDownSeconds }: StormLimits,
  atMs: number,
): GateResult {
  const name = `${scope}-cool-down` as const;
  if (storm === null) return gate(name, true, 'no storm limit was ever hit');
  // Each suspicion within the cool-down of the one before lets it begin anew.
  const last = openedAtMs
    .toReversed()
    .reduce((at, each) => (each < at + coolDownSeconds * 1000 ? Math.max(at, each) : at), storm.lastSuspicionAtMs);
  const quietSeconds = Math.floor((atMs - last) / 1000);
  const because = `a storm limit was hit; since then no new suspicion for ${quietSeconds} of ${coolDownSeconds} s`;
  return gate(name, atMs - last >= coolDownSeconds * 1000, because);
}

/** Before the recovery, and after it: what the failed host and those under suspicion could do counts as lost. */
export function healthyHostsGate({ ofSegment }: Evidence, { segment }: Rules): GateResult {
  const { healthyOthers, suspectOthers } = ofSegment;
  const suspects = suspectOthers === 0 ? '' : ` (${suspectOthers} more are under suspicion themselves)`;
  return gate(
    'healthy-hosts',
    healthyOthers >= segment.minHealthyHosts,
    `${healthyOthers} other healthy hosts in the segment${suspects}; at least ${segment.minHealthyHosts} are asked for`,
  );
}
