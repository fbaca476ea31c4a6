import type { HostState } from '#shared/domain/host.ts';
import { decideReturn, waitsBlind } from '#shared/domain/return/decide-return.ts';
import type { Returning } from '#shared/domain/return/returning.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitCare } from '../care-step.ts';
import { changeService } from '../change-service.ts';
import { orOutage } from '../live.ts';
import { goHome } from './go-home.ts';
import { powerOn } from './power-on.ts';
import { readReturn } from './read-return.ts';
import { rulesOf } from './rules.ts';

/** One step of a host on its way back: read, decide, and ask for one thing at most. */
export async function lookAtReturn(
  services: Services,
  loaded: Loaded<HostState>,
  returning: Returning,
): Promise<Loaded<HostState>> {
  if (returning.status === 'going-home') return goHome(services, loaded, returning);
  const { clock, chance } = services;
  const host = loaded.value;
  const rules = rulesOf(services, returning);
  const reading = await orOutage(readReturn(services, host, returning, rules));
  if ('outage' in reading) {
    const atMs = clock.now();
    const { outage } = reading;
    const { facts } = waitsBlind(returning, outage, atMs);
    return commitCare(services, loaded, { facts, basis: { by: 'return-blind', atMs, outage } });
  }
  const { sight, unchanged, ladder } = reading.value;
  const random = chance.random();
  const decision = decideReturn(host, returning, sight, rules, random);
  const basis = { by: 'return', atMs: sight.atMs, random, sight } as const;
  const writes = decision.do === 'commit' ? [] : unchanged;
  const committed = await commitCare(services, loaded, { facts: decision.facts, basis, writes });
  switch (decision.do) {
    case 'commit':
      return committed;
    case 'power-on':
      return ladder === undefined
        ? committed
        : powerOn(services, committed, sight, { ladder, level: decision.level }, rules);
    case 'change':
      return changeService(services, committed, returning.id, decision.change, rules);
  }
}
