import { expect, it } from 'vitest';
import { csv } from '#shared/csv.ts';

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "no"', '"say ""no"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['\tx', "'\tx"],
  ['\r=x', `"'\r=x"`],
  [-1.5, '-1.5'],
  [null, ''],
])('%j is written as %s: what a spreadsheet would run, it shows', (value, written) => {
  expect(csv([['x', value]])).toBe(`x,${written}\r\n`);
});
