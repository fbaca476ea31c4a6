/** docs/recovery.md: its examples are policies, and its tables say what the code says. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policySchema } from '#shared/domain/policy.ts';
import { aSegment } from '#test/support/builders.ts';
import { codeBlocksOf, readPage, tableWith } from './markdown.ts';

const page = readPage('docs/recovery.md');
const examples = codeBlocksOf(page).filter(({ marks }) => marks.includes('segment'));

it.each(examples.map(({ text }) => [text] as const))('is a part of a segment: %s', (text) => {
  const segment = { name: 'nova', hosts: { availabilityZone: 'nova' }, ...parse(text) };
  expect(policySchema.safeParse({ version: 1, segments: [segment], fenceDevices: {} }).error).toBeUndefined();
});

it('has an example for each part', () => {
  const parts = new Set(examples.flatMap(({ text }) => Object.keys(parse(text))));
  expect([...parts].sort()).toEqual([
    ...['destinations', 'instanceRecovery', 'instances', 'order', 'processRecovery', 'reporters'],
  ]);
});

describe('its tables', () => {
  it('list what is excluded unless the policy says otherwise', () => {
    const told = tableWith(page, 'excluded since').map((row) => [row.entry, row['excluded since']]);
    const listed = aSegment().instances.exclude.map(({ because, ...entry }) => [
      Object.entries(entry)[0]?.join(' '),
      because,
    ]);
    expect(told).toEqual(listed);
  });

  it('have the keys that the order is read from', () => {
    const { order } = aSegment();
    for (const [key, value] of Object.entries(order).filter(([key]) => key.endsWith('Key')))
      expect(tableWith(page, 'says').find((row) => row.key === `order.${key}`)?.['unless given']).toContain(value);
  });
});
