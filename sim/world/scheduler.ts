import type { SimHost, SimServer } from './types.ts';
import type { ServerGroup, World } from './world.ts';

export interface ScheduleRequest {
  readonly server: Pick<SimServer, 'id' | 'flavor' | 'pinnedAvailabilityZone'>;
  /** The server group of an instance that is not in its members yet. */
  readonly group?: ServerGroup | undefined;
  /** Hosts that must not be chosen. */
  readonly ignore: readonly (string | null)[];
  /** Only this host, verified like any other. */
  readonly only?: string | null;
}

/**
 * The filter scheduler: up, enabled, with room, of the right zone and server group; most free memory wins, then the name.
 * Usage counts once a destination has claimed it, so a burst of concurrent requests lands on one host, as it does in Nova.
 */
export function pickHost(world: World, request: ScheduleRequest): SimHost | undefined {
  let best: SimHost | undefined;
  const candidates = request.only == null ? world.hosts.values() : [world.hosts.get(request.only)];
  for (const host of candidates) {
    if (host === undefined || request.ignore.includes(host.name) || !fits(world, host, request)) continue;
    if (best === undefined || freeMemoryMb(host) > freeMemoryMb(best)) best = host;
  }
  return best;
}

function freeMemoryMb(host: SimHost): number {
  return host.memoryMb - host.memoryUsedMb;
}

function fits(world: World, host: SimHost, { server, group = world.groupOf(server.id) }: ScheduleRequest): boolean {
  if (host.disabled || !world.serviceIsUp(host)) return false;
  if (freeMemoryMb(host) < server.flavor.memoryMb) return false;
  const zone = server.pinnedAvailabilityZone;
  if (zone !== null && world.zoneOf(host.name) !== zone) return false;
  if (group === undefined) return true;
  if (group.policy === 'anti-affinity') {
    const there = group.members.filter((id) => id !== server.id && world.servers.get(id)?.host === host.name);
    return there.length < (group.maxPerHost ?? 1);
  }
  // The host that the instance itself is on counts too, dead or not: nova/scheduler/filters/affinity_filter.py.
  const hosts = group.members.flatMap((id) => world.servers.get(id)?.host ?? []);
  return group.policy !== 'affinity' || hosts.length === 0 || hosts.includes(host.name);
}

/**
 * What a nova-compute that was sent an evacuation still looks at, scheduler or not: its server group as it is by now, those on
 * their way here included (`_validate_instance_group_policy`, nova/compute/manager.py). Of `affinity` only the others count.
 * @returns what the instance's fault says then
 */
export function violation(world: World, host: SimHost, { id }: Pick<SimServer, 'id'>): string | undefined {
  const group = world.groupOf(id);
  if (group === undefined) return undefined;
  const others = group.members.flatMap((member) => (member === id ? [] : (world.servers.get(member) ?? [])));
  if (group.policy === 'anti-affinity') {
    const here = others.filter((other) => other.host === host.name || other.evacuation?.rebuiltOn?.host === host);
    return here.length < (group.maxPerHost ?? 1) ? undefined : 'Anti-affinity instance group policy was violated';
  }
  const isApart = others.length > 0 && !others.some((other) => other.host === host.name);
  return group.policy === 'affinity' && isApart ? 'Affinity instance group policy was violated' : undefined;
}
