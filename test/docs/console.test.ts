/** docs/console-reference.md tells each sign, and who may what, as the console and the API have it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PHASE, STEPS, TILE } from '../../web/src/words.ts';

const page = readFileSync('docs/console-reference.md', 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

describe('the page of the console', () => {
  it.each(Object.entries(TILE))('tells the sign of a host that is %s', (state, { sign }) => {
    expect(rows.some((row) => row.startsWith(`| ${sign} | ${state} | `))).toBe(true);
  });

  it.each(Object.entries(PHASE))('tells the sign of an instance that is %s', (phase, { sign }) => {
    expect(
      rows.some((row) => row.startsWith(`| ${sign} |`) && row.split(/[|,]/).some((cell) => cell.trim() === phase)),
    ).toBe(true);
  });

  it('names no state that there is not', () => {
    const told = rows.filter((row) => row.split('|').length === 5).map((row) => row.split('|')[2]?.trim() ?? '');
    expect(told.filter((state) => state !== 'state' && state !== '---').sort()).toEqual(Object.keys(TILE).sort());
  });

  it('names the way of an incident', () => {
    expect(page.replaceAll('\n', ' ')).toContain(`(${STEPS.join(', ').toLowerCase()})`);
  });
});
