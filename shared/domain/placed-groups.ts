import type { ServerGroup } from '#shared/ports.ts';
import type { TaskState } from './task.ts';

/** A server group with the hosts that its members are on, or are being taken to. */
export interface PlacedGroup extends Pick<ServerGroup, 'id' | 'policy' | 'maxPerHost' | 'members'> {
  /** How many there are on a host. Those that are still on the failed host are none. */
  readonly on: Readonly<Record<string, number>>;
}

/** The group after one of its members was given a host. */
export const joined = (group: PlacedGroup, host: string): PlacedGroup => ({
  ...group,
  on: { ...group.on, [host]: (group.on[host] ?? 0) + 1 },
});

/** What was read of a group when an instance of it was planned: members on the failed host are not counted. */
export type RecordedGroup = Omit<PlacedGroup, 'members'>;

/**
 * The groups of an incident's tasks as they are now: as they were read, and with where the incident has brought its own.
 * @param again what was read of some of them since, by their ids
 */
export function groupsOfTasks(
  tasks: readonly TaskState[],
  again: ReadonlyMap<string, RecordedGroup> = new Map(),
): readonly PlacedGroup[] {
  const members = Map.groupBy(tasks, ({ signs }) => signs?.group?.id);
  return [...members].flatMap(([id = '', own]) => {
    const read = again.get(id) ?? own[0]?.signs?.group;
    if (read === undefined) return [];
    const empty: PlacedGroup = { ...read, members: own.map(({ instanceId }) => instanceId) };
    return own.reduce((group, { progress }) => {
      const { destination: host } = 'attempt' in progress ? progress.attempt : { destination: null, ...progress };
      return host === null ? group : joined(group, host);
    }, empty);
  });
}

/**
 * @param whereabouts the host of each member that is on one, or on its way to one, the failed host left out
 */
export function placedGroup(group: ServerGroup, whereabouts: ReadonlyMap<string, string>): PlacedGroup {
  const { id, policy, maxPerHost, members } = group;
  const empty: PlacedGroup = { id, policy, maxPerHost, members, on: {} };
  return members.reduce((placed, member) => {
    const host = whereabouts.get(member);
    return host === undefined ? placed : joined(placed, host);
  }, empty);
}

/** Whether the group lets one more member on to the host. A group that is together nowhere may begin anywhere. */
export function allows({ policy, maxPerHost, on }: PlacedGroup, host: string): boolean {
  if (policy === 'anti-affinity') return (on[host] ?? 0) < maxPerHost;
  return policy !== 'affinity' || Object.keys(on).length === 0 || on[host] !== undefined;
}

/** How gladly a host is taken, the smaller the better: soft groups have wishes. */
export function wish(group: PlacedGroup | undefined, host: string): number {
  const members = group?.on[host] ?? 0;
  if (group?.policy === 'soft-anti-affinity') return members;
  return group?.policy === 'soft-affinity' ? -members : 0;
}

/** Why no host is allowed, in a person's words. */
export function whyNone({ policy, maxPerHost, on }: PlacedGroup): string {
  const hosts = Object.keys(on).sort().join(', ');
  return policy === 'affinity'
    ? `its server group must stay together on ${hosts}`
    : `its server group allows ${maxPerHost} on a host, and that many are on ${hosts}`;
}

/**
 * Nova counts the failed host among those that an `affinity` group is on, so that its scheduler lets no member go
 * anywhere else until one is there (nova/scheduler/filters/affinity_filter.py); and one that is forced past the scheduler is
 * refused by the destination's nova-compute. Undefined: nothing holds this one.
 */
export function heldTogether(group: PlacedGroup | undefined, there = 'the failed host'): string | undefined {
  if (group?.policy !== 'affinity' || Object.keys(group.on).length > 0) return undefined;
  return `its server group must stay together, and Nova lets no member of it leave ${there}`;
}
