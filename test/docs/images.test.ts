/** The pictures of the docs: each is shown by a page, each that is shown is there, and together they stay small. */
import { readdirSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ROOT, readPage } from './markdown.ts';

const IMAGES = new URL('docs/images/', ROOT);
const MAX_BYTES = 1_000_000;

const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const shown = new Set(
  pages.flatMap((page) => [...readPage(page).matchAll(/images\/([\w-]+\.webp)/g)].map(([, name = '']) => name)),
);
const there = readdirSync(IMAGES);

it('every picture that a page shows is there', () => {
  expect(shown.size).toBeGreaterThan(5);
  expect([...shown].filter((name) => !there.includes(name))).toEqual([]);
});

it('together they are below 1 MB', () => {
  expect(there.reduce((bytes, name) => bytes + statSync(new URL(name, IMAGES)).size, 0)).toBeLessThan(MAX_BYTES);
});
