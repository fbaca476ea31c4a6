/** Links of the docs lead somewhere, decisions have their four parts, and the catalogue is told in full. */
import { existsSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QUEUES, SCHEDULES } from '#events/catalog.ts';
import { namedIn, ROOT, readPage, tableWith, withoutBlocks } from './markdown.ts';

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(new URL(`${folder}/`, ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort();

const decisions = markdownIn('docs/decisions');
const pages = ['README.md', 'infra/RUNBOOK.md', 'events/README.md', ...markdownIn('docs'), ...decisions];

/** As GitHub makes anchors of headings. */
const anchorsOf = (path: string): readonly string[] =>
  [...withoutBlocks(readPage(path)).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

interface Link {
  readonly page: string;
  readonly target: string;
}
const links = pages.flatMap((page): Link[] =>
  [...withoutBlocks(readPage(page)).matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => ({ page, target })),
);

it.each(links.filter(({ target }) => !target.startsWith('http')))('$page links to $target', ({ page, target }) => {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : posix.join(posix.dirname(page), file);
  expect(existsSync(new URL(path, ROOT))).toBe(true);
  if (anchor !== undefined) expect(anchorsOf(path)).toContain(anchor);
});

const linked = links.filter(({ page }) => page === 'docs/README.md').map(({ target }) => posix.join('docs', target));

it('links to every page and decision from docs/README.md', () => {
  expect(pages.filter((page) => !['README.md', 'docs/README.md'].includes(page) && !linked.includes(page))).toEqual([]);
});

it('leads a newcomer through the steps in the order of docs/README.md, each to the next', () => {
  const steps = [1, 2, 3, 4, 5, 6, 7].map((step) =>
    linked.filter((page) => page.startsWith('docs/') && readPage(page).includes(`\n*Step ${step} of [7](README.md).`)),
  );
  expect(steps.map((of) => of.length)).toEqual([1, 2, 1, 1, 1, 1, 1]);
  expect(linked.filter((page) => steps.flat().includes(page))).toEqual(steps.flat());
  for (const [index, of] of steps.slice(0, -1).entries())
    for (const page of of) {
      const [, next = ''] = /\*Step .* Next: \[.*\]\((.*)\)\.\*/.exec(readPage(page)) ?? [];
      expect(steps[index + 1]).toContain(posix.join('docs', next));
    }
});

describe('decisions', () => {
  it('are numbered without a gap', () => {
    const numbers = decisions.map((path) => posix.basename(path).slice(0, 4));
    expect(numbers).toEqual(decisions.map((_, index) => String(index + 1).padStart(4, '0')));
  });

  it.each(decisions)('%s has status, context, options and decision', (path) => {
    const text = readPage(path);
    expect(text).toMatch(new RegExp(`^# ${posix.basename(path).slice(0, 4)} \\S`));
    expect(text).toMatch(/^\*\*Status:\*\* (accepted|superseded by \d{4}), \d{4}-\d{2}-\d{2}$/m);
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(['Context', 'Options', 'Decision']);
  });
});

describe('events/README.md', () => {
  const rows = tableWith(readPage('events/README.md'), 'read by');

  it('has a row for each queue, with its function', () => {
    const said = rows.map((row) => [row.queue, row['read by']]);
    expect(said.sort()).toEqual(
      Object.entries(QUEUES)
        .map(([name, spec]) => [name, spec.function])
        .sort(),
    );
  });

  it('names each function that runs by the clock', () => {
    for (const { function: name } of Object.values(SCHEDULES))
      expect(namedIn(readPage('events/README.md'))).toContain(name);
  });
});
