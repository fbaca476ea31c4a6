import { expect, it } from 'vitest';
import { referenceText } from '#cli/manual/reference.ts';
import { salvorProgram } from '#cli/program.ts';
import { readPage } from './markdown.ts';

it('docs/cli.md is what the commands say of themselves: "npm run docs:cli" writes it anew', () => {
  expect(readPage('docs/cli.md')).toBe(referenceText(salvorProgram()));
});
