import { candidates, type HostsSeen } from '#shared/domain/destinations.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { contendingFor, type MoveHosts, whereTo } from '#shared/domain/instance-recovery/where-to.ts';
import type { RecordedGroup } from '#shared/domain/placed-groups.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { segmentsOf } from '#shared/domain/segments.ts';
import type { Aggregate, ComputeService, Hypervisor, Server, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { hostUnchanged, loadHost, openHosts } from '#shared/state/hosts.ts';
import { inFlightElsewhere, loadTokens } from '#shared/state/tokens.ts';
import { orOutage } from '../live.ts';
import { groupsOrNone } from '../read-signs.ts';

/** What of Nova the host of a move is chosen by, besides its services and aggregates. */
interface Places {
  readonly hypervisors: readonly Hypervisor[];
  readonly group: RecordedGroup | undefined;
}

/** Who can't be asked for room, or for server groups, is done without: Nova verifies the host all the same. */
export async function readPlaces(services: Services, { id, host }: Server, segment: Segment): Promise<Places> {
  const [hypervisors, groups] = await Promise.all([
    orOutage(services.compute.hypervisors()),
    segment.destinations.serverGroups
      ? groupsOrNone(services, host ?? '', [{ id }], new Set())
      : new Map<string, RecordedGroup>(),
  ]);
  return { hypervisors: 'value' in hypervisors ? hypervisors.value : [], group: groups.get(id) };
}

export interface MoveSeen extends Places {
  readonly server: Server;
  /** Of the host that it is on. */
  readonly service: ComputeService;
  readonly services: readonly ComputeService[];
  readonly aggregates: readonly Aggregate[];
  readonly refusedBy: readonly string[];
  /** Other instances that are moved, by where to. */
  readonly underWay: Readonly<Record<string, number>>;
}

/**
 * Healthy hosts that a single instance may be moved to, as for an evacuation, and a check that the one that is chosen has
 * come under no suspicion since: the list of open incidents may lag.
 */
export async function hostsForMove(
  { state, policy }: Services,
  segment: Segment,
  { server, service, services, aggregates, hypervisors, group, refusedBy, underWay }: MoveSeen,
): Promise<{ readonly hosts: MoveHosts; readonly unchanged: readonly StateWrite[] }> {
  const { name: cloud, region } = policy.cloud;
  const [open, tokens] = await Promise.all([
    openHosts(state, Number.MAX_SAFE_INTEGER),
    loadTokens(state, cloud, region),
  ]);
  const inFlightTo: Record<string, number> = { ...underWay };
  for (const [host, count] of Object.entries(inFlightElsewhere(tokens.value, '').byDestination))
    inFlightTo[host] = (inFlightTo[host] ?? 0) + count;
  const suspects = new Set(open.map(({ name }) => name));
  const seen: HostsSeen = {
    ...{ services, hypervisors, aggregates, suspects, inFlightTo },
    failed: { host: service.host, zone: service.zone },
    isInSegment: (each, among) => segmentsOf(policy, each, among).includes(segment),
  };
  for (;;) {
    const fit = candidates(seen, segment.destinations);
    const hosts = { candidates: fit, ...(group === undefined ? {} : { group }) };
    const chosen = whereTo(server, hosts, refusedBy, segment);
    const told = contendingFor(server, hosts, refusedBy, segment);
    const to = 'destination' in chosen ? services.find(({ host }) => host === chosen.destination) : undefined;
    if (to === undefined) return { hosts: told, unchanged: [] };
    const key = hostKeyOf(cloud, region, to.id);
    const loaded = await loadHost(state, key);
    if (loaded === undefined || loaded.value.incident === null)
      return { hosts: told, unchanged: [hostUnchanged(key, loaded)] };
    suspects.add(to.host);
  }
}
