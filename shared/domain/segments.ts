import type { Aggregate, ComputeService } from '#shared/ports.ts';
import type { Policy, Segment } from './policy.ts';

/** Whether the segment's rule holds for a host, by what Nova says of its zone and aggregates. */
function holds({ hosts }: Segment, service: ComputeService, aggregates: readonly Aggregate[]): boolean {
  if ('availabilityZone' in hosts) return service.zone === hosts.availabilityZone;
  if ('aggregate' in hosts)
    return aggregates.some((each) => each.name === hosts.aggregate && each.hosts.includes(service.host));
  return hosts.names.includes(service.host);
}

/** Every segment that holds the host: one for a protected host, none for an unprotected one; more is a fault. */
export const segmentsOf = (
  policy: Policy,
  service: ComputeService,
  aggregates: readonly Aggregate[],
): readonly Segment[] => policy.segments.filter((segment) => holds(segment, service, aggregates));

/** Whether Nova's aggregates must be read to tell. */
export const usesAggregates = (policy: Policy): boolean => policy.segments.some(({ hosts }) => 'aggregate' in hosts);
