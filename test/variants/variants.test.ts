import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VARIANTS } from './variants.ts';

describe('the broken variants', () => {
  it.each(VARIANTS.map(({ name, patches }) => [name, patches] as const))(
    '%s can be made of the source',
    (_, patches) => {
      for (const { file, find } of patches) {
        const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
        expect(source.split(find), `${file} holds "${find}" once`).toHaveLength(2);
      }
    },
  );

  it('are broken in the shell, the state or the adapters as well as in the domain', () => {
    expect(VARIANTS.length).toBeGreaterThanOrEqual(15);
    expect(VARIANTS.filter(({ room }) => room !== 'domain').length).toBeGreaterThanOrEqual(5);
  });
});
