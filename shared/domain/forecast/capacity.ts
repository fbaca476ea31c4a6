import type { ComputeService } from '#shared/ports.ts';
import { type Candidate, candidates, storageOf } from '../destinations.ts';
import { isHealthy } from '../gates/healthy.ts';
import { judgeInstance } from '../instances.ts';
import type { Policy, Segment } from '../policy.ts';
import { segmentsOf } from '../segments.ts';
import { groupsByMember } from './left.ts';
import type { CloudView, Taken } from './view.ts';
import { planAll } from './what-if.ts';

/** Whether a segment would find room for what fails, by what the planner knows of memory, vCPUs and server groups. */
export interface SegmentCapacity {
  readonly segment: string;
  /** Healthy hosts whose instances are known. */
  readonly hosts: number;
  /** Instances that would be brought back. */
  readonly instances: number;
  /** Any one host fails. */
  readonly one: Loss;
  /** Any two hosts fail together. */
  readonly two: Loss;
  /** The largest instance, and on how many other hosts it would find room. Null: there is none. */
  readonly largest: { readonly name: string; readonly memoryMb: number; readonly fitsOn: number } | null;
}

export interface Loss {
  readonly survives: boolean;
  /** Those whose failure leaves most instances without room; null while none does. */
  readonly worst: { readonly hosts: readonly string[]; readonly without: number; readonly memoryMb: number } | null;
  /** How many were planned to the end, and how many there are: the rest has room in any case, or is smaller. */
  readonly planned: number;
  readonly of: number;
}

/** So many pairs are planned to the end, those first that take most. */
const MOST_PAIRS = 200;

export function capacityOf(view: CloudView, taken: Taken, policy: Policy): readonly SegmentCapacity[] {
  const suspects = new Set(taken.openIncidents.map(({ host }) => host));
  const bySegment = new Map<Segment, ComputeService[]>();
  for (const service of view.services) {
    const [segment, another] = segmentsOf(policy, service, view.aggregates);
    const isKnown = isHealthy(service) && !suspects.has(service.host) && view.instances.has(service.host);
    if (segment === undefined || another !== undefined || !isKnown) continue;
    bySegment.set(segment, [...(bySegment.get(segment) ?? []), service]);
  }
  return policy.segments.map((segment) => ofSegment(segment, bySegment.get(segment) ?? [], view, taken, policy));
}

/** What a host would ask of others if it failed. */
interface Load {
  readonly service: ComputeService;
  readonly count: number;
  readonly memoryMb: number;
  readonly largest: { readonly name: string; readonly memoryMb: number } | null;
  readonly largestMb: number;
  readonly mostVcpus: number;
  /** Hosts on which a server group may not let one of them: other members are there. Infinite where they must be together. */
  readonly forbidden: number;
  /** It takes this away from the others, too. */
  readonly freeMb: number;
}

function ofSegment(
  segment: Segment,
  services: readonly ComputeService[],
  view: CloudView,
  taken: Taken,
  policy: Policy,
): SegmentCapacity {
  const free = new Map(view.hypervisors.map((each) => [each.serviceHost, each.memoryMb - each.memoryUsedMb]));
  const loads = services.map((service) => loadOf(service, view, segment, free.get(service.host) ?? 0));
  const room = rooms(segment, view, taken, policy);
  /** Each of them would find a host of its own: whatever the order is, there is room. */
  const isSure = (failing: readonly Load[]): boolean => {
    const count = failing.reduce((sum, each) => sum + each.count, 0);
    if (count === 0) return true;
    const forbidden = failing.reduce((sum, each) => sum + each.forbidden, 0);
    if (segment.destinations.method !== 'auto' || forbidden === Number.POSITIVE_INFINITY) return false;
    const memoryMb = Math.max(...failing.map(({ largestMb }) => largestMb));
    const vcpus = Math.max(...failing.map(({ mostVcpus }) => mostVcpus));
    return failing.every(({ service }) => room(service, memoryMb, vcpus) - failing.length + 1 - forbidden >= count);
  };
  const lossOf = (failing: Iterable<readonly Load[]>, of: number, limit = of): Loss => {
    const unsure = [...failing].sort((a, b) => weight(b) - weight(a));
    const planned = unsure.slice(0, limit).map((some) => {
      const hosts = some.map(({ service }) => service.host);
      return { hosts, ...shortageOf(some, view, taken, policy) };
    });
    const worst = planned
      .filter(({ without }) => without > 0)
      .sort((a, b) => b.without - a.without || b.memoryMb - a.memoryMb)[0];
    return { survives: worst === undefined, worst: worst ?? null, planned: planned.length, of };
  };
  const unsureOnes = loads.map((load) => [load]).filter((some) => !isSure(some));
  const pairs = (loads.length * (loads.length - 1)) / 2;
  const largest = loads.reduce<Load | undefined>(
    (most, each) => (each.largestMb > (most?.largestMb ?? 0) ? each : most),
    undefined,
  );
  return {
    segment: segment.name,
    hosts: loads.length,
    instances: loads.reduce((sum, { count }) => sum + count, 0),
    one: lossOf(unsureOnes, loads.length),
    two: lossOf(
      pairsOf(loads, (pair) => !isSure(pair)),
      pairs,
      MOST_PAIRS,
    ),
    largest:
      largest?.largest == null
        ? null
        : { ...largest.largest, fitsOn: room(largest.service, largest.largestMb, largest.mostVcpus) },
  };
}

