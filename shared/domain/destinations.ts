import type { ComputeService, Hypervisor } from '#shared/ports.ts';
import { isHealthy } from './gates/healthy.ts';

/**
 * Where instances go. A burst that is left to Nova's scheduler piles up on one host, since concurrent scheduling
 * does not see its own earlier picks; so salvor names the destination, and the scheduler verifies it.
 */
export interface Candidate {
  readonly host: string;
  /** Evacuations in flight to it, over all incidents. */
  inFlight: number;
  freeMemoryMb: number;
}

/** Healthy hosts of the failed host's availability zone, but none that is itself under suspicion. */
export function candidates(
  services: readonly ComputeService[],
  hypervisors: readonly Hypervisor[],
  failed: { readonly host: string; readonly zone: string },
  suspects: ReadonlySet<string>,
  inFlightTo: Readonly<Record<string, number>>,
): Candidate[] {
  const memory = new Map(hypervisors.map((each) => [each.serviceHost, each.memoryMb - each.memoryUsedMb]));
  return services
    .filter((service) => isHealthy(service) && service.zone === failed.zone)
    .filter((service) => service.host !== failed.host && !suspects.has(service.host))
    .map(({ host }) => ({
      host,
      inFlight: inFlightTo[host] ?? 0,
      freeMemoryMb: memory.get(host) ?? Number.POSITIVE_INFINITY,
    }));
}

/**
 * The least busy host that has room, and takes the instance into account. `full`: every host that would do has
 * its share in flight, so wait. `scheduler`: none would do, so let Nova choose among all it knows.
 */
export function pickDestination(
  among: readonly Candidate[],
  instance: Wanting,
  maxInFlightPerDestination: number,
): { readonly pick: 'host'; readonly host: string } | { readonly pick: 'full' } | { readonly pick: 'scheduler' } {
  const fit = among.filter((each) => wouldDo(each, instance));
  if (fit.length === 0) return { pick: 'scheduler' };
  const best = bestFirst(fit, maxInFlightPerDestination)[0];
  if (best === undefined) return { pick: 'full' };
  best.inFlight += 1;
  best.freeMemoryMb -= instance.memoryMb;
  return { pick: 'host', host: best.host };
}

/** The one that would be picked and the next best, as they are now: of these alone the same one is picked. */
export const contenders = (
  among: readonly Candidate[],
  instance: Wanting,
  maxInFlightPerDestination: number,
): readonly Candidate[] =>
  bestFirst(
    among.filter((each) => wouldDo(each, instance)),
    maxInFlightPerDestination,
  )
    .slice(0, 2)
    .map((each) => ({ ...each }));

interface Wanting {
  readonly memoryMb: number;
  readonly failedAt: readonly string[];
}

const wouldDo = ({ host, freeMemoryMb }: Candidate, { failedAt, memoryMb }: Wanting): boolean =>
  !failedAt.includes(host) && freeMemoryMb >= memoryMb;

const bestFirst = (fit: readonly Candidate[], maxInFlight: number): readonly Candidate[] =>
  fit
    .filter((each) => each.inFlight < maxInFlight)
    .sort((a, b) => a.inFlight - b.inFlight || b.freeMemoryMb - a.freeMemoryMb || 0);
