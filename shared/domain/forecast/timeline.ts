import type { Segment } from '../policy.ts';
import { type Pace, secondsAt } from './pace.ts';
import { Tiers } from './tiers.ts';

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
  /** What follows on its evacuation, and takes up its place among those in flight. */
  readonly afterwardsSeconds: number;
}

export interface Slot {
  readonly startsAtSeconds: number;
  readonly upAtSeconds: number;
}

interface Running {
  readonly of: Wanted;
  readonly endsAt: number;
}

/** When each would be asked for and be up, within the limits of what is in flight, and tiers waiting for one another. */
export function timelineOf(
  wanted: readonly Wanted[],
  pace: Pace,
  maxInFlightOverAll: number,
): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  const tiers = new Tiers(wanted);
  const perHost = new Map<string, number>();
  const perDestination = new Map<string, number>();
  let waiting = wanted;
  let running: readonly Running[] = [];
  for (let now = 0; waiting.length > 0; ) {
    const started: Running[] = [];
    let left: Wanted[] = [];
    for (const [index, each] of waiting.entries()) {
      const inFlight = running.length + started.length;
      if (inFlight >= maxInFlightOverAll) {
        left = left.concat(waiting.slice(index));
        break;
      }
      if (!mayStart(each, now)) {
        left.push(each);
        continue;
      }
      const endsAt = now + secondsAt(pace, inFlight + 1) + each.afterwardsSeconds;
      started.push({ of: each, endsAt });
      count(each, 1);
      slots.set(each.id, { startsAtSeconds: now, upAtSeconds: endsAt });
    }
    waiting = left;
    running = [...running, ...started];
    const next = nextMoment(now);
    if (next === undefined) break;
    now = next;
    const ended = running.filter(({ endsAt }) => endsAt <= now);
    for (const { of, endsAt } of ended) {
      count(of, -1);
      tiers.end(of, endsAt);
    }
    running = running.filter(({ endsAt }) => endsAt > now);
  }
  return slots;

  function mayStart(each: Wanted, now: number): boolean {
    const { maxInFlight, maxInFlightPerDestination } = each.segment.evacuation;
    const to = each.destination;
    return (
      each.readyAtSeconds <= now &&
      (perHost.get(each.host) ?? 0) < maxInFlight &&
      (to === null || (perDestination.get(to) ?? 0) < maxInFlightPerDestination) &&
      tiers.opensAt(each) <= now
    );
  }

  function count({ host, destination }: Wanted, by: 1 | -1): void {
    perHost.set(host, (perHost.get(host) ?? 0) + by);
    if (destination !== null) perDestination.set(destination, (perDestination.get(destination) ?? 0) + by);
  }

  /** The next moment at which anything may start; undefined: nothing ever will. */
  function nextMoment(now: number): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { endsAt } of running) next = Math.min(next, endsAt);
    // With all in flight that may be, nobody starts before one ends.
    if (running.length < maxInFlightOverAll)
      for (const each of waiting) {
        const at = Math.max(each.readyAtSeconds, tiers.opensAt(each));
        if (at > now) next = Math.min(next, at);
      }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }
}
