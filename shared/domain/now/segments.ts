import type { SegmentCapacity } from '../forecast/capacity.ts';
import type { Tile, TileState } from './tile.ts';

/** A segment in one row. */
export interface SegmentRow {
  readonly segment: string;
  readonly hosts: number;
  /** Hosts by state; none of those that no host is in. */
  readonly states: Readonly<Partial<Record<TileState, number>>>;
  /** Hosts that could not be fenced right now. */
  readonly notFenceable: number;
  readonly disarmed: boolean;
  /** Whether it has room for one host that fails; null while that is not known. */
  readonly survivesOne: boolean | null;
  readonly survivesTwo: boolean | null;
}

/** @param disarmed names of segments; `everything`: all of them are */
export function segmentRows(
  tiles: readonly Tile[],
  capacity: readonly SegmentCapacity[],
  disarmed: { readonly everything: boolean; readonly segments: ReadonlySet<string> },
): readonly SegmentRow[] {
  const known = new Map(capacity.map((each) => [each.segment, each]));
  const bySegment = Map.groupBy(
    tiles.filter(({ segment }) => segment !== null),
    ({ segment }) => segment ?? '',
  );
  // A segment without hosts is known by its capacity alone.
  const names = new Set([...bySegment.keys(), ...known.keys()]);
  return [...names].sort().map((segment) => {
    const own = bySegment.get(segment) ?? [];
    const room = known.get(segment);
    return {
      segment,
      hosts: own.length,
      states: countsOf(own),
      notFenceable: own.filter(({ fence }) => fence === 'not-ready').length,
      disarmed: disarmed.everything || disarmed.segments.has(segment),
      survivesOne: room?.one.survives ?? null,
      survivesTwo: room?.two.survives ?? null,
    };
  });
}

function countsOf(tiles: readonly Tile[]): SegmentRow['states'] {
  const counts: Partial<Record<TileState, number>> = {};
  for (const { state } of tiles) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
