import { isOften, type Point, type Waiting, waitsAfter } from './points.ts';

/** Kills still to come, point by point, shared out to recoveries. */
export interface Quota {
  /** For one recovery: where it is killed, each once, and how many times it passes there before. Undefined: none is left. */
  take(): ReadonlyMap<Point, number> | undefined;
  /** What came of a share. */
  give(share: ReadonlyMap<Point, number>, kills: readonly Point[]): void;
  readonly survived: ReadonlyMap<Point, number>;
  /** Points that were not reached often enough. */
  missing(): readonly Point[];
}

const PER_RECOVERY = 12;
/** Kills after which something waits: these add up. */
const WAITS_PER_RECOVERY: Readonly<Record<Waiting, number>> = {
  host: 2,
  instances: 1,
  single: 1,
  service: 1,
};
/** A recovery may pass a point never, or not often enough; after so many in vain something is wrong. */
const TRIES_IN_VAIN = 8;
const PASSES_BEFORE = 4;

/** @param kills how many for each point */
export function quotaOf(points: readonly Point[], kills: number, random: () => number): Quota {
  const survived = new Map<Point, number>(points.map((point) => [point, 0]));
  const underWay = new Map<Point, number>(points.map((point) => [point, 0]));
  const inVain = new Map<Point, number>();
  const add = (map: Map<Point, number>, point: Point, by: number): void =>
    void map.set(point, (map.get(point) ?? 0) + by);
  const wanted = (point: Point): number => kills - (survived.get(point) ?? 0) - (underWay.get(point) ?? 0);

  return {
    survived,
    missing: () => points.filter((point) => (survived.get(point) ?? 0) < kills),
    take: () => {
      const open = points
        .filter((point) => wanted(point) > 0 && (inVain.get(point) ?? 0) < TRIES_IN_VAIN)
        .map((point) => ({ point, wanted: wanted(point), lot: random() }))
        .sort((a, b) => b.wanted - a.wanted || a.lot - b.lot)
        .map(({ point }) => point);
      const of = (waiting: Waiting | undefined) => open.filter((point) => waitsAfter(point) === waiting);
      const slow = (Object.keys(WAITS_PER_RECOVERY) as Waiting[]).flatMap((waiting) =>
        of(waiting).slice(0, WAITS_PER_RECOVERY[waiting]),
      );
      const share = [...slow, ...of(undefined)].slice(0, PER_RECOVERY);
      for (const point of share) add(underWay, point, 1);
      if (share.length === 0) return undefined;
      const passes = (point: Point): number =>
        isOften(point) && !inVain.has(point) ? Math.floor(random() * PASSES_BEFORE) : 0;
      return new Map(share.map((point) => [point, passes(point)]));
    },
    give: (share, kills) => {
      for (const point of share.keys()) {
        add(underWay, point, -1);
        if (kills.includes(point)) add(survived, point, 1);
        else add(inVain, point, 1);
      }
    },
  };
}
