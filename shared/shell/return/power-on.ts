import type { HostState } from '#shared/domain/host.ts';
import { powerOnAnswered } from '#shared/domain/return/after-change.ts';
import type { ReturnRules } from '#shared/domain/return/checks.ts';
import { objectionToPowerOn } from '#shared/domain/return/power-on.ts';
import type { ReturnSight } from '#shared/domain/return/returning.ts';
import type { Services } from '#shared/services.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitCareOutcome } from '../care-step.ts';
import type { Ladder } from '../fence-ladder.ts';
import { orOutage } from '../live.ts';
import { inForce } from '../policy-in-force.ts';
import { readAgain } from './read-return.ts';

/** Asks the one level whose intent was committed to switch on; whether it has worked is read at the next look. */
export async function powerOn(
  services: Services,
  intended: Loaded<HostState>,
  sight: ReturnSight,
  { ladder, level }: { readonly ladder: Ladder; readonly level: number },
  rules: ReturnRules,
): Promise<Loaded<HostState>> {
  const { clock, chance, state } = services;
  const { returning, key } = intended.value;
  if (returning == null) return intended;
  const answer = await ladder.powerOn(level, async () => {
    const latest = await inForce(services);
    const segment = latest.policy.segments.find(({ name }) => name === rules.segment?.name) ?? null;
    const now = { policy: latest.policy, segment };
    const [host, again] = await Promise.all([
      loadHost(state, key),
      orOutage(readAgain(latest, intended.value, sight, now)),
    ]);
    const seen = 'value' in again ? again.value : undefined;
    return objectionToPowerOn(returning, host?.value, seen, now, sight.atMs, clock.now());
  });
  return commitCareOutcome(services, intended, (host, atMs) => {
    const random = chance.random();
    const fact = powerOnAnswered(host, returning.id, returning.powerOns, answer, rules, atMs, random);
    const segment = rules.segment?.name ?? null;
    return { facts: [fact], basis: { by: 'power-on', atMs, random, segment } };
  });
}
