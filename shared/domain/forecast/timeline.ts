import type { Segment } from '../policy.ts';
import { type Pace, secondsAt } from './pace.ts';

/** One evacuation that is to be asked for, in the order of its host. */
export interface Wanted {
  readonly id: string;
  readonly host: string;
  readonly projectId: string;
  readonly tier: number | null;
  /** Null: Nova's scheduler chooses. */
  readonly destination: string | null;
  readonly segment: Segment;
  /** When its host's evacuations may begin. */
  readonly readyAtSeconds: number;
}

export interface Slot {
  readonly startsAtSeconds: number;
  readonly upAtSeconds: number;
}

/** When each would be asked for and be up, within the limits of what is in flight, and tiers waiting for one another. */
export function timelineOf(
  wanted: readonly Wanted[],
  pace: Pace,
  maxInFlightOverAll: number,
): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  let waiting = [...wanted];
  let running: { readonly of: Wanted; readonly endsAt: number }[] = [];
  const ended: Ended = new Map();
  let now = 0;
  while (waiting.length > 0) {
    const left: Wanted[] = [];
    const counts = countsOf(running.map(({ of }) => of));
    const open = tiersOpen(
      waiting,
      running.map(({ of }) => of),
      ended,
      now,
    );
    let inFlight = running.length;
    for (const each of waiting) {
      const { evacuation } = each.segment;
      const free =
        each.readyAtSeconds <= now &&
        inFlight < maxInFlightOverAll &&
        (counts.hosts.get(each.host) ?? 0) < evacuation.maxInFlight &&
        (each.destination === null ||
          (counts.destinations.get(each.destination) ?? 0) < evacuation.maxInFlightPerDestination) &&
        open(each);
      if (!free) {
        left.push(each);
        continue;
      }
      inFlight += 1;
      counts.add(each);
      const endsAt = now + secondsAt(pace, inFlight);
      running.push({ of: each, endsAt });
      slots.set(each.id, { startsAtSeconds: now, upAtSeconds: endsAt });
    }
    waiting = left;
    if (left.length === 0) break;
    const next = nextMoment(now, running, left, ended);
    if (next === undefined) break;
    now = next;
    for (const { of, endsAt } of running) if (endsAt <= now) end(ended, of, endsAt);
    running = running.filter(({ endsAt }) => endsAt > now);
  }
  return slots;
}

function countsOf(running: readonly Wanted[]) {
  const hosts = new Map<string, number>();
  const destinations = new Map<string, number>();
  const add = ({ host, destination }: Wanted): void => {
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
    if (destination !== null) destinations.set(destination, (destinations.get(destination) ?? 0) + 1);
  };
  running.forEach(add);
  return { hosts, destinations, add };
}

/** Whose tiers wait for one another. */
const tierGroup = ({ host, projectId, segment }: Wanted): string =>
  segment.order.tiersWithin === 'host' ? host : `${host} ${projectId}`;

/** When the last instance of a tier was up, by its group. */
type Ended = Map<string, Map<number, number>>;

function end(ended: Ended, of: Wanted, endsAt: number): void {
  if (of.tier === null) return;
  const group = tierGroup(of);
  const tiers = ended.get(group) ?? new Map<number, number>();
  tiers.set(of.tier, Math.max(tiers.get(of.tier) ?? 0, endsAt));
  ended.set(group, tiers);
}

/** Whether every earlier tier of its group has ended, and the time that its gate asks for is over. */
function tiersOpen(
  waiting: readonly Wanted[],
  running: readonly Wanted[],
  ended: Ended,
  now: number,
): (each: Wanted) => boolean {
  const lowest = new Map<string, number>();
  for (const each of [...waiting, ...running]) {
    if (each.tier === null) continue;
    const group = tierGroup(each);
    lowest.set(group, Math.min(lowest.get(group) ?? Number.POSITIVE_INFINITY, each.tier));
  }
  return (each) => {
    if (each.tier === null) return true;
    const group = tierGroup(each);
    return (lowest.get(group) ?? each.tier) >= each.tier && now >= gateAt(each, ended);
  };
}

/** When the gates of all earlier tiers are open that wait for a time. */
function gateAt(each: Wanted, ended: Ended): number {
  const { gate, gates = {} } = each.segment.order;
  let at = 0;
  for (const [tier, endedAt] of ended.get(tierGroup(each)) ?? []) {
    if (tier >= (each.tier ?? 0)) continue;
    const { by, seconds } = gates[tier] ?? gate;
    at = Math.max(at, endedAt + (by === 'time' ? seconds : 0));
  }
  return at;
}

/** The next moment at which anything may start. */
function nextMoment(
  now: number,
  running: readonly { readonly endsAt: number }[],
  waiting: readonly Wanted[],
  ended: Ended,
): number | undefined {
  const moments = [
    ...running.map(({ endsAt }) => endsAt),
    ...waiting.flatMap((each) => [each.readyAtSeconds, ...(each.tier === null ? [] : [gateAt(each, ended)])]),
  ].filter((at) => at > now);
  return moments.length === 0 ? undefined : moments.reduce((first, each) => Math.min(first, each));
}
