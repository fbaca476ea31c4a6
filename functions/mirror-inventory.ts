import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import { ConflictError } from '#shared/errors.ts';
import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { resendParked } from '#shared/shell/resend-parked.ts';
import { type InventoryHost, joinedWrites, loadInventory, mirrorWrites } from '#shared/state/inventory.ts';

const WRITES_AT_ONCE = 90;

/**
 * Mirrors the compute hosts from Nova with the segment that protects each, so that reports of known hosts are told
 * from others, and hosts added to or removed from a segment are protected or not within a minute. What is decided
 * later is read live.
 */
export async function mirrorInventory(services: Services): Promise<number> {
  const { compute, policy, state, log } = services;
  const { name: cloud, region } = policy.cloud;
  const [computeServices, aggregates] = await Promise.all([
    compute.services(),
    usesAggregates(policy) ? compute.aggregates() : [],
  ]);
  const hosts = computeServices.map((service): InventoryHost => {
    const segments = segmentsOf(policy, service, aggregates).map((segment) => segment.name);
    const [only] = segments;
    const segment = segments.length === 1 && only !== undefined ? only : null;
    const because =
      segments.length === 0
        ? 'no segment of the policy holds it'
        : segment === null
          ? `several segments hold it: ${segments.join(', ')}`
          : `it is in segment ${segment}`;
    const { host, id: serviceId, zone, status, disabledReason, state: seen, forcedDown } = service;
    return { host, serviceId, zone, segment, because, service: { status, disabledReason, state: seen, forcedDown } };
  });
  const before = await loadInventory(state, cloud, region);
  const { writes, joining } = mirrorWrites(cloud, region, before, hosts);
  await transactAll(services, writes);
  if (writes.length > 0) log.info('inventory changed', { hosts: hosts.length, written: writes.length });
  for (const { value } of joining) await resendParked(services, value.host);
  await transactAll(services, joinedWrites(cloud, region, joining));
  return hosts.length;
}

async function transactAll({ state }: Services, writes: readonly StateWrite[]): Promise<void> {
  for (let start = 0; start < writes.length; start += WRITES_AT_ONCE)
    try {
      await state.transact(writes.slice(start, start + WRITES_AT_ONCE));
    } catch (error) {
      // Another run was faster; what it has left, the next one finds.
      if (!(error instanceof ConflictError)) throw error;
    }
}

export const handler = scheduledHandler('mirror-inventory', mirrorInventory);
