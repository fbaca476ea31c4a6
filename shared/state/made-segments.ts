import type { MadeSegment } from '#shared/domain/made-segments.ts';
import { RetryableError } from '#shared/errors.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/**
 * Segments that were made through the Masakari API: one item each, and one that every change writes, so that all of them
 * are read as they were at one moment, and changes come one after the other.
 */
export interface MadeSegments {
  /** Of the item that every change writes. */
  readonly head: Loaded<object>;
  /** Those too that were deleted, for a while. */
  readonly segments: readonly Loaded<MadeSegment>[];
}

interface Region {
  readonly name: string;
  readonly region: string;
}

/** Longer than any incident is open. */
const KEEP_DELETED_MS = 30 * 86_400_000;
const MAX_RACES = 8;
const SEGMENT = 'segment#';

const partitionOf = ({ name, region }: Region): string => `made-segments#${name}/${region}`;
const headKeyOf = (region: Region): ItemKey => ({ partition: partitionOf(region), sort: 'head' });

const kept = new WeakMap<object, Map<string, MadeSegments>>();

/** Costs one reading while nothing has changed. @throws RetryableError when it changes all the time */
export async function loadMadeSegments(state: StateReader, region: Region): Promise<MadeSegments> {
  const partition = partitionOf(region);
  const ofState = kept.get(state) ?? new Map<string, MadeSegments>();
  kept.set(state, ofState);
  let head = await loadHead(state, region);
  for (let race = 0; race < MAX_RACES; race += 1) {
    const known = ofState.get(partition);
    if (known?.head.version === head.version) return known;
    const segments: Loaded<MadeSegment>[] = [];
    for await (const item of all(state, partition, SEGMENT))
      segments.push({ value: decode<MadeSegment>(item), version: item.version });
    const read: MadeSegments = { head, segments };
    head = await loadHead(state, region);
    if (head.version !== read.head.version) continue;
    ofState.set(partition, read);
    return read;
  }
  throw new RetryableError('the segments of the Masakari API change all the time');
}

const loadHead = async (state: StateReader, region: Region): Promise<Loaded<object>> =>
  (await load<object>(state, headKeyOf(region))) ?? { value: {}, version: 'absent' };

/** The transaction fails when anything has changed since. */
export function madeSegmentWrites(
  region: Region,
  { head }: MadeSegments,
  { version }: Pick<Loaded<MadeSegment>, 'version'>,
  segment: MadeSegment,
): readonly StateWrite[] {
  const { deletedAtMs, key } = segment;
  const options = deletedAtMs === null ? {} : { expiresAtMs: deletedAtMs + KEEP_DELETED_MS };
  return [
    put(headKeyOf(region), head.version, {}),
    put({ partition: partitionOf(region), sort: `${SEGMENT}${key}` }, version, segment, options),
  ];
}
