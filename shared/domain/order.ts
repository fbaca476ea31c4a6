import type { Segment } from './policy.ts';
import type { SeenServer } from './seen.ts';

/** When an instance is brought back, compared with the others of its host. */
export interface Rank {
  /** 1 to 1000: the larger first. */
  readonly priority: number;
  /** 1 to 1000: the smaller first. Null: it waits for no tier, and no tier for it. */
  readonly tier: number | null;
}

type Order = Segment['order'];
type Ranked = Pick<SeenServer, 'metadata' | 'extraSpecs' | 'projectId'>;

/** InstanceHA's priority of an instance that has none. */
const USUAL = 500;
/** StarlingX: 1 to 10, of which 1 comes first and nothing is as 10. */
const STARLINGX_KEY = 'sw:wrs:recovery_priority';
const STARLINGX_STEP = 50;

export const orderKeys = ({ priorityKey, groupKey, tierKey }: Order): readonly string[] => [
  priorityKey,
  groupKey,
  tierKey,
  STARLINGX_KEY,
];

/** @param groupPriority the largest priority of its group; null: it is in none */
export function rankOf(server: Ranked, groupPriority: number | null, order: Order): Rank {
  const tier = numberAt(server, order.tierKey, order);
  return {
    priority: groupPriority ?? priorityOf(server, order),
    tier: tier === undefined || tier < 1 || tier > 1000 ? null : tier,
  };
}

/** The largest priority in the group of each instance, in the order of the instances; null where it is in none. */
export function groupPriorities(servers: readonly Ranked[], order: Order): readonly (number | null)[] {
  const best = new Map<string, number>();
  for (const server of servers) {
    const group = groupOf(server, order);
    if (group !== undefined) best.set(group, Math.max(best.get(group) ?? 0, priorityOf(server, order)));
  }
  return servers.map((server) => best.get(groupOf(server, order) ?? '') ?? null);
}

const priorityOf = (server: Ranked, order: Order): number =>
  clamped(numberAt(server, order.priorityKey, order) ?? starlingx(server, order) ?? USUAL);

/** Names of groups are their owners': those of two projects have nothing to do with one another. */
function groupOf(server: Ranked, order: Order): string | undefined {
  const name = wordAt(server, order.groupKey, order);
  return name === undefined || name === '' ? undefined : `${server.projectId}/${name}`;
}

/** Of a task; salvors of before knew no ranks. */
export const rankOfTask = ({ priority = USUAL, tier = null }: Partial<Rank>): Rank => ({ priority, tier });

/** Tiers first, in their order, then what has none; within that the larger priority. */
export function inOrder(a: Rank, b: Rank): number {
  if (a.tier !== b.tier) return (a.tier ?? Number.POSITIVE_INFINITY) - (b.tier ?? Number.POSITIVE_INFINITY);
  return b.priority - a.priority;
}

const wordAt = ({ metadata, extraSpecs }: Ranked, key: string, { byOwners }: Order): string | undefined =>
  (byOwners ? metadata[key] : undefined) ?? extraSpecs[key];

function numberAt(server: Ranked, key: string, order: Order): number | undefined {
  const word = wordAt(server, key, order)?.trim() ?? '';
  return /^-?\d{1,9}$/.test(word) ? Number(word) : undefined;
}

function starlingx(server: Ranked, order: Order): number | undefined {
  const place = numberAt(server, STARLINGX_KEY, order);
  return place === undefined || place < 1 || place > 10 ? undefined : 1000 - STARLINGX_STEP * (place - 1);
}

/** As InstanceHA does with what is out of range. */
const clamped = (priority: number): number => Math.max(1, Math.min(1000, priority));
