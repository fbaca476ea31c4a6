/** What docs/fencing.md says of IPMI. */
import { afterEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policySchema } from '#shared/domain/policy.ts';
import { benches } from '../adapters/ipmi/bench.ts';
import { codeBlocksOf, listOf, readPage, tablesOf } from './markdown.ts';

const section = /^## IPMI\n[\s\S]*?(?=^## |(?![\s\S]))/m.exec(readPage('docs/fencing.md'))?.[0] ?? '';

const { start, closeAll } = benches();
afterEach(closeAll);

it('has an example that is a part of a policy', () => {
  const [example] = codeBlocksOf(section);
  const policy = { version: 1, segments: [{ name: 'nova', hosts: { availabilityZone: 'nova' } }] };
  const { data } = policySchema.safeParse({ ...policy, ...parse(example?.text ?? '') });
  expect(Object.keys(data?.fenceDevices ?? {})).toEqual(['*', 'compute-7']);
});

const rows = (tablesOf(section)[0] ?? []).flatMap((row) =>
  listOf(row.answer ?? '').map(
    (code) => [code, row['while the power is'] ?? '', row['the power-off is'] ?? ''] as const,
  ),
);

it('says what an answer means', () => {
  expect(rows.length).toBeGreaterThan(10);
});

it.each(rows)('%s while the power is %s: %s', async (code, power, kind) => {
  const { device, host } = await start(code === '0x00' ? {} : { controlCode: Number(code) });
  host.power = power === 'off' ? 'off' : 'on';
  expect((await device().powerOff(null)).kind).toBe(kind);
});

const EXCHANGED: Readonly<Record<string, 'on' | 'off'>> = { on: 'off', off: 'on' };
it.each(rows)('%s while the power is the other way round, of a power-on: not %s, and %s', async (code, power, kind) => {
  const { device, host } = await start(code === '0x00' ? {} : { controlCode: Number(code) });
  host.power = EXCHANGED[power] ?? 'off';
  expect((await device().powerOn(null)).kind).toBe(kind);
});
