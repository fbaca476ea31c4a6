/** docs/api.md: its policies are policies, its roles and limits those of the code. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { PER_MINUTE } from '#shared/api/limits.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { NEEDS, ROLES } from '#shared/domain/roles.ts';
import { codeBlocksOf, listOf, readPage, tableWith } from './markdown.ts';

const page = readPage('docs/api.md');

it.each(codeBlocksOf(page).filter(({ marks }) => marks.includes('policy')))(
  'its example is a policy: %#',
  ({ text }) => {
    expect(policySchema.safeParse(parse(text)).error).toBeUndefined();
  },
);

it('says of each role which commands it adds', () => {
  const rows = tableWith(page, 'commands');
  expect(rows.map(({ role }) => role)).toEqual(ROLES);
  for (const { role, commands = '' } of rows) {
    const needed = Object.entries(NEEDS).flatMap(([command, needs]) => (needs === role ? [command] : []));
    expect([...listOf(commands)].sort()).toEqual(needed.length === 0 ? ['none'] : needed.sort());
  }
});

it('says each limit', () => {
  const said = tableWith(page, 'in a minute').map((row) => [row.limit, Number(row['in a minute'])]);
  expect(Object.fromEntries(said)).toEqual(PER_MINUTE);
});
