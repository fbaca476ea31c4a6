/** docs/fencing.md: a row for each driver, configurations that are policies, and a webhook that works. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { webhookDevice } from '#shared/adapters/fencing/webhook/device.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { levelsOf } from '#shared/domain/policy-devices.ts';
import { safeTime } from '#shared/domain/watchdog.ts';
import { aSegment } from '#test/support/builders.ts';
import { freePort } from '../agents/free-port.ts';
import { codeBlocksOf, ROOT, readPage, tablesOf, tableWith } from './markdown.ts';

const page = readPage('docs/fencing.md');
const ways = tableWith(page, 'what proves death');
/** What is left where no device answers has none. */
const rows = ways.filter(({ driver }) => driver !== '-');
const configurations = codeBlocksOf(page).filter(
  ({ marks, text }) => marks.includes('policy') && text.startsWith('fenceDevices:'),
);

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('the table of devices', () => {
  it('has a row for each driver of the policy, and its section', () => {
    const drivers = tablesOf(readPage('docs/policy.md')).flatMap((table) =>
      table.filter(({ key }) => key === 'driver').map(({ limits = '' }) => limits),
    );
    expect(rows.map(({ driver }) => driver).sort()).toEqual([...drivers].sort());
  });

  it('has a row for each proof without a device', () => {
    const without = ways.filter(({ driver }) => driver === '-').map(({ device }) => device?.split(',')[0]);
    expect(without).toEqual(['[a watchdog](#watchdog)', '[people](#people-confirm-off)']);
  });

  it('names tests and plays that are there', () => {
    const plays = ways.flatMap((row) => [
      ...(row['tested against'] ?? '').matchAll(/(?<=plays? |and )fencing\/[a-z-]+/g),
    ]);
    expect(plays.length).toBeGreaterThan(2);
    for (const [play] of plays)
      expect([play, existsSync(new URL(`test/scenarios/${play}/play.yaml`, ROOT))]).toEqual([play, true]);
    for (const row of ways)
      for (const [path] of (row['tested against'] ?? '').matchAll(/test\/\S+\.ts/g))
        expect({ path, exists: existsSync(new URL(path, ROOT)) }).toEqual({ path, exists: true });
  });
});

describe('a configuration', () => {
  const policyOf = (text: string) =>
    policySchema.parse({ version: 1, segments: [{ name: 'a', hosts: { availabilityZone: 'nova' } }], ...parse(text) });

  it.each(configurations)('is a policy, in five lines at most: %#', ({ text }) => {
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(5);
    policyOf(text);
  });

  it('is there for each driver', () => {
    const shown = configurations.flatMap(({ text }) =>
      Object.values(policyOf(text).fenceDevices).flatMap((entry) => levelsOf(entry).flat()),
    );
    expect(new Set(shown.map(({ driver }) => driver))).toEqual(new Set(rows.map(({ driver }) => driver)));
  });
});

/** Durations of the code that no policy changes: where each is set, and the words with which the page gives it. */
const DURATIONS: readonly (readonly [file: string, constant: string, words: (seconds: number) => string])[] = [
  ['shell/power-off.ts', 'READ_BACK_MS', (s) => `After each request the level is read for ${s} s`],
  ['shell/fence-ladder.ts', 'READ_AGAIN_MS', (s) => `fits into its first ${s} s`],
  ['shell/ask-slow-agent.ts', 'WAIT_MS', (s) => `No function waits for that. It waits for ${s} s`],
  ['domain/slow-agents.ts', 'BEGUN_WITHIN_MS', (s) => `It is begun within ${s} s or not at all`],
  ['shell/ask-slow-agent.ts', 'KEPT_MS', (s) => `which is kept for ${s} s`],
  ['domain/fence-failed.ts', 'ANSWER_LOOK_MS', (s) => `next step, ${s} s later or sooner`],
];

it.each([60, 240])('gives the safe time of a watchdog of %d s, and the outage that it withstands', (timeoutSeconds) => {
  const { watchdog } = aSegment({ fencing: { watchdog: { maxTimeoutSeconds: 240 } } }).fencing;
  if (watchdog === undefined) throw new Error('it was given');
  const lease = { host: 'a', hostKey: 'a', grantedAtMs: 0, identity: 'iTCO_wdt', armed: true, revokedBy: null };
  const atSeconds = safeTime({ ...lease, timeoutSeconds }, watchdog).atMs / 1000;
  const pauseSeconds = Math.min(timeoutSeconds / 4, 10);
  const [, callSeconds] = /timeout=(\d+)$/m.exec(readPage('agents/salvor-send')) ?? [];
  const flat = page.replaceAll('\n', ' ');
  expect(flat.match(/(?:that is|later proof,) \d+ s/g)?.join()).toContain(` ${atSeconds} s`);
  expect(flat.includes(`${timeoutSeconds - 2 * pauseSeconds - Number(callSeconds)} s of ${timeoutSeconds}`)).toBe(true);
});

it.each(DURATIONS)('gives the duration of %s, %s', (file, constant, words) => {
  const set = new RegExp(`const ${constant} = ([\\d_]+);`).exec(readPage(`shared/${file}`))?.[1] ?? 'not set';
  expect(page.replaceAll('\n  ', ' ').replaceAll('\n', ' ')).toContain(words(Number(set.replaceAll('_', '')) / 1000));
});

it('the receiver of the page answers salvor, for a key that it has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-receiver-'));
  const [receiver] = codeBlocksOf(page).filter(({ marks }) => marks.includes('receiver'));
  writeFileSync(join(folder, 'receiver.mjs'), receiver?.text ?? '');
  writeFileSync(join(folder, 'compute-1'), 'on');
  const command = '#!/bin/sh\n[ "$1" = status ] || printf "$1" >"$2"\ncat "$2"\n';
  writeFileSync(join(folder, 'power'), command, { mode: 0o755 });
  const [key, port] = ['k'.repeat(32), await freePort()];
  const env = { ...process.env, KEY: key, PORT: String(port), ADDRESS: '127.0.0.1' };
  const child = spawn(process.execPath, ['receiver.mjs'], { cwd: folder, env, stdio: 'ignore' });
  closers.push(() => {
    child.kill();
    rmSync(folder, { recursive: true });
  });
  await once(child, 'spawn');
  const device = (...keys: readonly [string, ...string[]]) =>
    webhookDevice({
      url: new URL(`http://127.0.0.1:${port}`),
      host: 'compute-1',
      keys,
      version: '0',
      timeoutSeconds: 5,
    });
  await expect.poll(async () => (await device(key).readPower()).power, { timeout: 20_000 }).toBe('on');
  expect(await device('x'.repeat(32)).powerOff(null)).toMatchObject({ kind: 'refused' });
  expect(readFileSync(join(folder, 'compute-1'), 'utf8')).toBe('on');
  expect(await device('n'.repeat(32), key).powerOff(null)).toMatchObject({ kind: 'accepted' });
  expect((await device(key).readPower()).power).toBe('off');
  expect(readFileSync(join(folder, 'compute-1'), 'utf8')).toBe('off');
  expect(await device(key).powerOn(null)).toMatchObject({ kind: 'accepted' });
  expect(readFileSync(join(folder, 'compute-1'), 'utf8')).toBe('on');
});
