import type { HostState } from '#shared/domain/host.ts';
import { decideDisabling, endsMaintenance, looksAgain } from '#shared/domain/maintenance/decide-maintenance.ts';
import type { Disabling, Maintenance } from '#shared/domain/maintenance/maintenance.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitCare } from '../care-step.ts';
import { changeService, wordOf } from '../change-service.ts';
import { orOutage } from '../live.ts';
import type { Decided } from '../step.ts';
import { mirroredSegment } from '../switches.ts';
import { drain } from './drain.ts';

/** One step of planned work on a host: end it when its time is over, have its service disabled, or drain it. */
export async function maintain(
  services: Services,
  loaded: Loaded<HostState>,
  maintenance: Maintenance,
): Promise<Loaded<HostState>> {
  const { untilMs } = maintenance;
  if (untilMs !== null && untilMs <= services.clock.now()) return endInTime(services, loaded, maintenance);
  switch (maintenance.status) {
    case 'disabling':
      return disable(services, loaded, maintenance);
    case 'draining':
      return drain(services, loaded, maintenance);
    case 'away':
      return commitCare(services, loaded, timer(services, untilMs));
  }
}

const timer = ({ clock }: Services, dueAtMs: number | null): Decided => {
  const atMs = clock.now();
  const { nextLookAtMs } = looksAgain(atMs);
  return {
    facts: [{ type: 'maintenance-looked', nextLookAtMs: dueAtMs ?? nextLookAtMs }],
    basis: { by: 'timer', atMs },
  };
};

/** A host that is reported down just then stays where it is until that is over. */
async function endInTime(
  services: Services,
  loaded: Loaded<HostState>,
  maintenance: Maintenance,
): Promise<Loaded<HostState>> {
  const { clock, chance } = services;
  const host = loaded.value;
  if (host.incident !== null) return commitCare(services, loaded, timer(services, null));
  const over = { returnId: chance.id(), segment: (await mirroredSegment(services, host.name))?.name ?? null };
  const atMs = clock.now();
  const facts = endsMaintenance(host, maintenance, null, over, atMs);
  return commitCare(services, loaded, { facts, basis: { by: 'maintenance-over', atMs, ...over } });
}

async function disable(
  services: Services,
  loaded: Loaded<HostState>,
  maintenance: Disabling,
): Promise<Loaded<HostState>> {
  const { compute, clock, chance } = services;
  const seen = await orOutage(compute.service(loaded.value.name));
  if ('outage' in seen) {
    services.log.warn('Nova does not answer: a host is not disabled yet', { because: seen.outage });
    return commitCare(services, loaded, timer(services, null));
  }
  const service = wordOf(seen.value);
  const [atMs, random] = [clock.now(), chance.random()];
  const decision = decideDisabling(loaded.value, maintenance, service, atMs, random);
  const basis = { by: 'disable', atMs, random, service } as const;
  const committed = await commitCare(services, loaded, { facts: decision.facts, basis });
  if (decision.do === 'commit') return committed;
  return changeService(services, committed, maintenance.id, 'disable', { segment: null }, decision.reason);
}
