/** docs/safety.json holds what `npm run safety` printed last: of the variants and the worlds that there are. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROFILES } from '#test/model/profiles.ts';
import { results } from '#test/safety/figures.ts';
import { VARIANTS } from '#test/variants/variants.ts';

const figures = results.parse(JSON.parse(readFileSync('docs/safety.json', 'utf8')));
const names = (all: readonly { readonly name: string }[] | undefined) => all?.map(({ name }) => name).sort();

it('the figures of the variants are of all that there are', () => {
  expect(names(figures.variants?.figures)).toEqual(names(VARIANTS));
});

it('the figures of the model are of all worlds that there are', () => {
  expect(names(figures.model?.figures.profiles)).toEqual(names(PROFILES));
});

it('every figure that is asked for is there', () => {
  for (const part of ['simulation', 'model', 'variants', 'soak', 'mutation'] as const)
    expect(figures[part], part).toBeDefined();
});
