import { badRequest } from './faults.ts';

/** What Masakari answers at most at once (`osapi_max_limit`). */
const MAX_LIMIT = 1000;

/** How a list is asked for: parameters that every list has. */
export interface Listing {
  readonly limit: number;
  readonly marker: string | undefined;
  readonly order: readonly { readonly key: string; readonly descending: boolean }[];
}

export type Row = Readonly<Record<string, unknown>> & { readonly id: number };

/**
 * @param keys by which it may be sorted
 * @throws Fault 400 in Masakari's words
 */
export function listingOf(params: URLSearchParams, keys: readonly string[]): Listing {
  const sortKeys = params.getAll('sort_key').map((key) => key.trim());
  const sortDirs = params.getAll('sort_dir').map((direction) => direction.trim());
  const limit = limitOf(params.get('limit'));
  if (sortKeys.length === 0) sortKeys.push('created_at');
  if (sortDirs.length === 0) sortDirs.push('desc');
  if (sortDirs.some((direction) => direction !== 'asc' && direction !== 'desc'))
    throw badRequest("Invalid input received: Unknown sort direction, must be 'asc' or 'desc'");
  if (sortDirs.length > sortKeys.length)
    throw badRequest('Invalid input received: Sort direction size exceeds sort key size');
  if (sortKeys.some((key) => !keys.includes(key))) throw badRequest('Sort key supplied was not valid.');
  const [first = 'desc'] = sortDirs;
  const added = ['created_at', 'id'].filter((key) => !sortKeys.includes(key));
  const order = [...sortKeys, ...added].map((key, index) => ({
    key,
    descending: (sortDirs[index] ?? first) === 'desc',
  }));
  return { limit, marker: params.get('marker') || undefined, order };
}

function limitOf(text: string | null): number {
  if (text === null) return MAX_LIMIT;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw badRequest('Invalid input received: limit must be an integer');
  const limit = Number(text);
  if (limit < 0) throw badRequest('Invalid input received: limit must be >= 0');
  return Math.min(limit, MAX_LIMIT);
}

export const markerNotFound = (marker: string) => badRequest(`Marker ${marker} could not be found.`);

/** Rows in their order, from behind the marker, as many as were asked for. @throws Fault 400 when no row is the marker */
export function pageOf<T extends Row>(rows: readonly T[], { limit, marker, order }: Listing): readonly T[] {
  if (limit === 0) return [];
  const sorted = [...rows].sort((a, b) => {
    for (const { key, descending } of order) {
      const difference = compare(a[key], b[key]);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
  if (marker === undefined) return sorted.slice(0, limit);
  const at = sorted.findIndex(({ id }) => String(id) === marker);
  if (at === -1) throw markerNotFound(marker);
  return sorted.slice(at + 1, at + 1 + limit);
}

/** As MySQL has it: nothing comes before anything. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

const textOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
