import type { Aggregate, ComputeService } from '#shared/ports.ts';
import { asCandidate, type Candidate, fitServices, type HostsSeen, isReserved } from './destinations.ts';
import { isHealthy } from './gates/healthy.ts';
import type { Segment } from './policy.ts';

/** A reserved host that is disabled: what its service is, and for what reason. */
export interface Asleep extends Candidate {
  readonly serviceId: string;
  readonly reason: string;
  /** Aggregates of the failed host that it must join first. Absent: none. */
  readonly missing?: readonly AggregateRef[];
}

export type AggregateRef = Pick<Aggregate, 'id' | 'name'>;

/** Reserved hosts that would be fit if they were enabled: they are up, and disabled for the reason that they are. */
export const asleep = (seen: HostsSeen, destinations: Segment['destinations']): readonly Asleep[] =>
  fitServices(destinations.joinAggregates ? whenJoined(seen, destinations) : seen, destinations)
    .filter(({ host }) => isReserved(host, seen.aggregates, destinations))
    .flatMap((service) => {
      const reason = reservedReason(service, destinations);
      if (reason === undefined) return [];
      const candidate = asCandidate(seen, destinations)(service);
      return [{ ...candidate, serviceId: service.id, reason, ...missingOf(service.host, seen, destinations) }];
    });

/** Why a host is disabled that is up and kept for failures; undefined when it is in use, or disabled for another reason. */
export function reservedReason(
  service: ComputeService,
  { reservedReason: wanted }: Segment['destinations'],
): string | undefined {
  const { status, disabledReason } = service;
  if (status !== 'disabled' || !isHealthy({ ...service, status: 'enabled' })) return undefined;
  return disabledReason?.includes(wanted) === true ? disabledReason : undefined;
}

const ofFailed = ({ aggregates, failed }: HostsSeen): readonly Aggregate[] =>
  aggregates.filter(({ hosts }) => hosts.includes(failed.host));

function missingOf(
  host: string,
  seen: HostsSeen,
  { joinAggregates }: Segment['destinations'],
): Pick<Asleep, 'missing'> {
  const missing = joinAggregates ? ofFailed(seen).filter(({ hosts }) => !hosts.includes(host)) : [];
  return missing.length === 0 ? {} : { missing: missing.map(({ id, name }) => ({ id, name })) };
}

/** As it will be: reserved hosts in the aggregates of the failed one, and in its zone, unless they have one of their own. */
function whenJoined(seen: HostsSeen, destinations: Segment['destinations']): HostsSeen {
  const { services, aggregates } = seen;
  const reserved = services.filter(({ host }) => isReserved(host, aggregates, destinations)).map(({ host }) => host);
  const joined = ofFailed(seen);
  const zone = joined.find(({ availabilityZone }) => availabilityZone !== null)?.availabilityZone;
  const moves = ({ host }: ComputeService): boolean =>
    reserved.includes(host) &&
    !aggregates.some(({ availabilityZone, hosts }) => availabilityZone !== null && hosts.includes(host));
  return {
    ...seen,
    aggregates: aggregates.map((each) =>
      joined.includes(each) ? { ...each, hosts: [...new Set([...each.hosts, ...reserved])] } : each,
    ),
    services: services.map((service) => (zone != null && moves(service) ? { ...service, zone } : service)),
  };
}