function* pairsOf(loads: readonly Load[], wanted: (pair: readonly Load[]) => boolean): Generator<readonly Load[]> {
  for (const [index, a] of loads.entries())
    for (let other = index + 1; other < loads.length; other += 1) {
      const pair = [a, loads[other] as Load];
      if (wanted(pair)) yield pair;
    }
}

const weight = (failing: readonly Load[]): number =>
  failing.reduce((sum, { memoryMb, freeMb }) => sum + memoryMb + freeMb, 0);

function loadOf(service: ComputeService, view: CloudView, { instances, destinations }: Segment, freeMb: number): Load {
  const own = view.instances.get(service.host);
  const wanted = (own?.servers ?? []).filter((server) => {
    const signs = own?.signs.get(server.id) ?? {};
    const verdict = judgeInstance(server, {
      instances,
      signs,
      runningEvacuation: undefined,
      runningMigration: undefined,
    });
    return verdict.kind === 'evacuate';
  });
  const largest = wanted.reduce<(typeof wanted)[number] | undefined>(
    (most, each) => (each.memoryMb > (most?.memoryMb ?? 0) ? each : most),
    undefined,
  );
  return {
    service,
    count: wanted.length,
    memoryMb: wanted.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
    largest: largest === undefined ? null : { name: largest.name, memoryMb: largest.memoryMb },
    largestMb: largest?.memoryMb ?? 0,
    mostVcpus: wanted.reduce((most, { vcpus }) => Math.max(most, vcpus), 0),
    forbidden: destinations.serverGroups ? forbiddenTo(wanted, view) : 0,
    freeMb,
  };
}

function forbiddenTo(wanted: readonly { readonly id: string }[], { groups }: CloudView): number {
  const index = groupsByMember(groups);
  const own = new Set(wanted.flatMap(({ id }) => index.get(id) ?? []));
  return [...own].reduce((sum, { policy, members }) => {
    if (policy === 'affinity') return Number.POSITIVE_INFINITY;
    return policy === 'anti-affinity' ? sum + members.length : sum;
  }, 0);
}

/** On how many hosts other than this one an instance of this size would find room; each size is counted once. */
function rooms(segment: Segment, view: CloudView, { openIncidents, inFlightTo }: Taken, policy: Policy) {
  const { destinations } = segment;
  const { services, hypervisors, aggregates } = view;
  const storage = storageOf(aggregates, destinations.storageAggregateKey);
  const suspects = new Set(openIncidents.map(({ host }) => host));
  const isInSegment = (each: ComputeService) => segmentsOf(policy, each, aggregates).includes(segment);
  const around = ({ host, zone }: ComputeService): readonly Candidate[] =>
    candidates(
      { services, hypervisors, aggregates, suspects, inFlightTo, isInSegment, failed: { host, zone } },
      destinations,
    );
  const places = new Map(services.map((each) => [each.host, JSON.stringify([each.zone, storage(each.host)])]));
  const placeOf = ({ host }: ComputeService): string => places.get(host) ?? '';
  /** All hosts of a place share one list, which holds themselves. */
  const lists = new Map<string, ReadonlyMap<string, Candidate>>();
  const listOf = (service: ComputeService): ReadonlyMap<string, Candidate> => {
    const place = placeOf(service);
    const neighbour = services.find((each) => each.host !== service.host && placeOf(each) === place);
    const own = neighbour === undefined ? [] : around(neighbour).filter(({ host }) => host === service.host);
    const list = new Map([...around(service), ...own].map((each) => [each.host, each]));
    lists.set(place, list);
    return list;
  };
  const counted = new Map<string, number>();
  return (service: ComputeService, memoryMb: number, vcpus: number): number => {
    const place = placeOf(service);
    const list = lists.get(place) ?? listOf(service);
    const fits = ({ freeMemoryMb, freeVcpus = Number.POSITIVE_INFINITY }: Candidate): boolean =>
      freeMemoryMb >= memoryMb && freeVcpus >= vcpus;
    const key = `${place} ${memoryMb} ${vcpus}`;
    const count = counted.get(key) ?? [...list.values()].filter(fits).length;
    counted.set(key, count);
    const own = list.get(service.host);
    return count - (own !== undefined && fits(own) ? 1 : 0);
  };
}

function shortageOf(
  failing: readonly Load[],
  view: CloudView,
  taken: Taken,
  policy: Policy,
): { without: number; memoryMb: number } {
  const planned = planAll(
    failing.map(({ service }) => service),
    view,
    taken,
    policy,
  );
  const without = planned.flatMap(({ recovery }) =>
    recovery.instances.filter(({ destination }) => destination !== null && !('host' in destination)),
  );
  return { without: without.length, memoryMb: without.reduce((sum, { server }) => sum + server.memoryMb, 0) };
}
