import type { Aggregate, ComputeService } from '#shared/ports.ts';
import type { Policy, Segment } from './policy.ts';

/** Whether the segment's rule holds for a host, by what Nova says of its zone and aggregates. */
function holds({ hosts, except }: Segment, service: ComputeService, aggregates: readonly Aggregate[]): boolean {
  if (except?.includes(service.host)) return false;
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

/** The failure domains of a host, by name: one as a rule, none if nothing is said of it. */
export function domainsOf({ failureDomains }: Policy, host: string, aggregates: readonly Aggregate[]): string[] {
  const { aggregateMetadataKey: key, hosts = {} } = failureDomains;
  const listed = Object.entries(hosts).flatMap(([name, all]) => (all.includes(host) ? [name] : []));
  const told = aggregates.flatMap((each) => {
    const name = key !== undefined && each.hosts.includes(host) ? each.metadata[key] : undefined;
    return name === undefined ? [] : [name];
  });
  return [...new Set([...listed, ...told])].sort();
}

/** Whether Nova's aggregates must be read to tell which segment holds a host. */
export const usesAggregates = (policy: Policy): boolean => policy.segments.some(({ hosts }) => 'aggregate' in hosts);

/** Whether they must be read to tell where the instances of a segment may go. */
export const placesByAggregates = (policy: Policy, { destinations }: Segment): boolean =>
  destinations.storageAggregateKey !== undefined ||
  (destinations.reservedHosts !== undefined && 'aggregate' in destinations.reservedHosts) ||
  destinations.joinAggregates ||
  (destinations.within === 'segment' && usesAggregates(policy));

/** Whether they must be read to tell its failure domain too. */
export const decidesByAggregates = (policy: Policy): boolean =>
  usesAggregates(policy) || policy.failureDomains.aggregateMetadataKey !== undefined;
