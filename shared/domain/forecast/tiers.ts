import type { Wanted } from './timeline.ts';

interface Tier {
  /** Instances of it that are not up yet. */
  left: number;
  /** When the last one was. */
  upAt: number;
}

/** Which tiers of evacuations may start by now: those whose earlier tiers are up, and whose gates have had their time. */
export class Tiers {
  readonly #groups = new Map<string, Map<number, Tier>>();
  readonly #groupOf = new Map<Wanted, ReadonlyMap<number, Tier>>();

  constructor(wanted: readonly Wanted[]) {
    for (const each of wanted) {
      if (each.tier === null) continue;
      const name = groupOf(each);
      const group = this.#groups.get(name) ?? new Map<number, Tier>();
      const tier = group.get(each.tier) ?? { left: 0, upAt: 0 };
      tier.left += 1;
      group.set(each.tier, tier);
      this.#groups.set(name, group);
      this.#groupOf.set(each, group);
    }
  }

  /** Infinite while that is not known. */
  opensAt(each: Wanted): number {
    const { gate, gates = {} } = each.segment.order;
    let opensAt = 0;
    for (const [number, { left, upAt }] of this.#groupOf.get(each) ?? []) {
      if (number >= (each.tier ?? 0)) continue;
      if (left > 0) return Number.POSITIVE_INFINITY;
      const { by, seconds } = gates[number] ?? gate;
      opensAt = Math.max(opensAt, upAt + (by === 'time' ? seconds : 0));
    }
    return opensAt;
  }

  end(each: Wanted, atSeconds: number): void {
    const tier = this.#groupOf.get(each)?.get(each.tier ?? 0);
    if (tier === undefined) return;
    tier.left -= 1;
    tier.upAt = Math.max(tier.upAt, atSeconds);
  }
}

/** Whose tiers wait for one another. */
const groupOf = ({ host, projectId, segment }: Wanted): string =>
  segment.order.tiersWithin === 'host' ? host : `${host} ${projectId}`;
