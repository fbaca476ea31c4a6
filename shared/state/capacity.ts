import type { SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, put } from './items.ts';

/** What each segment would survive, as it was when that last changed. */
export interface KnownCapacity extends SegmentCapacity {
  readonly sinceMs: number;
}

interface Region {
  readonly name: string;
  readonly region: string;
}

const keyOf = ({ name, region }: Region, segment: string): ItemKey => ({
  partition: `capacity#${name}/${region}`,
  sort: segment,
});

export async function loadCapacity(state: StateReader, region: Region): Promise<readonly Loaded<KnownCapacity>[]> {
  const known: Loaded<KnownCapacity>[] = [];
  for await (const item of all(state, keyOf(region, '').partition))
    known.push({ value: decode<KnownCapacity>(item), version: item.version });
  return known;
}

/** None for a segment that is as it was; one that is no more is forgotten. */
export function capacityWrites(
  region: Region,
  before: readonly Loaded<KnownCapacity>[],
  now: readonly SegmentCapacity[],
  nowMs: number,
): readonly StateWrite[] {
  const old = new Map(before.map((each) => [each.value.segment, each]));
  const writes: StateWrite[] = [];
  for (const capacity of now) {
    const known = old.get(capacity.segment);
    old.delete(capacity.segment);
    if (known !== undefined && isSame(known.value, capacity)) continue;
    writes.push(put(keyOf(region, capacity.segment), known?.version ?? 'absent', { ...capacity, sinceMs: nowMs }));
  }
  for (const { value, version } of old.values())
    if (version !== 'absent') writes.push({ kind: 'delete', ...keyOf(region, value.segment), expect: version });
  return writes;
}

const isSame = ({ sinceMs: _, ...known }: KnownCapacity, capacity: SegmentCapacity): boolean =>
  JSON.stringify(known) === JSON.stringify(capacity);
