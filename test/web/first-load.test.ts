/** What a browser loads before the first page stands, as it comes over the wire. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildConsole } from '../../web/build.ts';

const MOST_BYTES = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'salvor-console-'));
let made: Metafile['outputs'];
beforeAll(async () => {
  made = (await buildConsole(folder)).outputs;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A script and all that it imports before it runs. */
function loadedWith(output: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(output)) return known;
  known.add(output);
  for (const { path, kind } of made[output]?.imports ?? []) if (kind === 'import-statement') loadedWith(path, known);
  return known;
}

it('is below 300 kB compressed, and the charts are not in it', () => {
  const main = Object.keys(made).find((each) => each.endsWith('/main.js')) ?? '';
  const scripts = [...loadedWith(main)];
  const files = [...scripts, main.replace(/js$/, 'css')].map((each) => resolve(each));
  const bytes = [join(folder, 'index.html'), ...files].reduce(
    (sum, file) => sum + gzipSync(readFileSync(file)).length,
    0,
  );
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
  expect(
    scripts.flatMap((each) => Object.keys(made[each]?.inputs ?? {})).filter((each) => /uPlot.*[.]js$/.test(each)),
  ).toEqual([]);
});

it('has the charts and the replay behind it, for who opens them', () => {
  const later = Object.keys(made)
    .filter((each) => !each.endsWith('.css'))
    .map((each) => basename(each));
  expect(later.filter((each) => /^(trend|replay)-/.test(each))).toHaveLength(2);
});
