import type { CareBasis } from '#shared/domain/care.ts';
import type { HostState } from '#shared/domain/host.ts';
import { decideAfterChange, serviceAnswered } from '#shared/domain/return/after-change.ts';
import type { ReturnRules } from '#shared/domain/return/checks.ts';
import type { ServiceChange } from '#shared/domain/return/returning.ts';
import type { Answer, ComputeService } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitCareOutcome } from './care-step.ts';
import { orOutage } from './live.ts';

/** Sends the one request whose intent was committed, and reads what became of it. */
export async function changeService(
  services: Services,
  intended: Loaded<HostState>,
  of: string,
  change: ServiceChange,
  { segment }: Pick<ReturnRules, 'segment'>,
  reason = '',
): Promise<Loaded<HostState>> {
  const { compute, chance } = services;
  const { serviceId, name } = intended.value;
  const answer = await ask(services, change, serviceId, reason);
  const seen = await orOutage(compute.service(name));
  const answered = serviceAnswered(of, change, answer);
  return commitCareOutcome(services, intended, (host, atMs) => {
    const random = chance.random();
    const service = 'outage' in seen ? undefined : wordOf(seen.value);
    const facts = decideAfterChange(host, answered, service, { segment }, atMs, random);
    const common = { by: 'service-change', atMs, random, segment: segment?.name ?? null } as const;
    const basis: CareBasis = service === undefined ? common : { ...common, service };
    return { facts, basis };
  });
}

function ask({ compute }: Services, change: ServiceChange, serviceId: string, reason: string): Promise<Answer> {
  switch (change) {
    case 'force-up':
      return compute.forceUp(serviceId);
    case 'enable':
      return compute.enableService(serviceId);
    case 'disable':
      return compute.disableService(serviceId, reason);
  }
}

/** Nova's word on a service, as it goes into the log; null: it knows none of this name. */
export function wordOf(service: ComputeService | undefined) {
  if (service === undefined) return null;
  const { id, status, disabledReason, state, forcedDown } = service;
  return { id, status, disabledReason, state, forcedDown };
}
