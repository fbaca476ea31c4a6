import type { ComputeService, Hypervisor, ServerGroup } from '#shared/ports.ts';
import type { Candidate } from '../destinations.ts';
import { type PlacedGroup, placedGroup } from '../placed-groups.ts';
import type { PlannedRecovery } from '../recovery.ts';
import type { CloudView, HostInstances } from './view.ts';

interface Around {
  readonly services: readonly ComputeService[];
  readonly hypervisors: readonly Hypervisor[];
}

/** What hosts that fail together have left for one another: each takes the room, and the places, of those before it. */
export class Left {
  readonly #view: CloudView;
  readonly #gone: ReadonlySet<string>;
  readonly #memoryMb = new Map<string, number>();
  readonly #vcpus = new Map<string, number>();
  readonly #woken = new Set<string>();
  /** The new host of each instance that was given one. */
  readonly #placed = new Map<string, string>();
  readonly #zones = new Map<string, Around>();

  /** @param gone hosts on which nothing goes */
  constructor(view: CloudView, gone: ReadonlySet<string>) {
    this.#view = view;
    this.#gone = gone;
  }

  /** Who is left in a zone. */
  around(zone: string): Around {
    const known = this.#zones.get(zone);
    if (known !== undefined) return known;
    const services = this.#view.services.filter((each) => each.zone === zone && !this.#gone.has(each.host));
    const hosts = new Set(services.map(({ host }) => host));
    const around = { services, hypervisors: this.#view.hypervisors.filter((each) => hosts.has(each.serviceHost)) };
    this.#zones.set(zone, around);
    return around;
  }

  /** The same hosts with the room that they have by now; reserved ones that were woken are like any other. */
  of(candidates: readonly Candidate[], asleep: readonly Candidate[]): { candidates: Candidate[]; asleep: Candidate[] } {
    const isAwake = ({ host }: Candidate): boolean => this.#woken.has(host);
    return {
      candidates: [...candidates, ...asleep.filter(isAwake)].map((each) => this.#now(each)),
      asleep: asleep.filter((each) => !isAwake(each)).map((each) => this.#now(each)),
    };
  }

  #now(candidate: Candidate): Candidate {
    const { host, freeMemoryMb, freeVcpus } = candidate;
    const memoryMb = this.#memoryMb.get(host);
    if (memoryMb === undefined) return candidate;
    const vcpus = freeVcpus === undefined ? {} : { freeVcpus: freeVcpus - (this.#vcpus.get(host) ?? 0) };
    return { ...candidate, freeMemoryMb: freeMemoryMb - memoryMb, ...vcpus };
  }

  /** The server groups that these instances are in, with where their members are by now. */
  groupsOf({ servers }: HostInstances): readonly PlacedGroup[] {
    const groups = groupsByMember(this.#view.groups);
    const own = new Set(servers.flatMap(({ id }) => groups.get(id) ?? []));
    return [...own].map((group) => placedGroup(group, this.#whereaboutsOf(group)));
  }

  #whereaboutsOf({ members }: ServerGroup): ReadonlyMap<string, string> {
    return new Map(
      members.flatMap((member) => {
        const host = this.#placed.get(member) ?? this.#view.whereabouts.get(member);
        return host === undefined || this.#gone.has(host) ? [] : [[member, host] as const];
      }),
    );
  }

  /** What a recovery has planned is taken. */
  take({ instances }: PlannedRecovery): void {
    for (const { server, destination } of instances) {
      if (destination === null || !('host' in destination)) continue;
      const { host, to } = destination;
      this.#memoryMb.set(host, (this.#memoryMb.get(host) ?? 0) + server.memoryMb);
      this.#vcpus.set(host, (this.#vcpus.get(host) ?? 0) + server.vcpus);
      this.#placed.set(server.id, host);
      if (to === 'reserved-host') this.#woken.add(host);
    }
  }
}

/** Many forecasts are made of one view. */
const byMember = new WeakMap<readonly ServerGroup[], ReadonlyMap<string, readonly ServerGroup[]>>();

export function groupsByMember(groups: readonly ServerGroup[]): ReadonlyMap<string, readonly ServerGroup[]> {
  const known = byMember.get(groups);
  if (known !== undefined) return known;
  const index = new Map<string, ServerGroup[]>();
  for (const group of groups)
    for (const member of group.members) index.set(member, [...(index.get(member) ?? []), group]);
  byMember.set(groups, index);
  return index;
}
