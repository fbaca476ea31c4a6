/** docs/recovery.md is held to the code about single instances and processes. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { reasonOf, ruleOf } from '#shared/domain/instance-recovery/reasons.ts';
import { disableReason, isBySalvor } from '#shared/domain/process-recovery/reason.ts';
import { aPolicy } from '#test/support/builders.ts';
import { anInstanceDown } from '#test/support/instances.ts';
import { codeBlocksOf, listOf, readPage, tableWith } from './markdown.ts';

const page = readPage('docs/recovery.md').split('## Instances and processes\n')[1]?.split('\n## ')[0] ?? '';
const segments = codeBlocksOf(page).filter(({ marks }) => marks.includes('segment'));

it('has examples of both, each of which is a policy', () => {
  const said = segments.map(({ text }) => Object.keys(parse(text)));
  expect(said.flat()).toEqual(expect.arrayContaining(['instanceRecovery', 'processRecovery']));
  for (const { text } of segments) expect(() => aPolicy({}, parse(text))).not.toThrow();
});

describe('the table of reasons', () => {
  const rows = tableWith(page, 'reason');
  const events = rows.flatMap((row) =>
    listOf(row['data.event of instance.down'] ?? '').map((event) => [event, row] as const),
  );

  it('has all of them', () => expect(rows.map(({ reason }) => reason)).toHaveLength(5));

  it.each(events)('%s', (event, { reason, key = '' }) => {
    const said = reasonOf(anInstanceDown(event));
    expect(said ?? '-').toBe(reason);
    if (said === undefined) return;
    const recovery = aPolicy({}, { instanceRecovery: {} }).segments[0]?.instanceRecovery;
    if (recovery === undefined) throw new Error('it was given');
    expect(ruleOf(recovery, said)).toBe(Reflect.get(recovery, key));
  });
});

it('gives the reason by which a host is disabled', () => {
  const [reason = ''] = page.match(/salvor: process NAME down/) ?? [];
  expect(reason).toBe(disableReason(['NAME']));
  expect(isBySalvor(reason)).toBe(true);
});

it('gives the longest time for which Nova’s silence goes unheard', () => {
  const source = readPage('shared/domain/process-recovery/first.ts');
  const [, seconds] = /const LONGEST_SILENCE_SECONDS = (\d+);/.exec(source) ?? [];
  expect(page).toContain(`after ${seconds} s in any case`);
});
