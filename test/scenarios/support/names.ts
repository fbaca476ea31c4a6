import * as z from 'zod';

const RANGE = /^(.*-)(\d+)\.\.(\d+)$/;

/** `web-1..3` stands for web-1, web-2 and web-3. */
function spread(name: string): readonly string[] {
  const [, prefix = '', first, last] = RANGE.exec(name) ?? [];
  if (first === undefined) return [name];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${prefix}${Number(first) + index}`);
}

/** One name or several, with ranges. */
export const names = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((given): readonly string[] => [given].flat().flatMap(spread));

const natural = new Intl.Collator('en', { numeric: true });

/** compute-2 before compute-10. */
export const byName = (a: string, b: string): number => natural.compare(a, b);

/** In words: `web-1 to web-3, web-9`. */
export function inWords(given: Iterable<string>): string {
  const runs: { readonly first: string; readonly prefix: string; last: string; next: number; count: number }[] = [];
  for (const name of [...new Set(given)].sort(byName)) {
    const [, prefix = name, digits = '-1'] = /^(.*-)(\d+)$/.exec(name) ?? [];
    const number = Number(digits);
    const run = runs.at(-1);
    if (run?.prefix === prefix && run.next === number) {
      run.last = name;
      run.next += 1;
      run.count += 1;
    } else runs.push({ first: name, last: name, prefix, next: number + 1, count: 1 });
  }
  return runs
    .flatMap(({ first, last, count }) => (count > 2 ? [`${first} to ${last}`] : count === 2 ? [first, last] : [first]))
    .join(', ');
}
