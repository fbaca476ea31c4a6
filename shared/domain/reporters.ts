import { fits } from '#shared/pattern.ts';
import type { Policy } from './policy.ts';

/** Reporters that say the same for the same reason: two names of one source are one. */
export interface Source {
  readonly name: string;
  readonly reporters: readonly string[];
}

type Groups = Policy['reporterGroups'];

/** The reporters by their sources, in the order of the sources' names. */
export function sourcesOf(reporters: readonly string[], groups: Groups): readonly Source[] {
  const sources = new Map<string, string[]>();
  for (const reporter of [...reporters].sort()) {
    const name = sourceOf(reporter, groups);
    sources.set(name, [...(sources.get(name) ?? []), reporter]);
  }
  // Stryker disable next-line EqualityOperator: no two sources have one name
  return [...sources].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, all]) => ({ name, reporters: all }));
}

/** The policy's first group that fits; else the address without its query, its fragment and a slash at its end. */
export function sourceOf(reporter: string, groups: Groups): string {
  for (const [name, patterns] of Object.entries(groups ?? {}))
    if (patterns.some((pattern) => fits(reporter, pattern))) return name;
  return reporter.replace(/[?#].*/s, '').replace(/(.)\/+$/, '$1') || reporter;
}

/** `consul (/agents/consul/a, /agents/consul/b count as one)`, or the name of the one. */
export const sourceInWords = ({ name, reporters }: Source): string =>
  reporters.length > 1
    ? `${name} (${reporters.join(', ')} count as one)`
    : reporters[0] === name
      ? name
      : `${name} (${reporters[0]})`;
