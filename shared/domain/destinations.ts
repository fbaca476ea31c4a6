import type { Aggregate, ComputeService, Hypervisor } from '#shared/ports.ts';
import { isHealthy } from './gates/healthy.ts';
import { allows, type PlacedGroup, whyNone, wish } from './placed-groups.ts';
import type { Segment } from './policy.ts';

/**
 * Where instances go. A burst that is left to Nova's scheduler piles up on one host, since concurrent scheduling
 * does not see its own earlier picks; so salvor names the destination, and the scheduler verifies it.
 */
export interface Candidate {
  readonly host: string;
  /** Evacuations in flight to it, over all incidents. */
  readonly inFlight: number;
  /** Infinite when Nova does not say. */
  readonly freeMemoryMb: number;
  /** Absent: vCPUs are not counted. */
  readonly freeVcpus?: number;
  /** The policy names it as one that is kept for failures. */
  readonly reserved?: true;
}

/** What there is to choose from, as Nova and the policy say it. */
export interface HostsSeen {
  readonly services: readonly ComputeService[];
  readonly hypervisors: readonly Hypervisor[];
  readonly aggregates: readonly Aggregate[];
  readonly failed: { readonly host: string; readonly zone: string };
  /** Hosts with an open incident. */
  readonly suspects: ReadonlySet<string>;
  readonly inFlightTo: Readonly<Record<string, number>>;
  /** Whether the failed host's segment holds a host. */
  readonly isInSegment: (service: ComputeService, aggregates: readonly Aggregate[]) => boolean;
}

/** Healthy hosts that instances of the failed host may go to: of its zone, with its storage, under no suspicion. */
export const candidates = (seen: HostsSeen, destinations: Segment['destinations']): readonly Candidate[] =>
  fitServices(seen, destinations).filter(isHealthy).map(asCandidate(seen, destinations));

/** Whether the policy keeps it for failures. */
export function isReserved(
  host: string,
  aggregates: readonly Aggregate[],
  { reservedHosts: reserved }: Segment['destinations'],
): boolean {
  if (reserved === undefined) return false;
  if ('names' in reserved) return reserved.names.includes(host);
  return aggregates.some(({ name, hosts }) => name === reserved.aggregate && hosts.includes(host));
}

/** Services of the failed host's zone, with its storage, under no suspicion; in whatever state they are. */
export function fitServices(
  { services, aggregates, failed, suspects, isInSegment }: HostsSeen,
  { within, storageAggregateKey }: Segment['destinations'],
): readonly ComputeService[] {
  const storage = storageOf(aggregates, storageAggregateKey);
  const wanted = storage(failed.host);
  return services
    .filter((service) => service.zone === failed.zone && service.host !== failed.host && !suspects.has(service.host))
    .filter((service) => within === 'zone' || isInSegment(service, aggregates))
    .filter(({ host }) => wanted === storage(host));
}

/** What the aggregates of a host say of its storage, in one word. */
export function storageOf(aggregates: readonly Aggregate[], key: string | undefined): (host: string) => string {
  const told = new Map<string, string[]>();
  for (const { hosts, metadata } of aggregates) {
    const value = key === undefined ? undefined : metadata[key];
    if (value !== undefined) for (const host of hosts) told.set(host, [...(told.get(host) ?? []), value]);
  }
  return (host) => [...new Set(told.get(host))].sort().join(', ');
}

export function asCandidate(
  { hypervisors, inFlightTo, aggregates }: HostsSeen,
  destinations: Segment['destinations'],
): (service: ComputeService) => Candidate {
  const { ramAllocationRatio, cpuAllocationRatio } = destinations;
  const byHost = new Map(hypervisors.map((each) => [each.serviceHost, each]));
  return ({ host }) => {
    const inFlight = inFlightTo[host] ?? 0;
    const kept = isReserved(host, aggregates, destinations) ? ({ reserved: true } as const) : {};
    const known = byHost.get(host);
    if (known === undefined) return { host, inFlight, freeMemoryMb: Number.POSITIVE_INFINITY, ...kept };
    const freeMemoryMb = known.memoryMb * ramAllocationRatio - known.memoryUsedMb;
    if (cpuAllocationRatio === undefined) return { host, inFlight, freeMemoryMb, ...kept };
    return { host, inFlight, freeMemoryMb, freeVcpus: known.vcpus * cpuAllocationRatio - known.vcpusUsed, ...kept };
  };
}

/** One that comes out of the log: JSON has no infinity, which stands for the room of a hypervisor that nobody knows. */
export const withRoom = <T extends Candidate>(candidate: T): T => ({
  ...candidate,
  freeMemoryMb: candidate.freeMemoryMb ?? Number.POSITIVE_INFINITY,
});

/** What an instance takes of a host. */
interface Room {
  readonly memoryMb: number;
  readonly vcpus?: number;
}

/** What is to be placed. */
export interface Wanting extends Room {
  /** Hosts at which it failed, and those that Nova refused. */
  readonly notAt: readonly string[];
  readonly refusedBy?: readonly string[] | undefined;
  readonly group?: PlacedGroup | undefined;
}

