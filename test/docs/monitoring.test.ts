/** docs/monitoring.md names each metric, each kind of notice and each channel as the code has them. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { policySchema } from '#shared/domain/policy.ts';
import { noticeKind, notify } from '#shared/domain/policy-notify.ts';
import { METRICS } from '#shared/metrics/definitions.ts';
import { codeBlocksOf, readPage, tableWith } from './markdown.ts';

const page = readPage('docs/monitoring.md');

it('has a row for each metric', () => {
  const rows = tableWith(page, 'metric').map(({ metric = '', type, labels, what }) => [
    metric,
    { type, help: what, labels },
  ]);
  const defined = Object.entries(METRICS).map(([name, { type, help, labels }]) => [
    name,
    { type, help, labels: labels.length === 0 ? '-' : labels.join(', ') },
  ]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(defined));
});

it('says when each kind of notice is told', () => {
  expect(tableWith(page, 'kind').map(({ kind }) => kind)).toEqual(noticeKind.options);
});

const types = Object.keys(
  Object.fromEntries(
    [...JSON.stringify(z.toJSONSchema(notify, { io: 'input' })).matchAll(/"const":"(\w+)"/g)].map(([, type]) => [
      type,
      true,
    ]),
  ),
);

describe('channels', () => {
  it('are all there, with their secrets', () => {
    expect(types).toContain('pagerduty');
    const rows = tableWith(page, 'fields of its secret');
    expect(rows.map(({ type }) => type).sort()).toEqual([...types].sort());
  });

  it('are all in the example', () => {
    const example = codeBlocksOf(page).find(({ marks }) => marks.includes('policy'))?.text ?? '';
    const policy = policySchema.parse(parse(example));
    expect(
      Object.values(policy.notify?.channels ?? {})
        .map(({ type }) => type)
        .sort(),
    ).toEqual([...types].sort());
  });

  it('are all in docs/policy.md, with their keys', () => {
    const rows = tableWith(readPage('docs/policy.md'), 'other keys');
    expect(rows.map(({ type }) => type).sort()).toEqual([...types].sort());
  });
});
