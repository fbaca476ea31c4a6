import { expect, it } from 'vitest';
import { shareOf } from './share.ts';

it('shares a list out, each element once', () => {
  const list = ['a', 'b', 'c', 'd', 'e'];
  expect([1, 2, 3].map((which) => shareOf(list, `${which}/3`))).toEqual([['a', 'd'], ['b', 'e'], ['c']]);
  expect(shareOf(list, '1/1')).toEqual(list);
});

it.each(['0/2', '3/2', '1', '', 'a/b'])('"%s" is no share', (share) => {
  expect(() => shareOf([], share)).toThrow('is no share');
});
