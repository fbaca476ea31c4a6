import { canonical } from './audit.ts';
import type { Policy } from './policy.ts';
import { type Meaning, meaningOf } from './policy-diff-words.ts';

/** One thing in which two policies differ. */
export interface PolicyChange extends Meaning {
  /** Segments by their names: `segments.az1.graceSeconds`. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** As a person would write it; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What changes when one policy takes the place of another, defaults included, in the order of the keys. */
export function policyChanges(before: Policy, after: Policy): readonly PolicyChange[] {
  return [...differing(byName(before), byName(after), [])];
}

/** Segments are told apart by their names, whatever their order. */
const byName = ({ segments, ...rest }: Policy): Tree => ({
  segments: Object.fromEntries(segments.map(({ name, ...segment }) => [name, segment])),
  ...rest,
});

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whose parts have names that somebody chose: one that comes or goes is told as a whole. */
const NAMED = new Set(['segments', 'fenceDevices', 'fenceNetworks', 'reporters', 'reporterGroups', 'access.people']);

function* differing(before: unknown, after: unknown, path: readonly string[]): Generator<PolicyChange> {
  if (before === after) return;
  const isWhole = path.length > 0 && NAMED.has(path.slice(0, -1).join('.'));
  if (isTree(before) && isTree(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* differing(before[key], after[key], [...path, key]);
    return;
  }
  // A part that was never there, such as `access`, is told by what it holds.
  if (!isWhole && (before === undefined || after === undefined) && isTree(before ?? after)) {
    yield* differing(before ?? {}, after ?? {}, path);
    return;
  }
  if (canonical(ordered(before) ?? null) === canonical(ordered(after) ?? null)) return;
  yield {
    path: path.join('.'),
    kind: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    before: before === undefined ? null : asText(before),
    after: after === undefined ? null : asText(after),
    ...meaningOf(path, before, after),
  };
}

/** Lists of names mean the same in any order. */
const ordered = (value: unknown): unknown =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? value.toSorted() : value;

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(asText).join(', ');
  if (!isTree(value)) return String(value);
  return Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => (isTree(each) || Array.isArray(each) ? `${key} { ${asText(each)} }` : `${key} ${each}`))
    .join(', ');
}