/**
 * `full`: every host that would do has its share in flight, so wait. `none`: no host would do, and why.
 */
export type Pick =
  | { readonly pick: 'host'; readonly host: string }
  | { readonly pick: 'full' }
  | { readonly pick: 'none'; readonly because: string };

/** The host that suits the group best, of those the least busy, of those the one with most memory. */
export function pickDestination(
  among: readonly Candidate[],
  wanting: Wanting,
  maxInFlightPerDestination: number,
): Pick {
  const fit = among.filter((each) => standing(each, wanting) === 'fit');
  if (fit.length === 0) return { pick: 'none', because: whyNoneWouldDo(among, wanting) };
  const [best] = bestTwo(fit, wanting, maxInFlightPerDestination);
  return best === undefined ? { pick: 'full' } : { pick: 'host', host: best.host };
}

/** The hosts after one of them was picked. */
export const taken = (among: readonly Candidate[], host: string, room: Room): Candidate[] =>
  claimed(among, host, room).map((each) => (each.host === host ? { ...each, inFlight: each.inFlight + 1 } : each));

/** The hosts when an instance is on its way to one of them, and Nova has not counted it there yet. */
export const claimed = (among: readonly Candidate[], host: string, { memoryMb, vcpus = 0 }: Room): Candidate[] =>
  among.map((each) =>
    each.host === host
      ? {
          ...each,
          freeMemoryMb: each.freeMemoryMb - memoryMb,
          ...(each.freeVcpus === undefined ? {} : { freeVcpus: each.freeVcpus - vcpus }),
        }
      : each,
  );

/** So many are counted on one host at most. */
const MANY = 1000;

/**
 * How many instances of this size the hosts have room for, where they may go to at all. When there are more of these
 * places than before, room was made.
 */
export function placesFor(among: readonly Candidate[], wanting: Wanting): number {
  const { memoryMb, vcpus = 0 } = wanting;
  return among
    .filter((each) => standing(each, wanting) === 'fit')
    .reduce((sum, { freeMemoryMb, freeVcpus = Number.POSITIVE_INFINITY }) => {
      const places = Math.min(freeMemoryMb / Math.max(1, memoryMb), freeVcpus / Math.max(1, vcpus));
      return sum + Math.floor(Math.min(MANY, places));
    }, 0);
}

/** Those by which the pick can be made again: the one that is picked and the next best; if none is, one of each kind. */
export function contenders(
  among: readonly Candidate[],
  wanting: Wanting,
  maxInFlightPerDestination: number,
): readonly Candidate[] {
  const byStanding = Map.groupBy(among, (each) => standing(each, wanting));
  const fit = byStanding.get('fit');
  return fit === undefined
    ? [...byStanding.values()].flatMap((some) => some.slice(0, 1))
    : bestTwo(fit, wanting, maxInFlightPerDestination);
}

type Standing = 'fit' | 'not allowed' | 'no room' | 'refused';

function standing({ host, freeMemoryMb, freeVcpus }: Candidate, wanting: Wanting): Standing {
  const { group, memoryMb, vcpus = 0, notAt } = wanting;
  if (group !== undefined && !allows(group, host)) return 'not allowed';
  if (freeMemoryMb < memoryMb || (freeVcpus !== undefined && freeVcpus < vcpus)) return 'no room';
  return notAt.includes(host) ? 'refused' : 'fit';
}

/** In a person's words: what the host that came nearest lacks. */
function whyNoneWouldDo(among: readonly Candidate[], wanting: Wanting): string {
  const { group, notAt, memoryMb, vcpus } = wanting;
  const all = Map.groupBy(among, (each) => standing(each, wanting));
  const allowed = all.has('not allowed') ? ' that its server group allows' : '';
  if (all.has('refused'))
    return `it failed at each host${allowed} that has room, or Nova refused it: ${notAt.join(', ')}`;
  const full = all.get('no room')?.[0];
  const cpus = full?.freeVcpus === undefined ? '' : ` and ${vcpus} vCPUs`;
  if (full !== undefined) return `no host${allowed} has room for ${memoryMb} MB${cpus}`;
  return group !== undefined && all.has('not allowed') ? whyNone(group) : 'no other host is healthy';
}

function bestTwo(fit: readonly Candidate[], { group }: Wanting, maxInFlight: number): readonly Candidate[] {
  let [best, next]: (Candidate | undefined)[] = [];
  for (const each of fit) {
    if (each.inFlight >= maxInFlight) continue;
    if (best === undefined || isBetter(each, best, group)) [best, next] = [each, best];
    else if (next === undefined || isBetter(each, next, group)) next = each;
  }
  return [best, next].filter((each) => each !== undefined);
}

/** Of two that are as good, the first stays. */
function isBetter(a: Candidate, b: Candidate, group: PlacedGroup | undefined): boolean {
  const wished = wish(group, a.host) - wish(group, b.host);
  if (wished !== 0) return wished < 0;
  return a.inFlight === b.inFlight ? a.freeMemoryMb > b.freeMemoryMb : a.inFlight < b.inFlight;
}
