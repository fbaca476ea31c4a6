/** docs/from-masakari.md is held to what the tests run, and to what the API says. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policySchema } from '#shared/domain/policy.ts';
import { codeBlocksOf, readPage, tablesOf, tableWith } from './markdown.ts';

const page = readPage('docs/from-masakari.md');

it.each(codeBlocksOf(page).filter(({ marks }) => marks.includes('policy')))(
  'its example is a policy: %#',
  ({ text }) => {
    expect(policySchema.safeParse(parse(text)).error).toBeUndefined();
  },
);

describe('what works unchanged', () => {
  const rows = tableWith(page, 'program');

  it('names the versions that the tests install', () => {
    const pins = readPage('test/openstack/masakari/constraints.txt').split('\n');
    for (const { version = '' } of rows) expect(pins).toContain(version.replace(' ', '=='));
  });

  it('has a row for each monitor that the tests run', () => {
    const monitors = readPage('test/openstack/masakari.test.ts').match(/it\('masakari-\w+/g) ?? [];
    const named = rows.map(({ program = '' }) => program.split(/[ ,]/)[0]);
    expect(monitors.map((each) => each.slice("it('".length))).toEqual(
      named.filter((name) => name?.endsWith('monitor')),
    );
  });
});

describe('what is shown', () => {
  const statesIn = (path: string, type: RegExp) =>
    [...(type.exec(readPage(path))?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, state]) => state);
  const rowsOf = (title: string) => tablesOf(page).find(([row]) => row !== undefined && title in row) ?? [];

  it('has a row for each status of a notification', () => {
    const states = statesIn('shared/ingest/masakari/outcome.ts', /readonly status: (.+);/);
    expect(rowsOf('status').map(({ status }) => status)).toHaveLength(states.length);
    expect(new Set(rowsOf('status').map(({ status }) => status))).toEqual(new Set(states));
  });

  it('has a row for each status of a vmove', () => {
    const states = statesIn('shared/ingest/masakari/vmoves.ts', /function statusOf\(.+\): (.+) \{/);
    expect(rowsOf('vmove').map(({ vmove }) => vmove)).toEqual(states);
  });
});
