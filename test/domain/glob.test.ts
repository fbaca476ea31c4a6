import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsGlob } from '#shared/domain/glob.ts';

describe('a pattern', () => {
  it.each([
    ['web-1', 'web-1', true],
    ['web-1', 'web-2', false],
    ['web-1', 'web', false],
    ['web', 'web-1', false],
    ['web-1', '*', true],
    ['', '*', true],
    ['', '', true],
    ['web', '', false],
    ['', '?', false],
    ['web-1', 'web-?', true],
    ['web-', 'web-?', false],
    ['web-12', 'web-?', false],
    ['web-1', '*-1', true],
    ['web-1-1', '*-1', true],
    ['web-1-2', '*-1', false],
    ['a-b-c', 'a*b*c', true],
    ['a-b-c', 'a*c*b', false],
    ['aab', 'a*ab', true],
    ['web-1', 'web-1*', true],
    ['web.1', 'web?1', true],
    ['Web-1', 'web-*', false],
  ])('fits %j: %j is %s', (text, pattern, fits) => {
    expect(fitsGlob(text, pattern)).toBe(fits);
  });

  it('says what a regular expression would say', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), short, (text, pattern) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(fitsGlob(text, pattern)).toBe(expression.test(text));
      }),
    );
  });

  it('with many stars takes no time', () => {
    expect(fitsGlob('a'.repeat(255), `${'a*'.repeat(100)}b`)).toBe(false);
  });
});
