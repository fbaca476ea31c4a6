import { DAY_SECONDS } from '../guards.ts';

/**
 * Instances of a segment that were acted on, or left to a person. An intent takes its ticket in the same transaction, so that the limits of a
 * host and a segment hold however many functions decide at once.
 */
export interface InstanceTickets {
  /** The newest of each instance on each host: one that was moved has failed on the first host all the same. */
  readonly tickets: readonly InstanceTicket[];
}

export interface InstanceTicket {
  readonly instanceId: string;
  readonly hostKey: string;
  readonly atMs: number;
  /** Where it is being moved to, by salvor's own choice. */
  readonly to?: string;
}

/** More are never let through within a day's window: the policy's limits are lower. */
const KEPT = 2000;

export function withInstanceTicket({ tickets }: InstanceTickets, ticket: InstanceTicket): InstanceTickets {
  const { instanceId, hostKey, atMs: nowMs } = ticket;
  const isOld = (each: InstanceTicket): boolean =>
    each.atMs + DAY_SECONDS * 1000 <= nowMs || (each.instanceId === instanceId && each.hostKey === hostKey);
  const others = tickets.filter((each) => !isOld(each));
  return { tickets: [...others, ticket].slice(-KEPT) };
}

/** Others than this instance that fail now, or have failed within the window: of its host, and of its segment. */
export function countOthers(
  { tickets }: InstanceTickets,
  open: readonly Pick<InstanceTicket, 'instanceId' | 'hostKey'>[],
  { instanceId, hostKey, atMs }: InstanceTicket,
  windowSeconds: number,
): { readonly onHost: number; readonly ofSegment: number } {
  const young = tickets.filter((each) => each.atMs > atMs - windowSeconds * 1000);
  const others = [...young, ...open].filter((each) => each.instanceId !== instanceId);
  const count = (some: typeof others): number => new Set(some.map((each) => each.instanceId)).size;
  return { onHost: count(others.filter((each) => each.hostKey === hostKey)), ofSegment: count(others) };
}

/** How many other instances with an open incident are on their way to each host. */
export function movesUnderWay(
  { tickets }: InstanceTickets,
  open: readonly Pick<InstanceTicket, 'instanceId'>[],
  instanceId: string,
): Readonly<Record<string, number>> {
  const others = new Set(open.map((each) => each.instanceId).filter((id) => id !== instanceId));
  const to: Record<string, number> = {};
  for (const each of tickets)
    if (each.to !== undefined && others.has(each.instanceId)) to[each.to] = (to[each.to] ?? 0) + 1;
  return to;
}
