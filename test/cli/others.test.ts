/** What operators see of instances and processes: the real commands, on a state folder that salvor has written. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { auditCommand } from '#cli/commands/audit.ts';
import { instancesCommand } from '#cli/commands/instances.ts';
import { processesCommand } from '#cli/commands/processes.ts';
import { replayCommand } from '#cli/commands/replay.ts';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { INSTANCE_ID } from '#test/support/builders.ts';
import type { FakeStore } from '#test/support/fakes.ts';
import { runOthers } from '#test/support/recorded-others.ts';

let stateDir: string;
beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'salvor-others-'));
  const store = openSqliteStore(join(stateDir, STATE_FILE), { now: () => 0 });
  await runOthers({ state: store as unknown as FakeStore });
  store.close();
});
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

async function salvor(...args: readonly string[]): Promise<string> {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const program = new Command('salvor').option('--state-dir <folder>', '', stateDir).exitOverride();
  for (const command of [auditCommand(), instancesCommand(), processesCommand(), replayCommand()])
    program.addCommand(command);
  await program.parseAsync(args, { from: 'user' });
  return printed;
}

it('salvor instances: each incident with why, and where an open one stands', async () => {
  const lines = (await salvor('instances')).trim().split('\n');
  expect(lines[0]).toMatch(/^INCIDENT +INSTANCE +HOST +OPENED +STATE +WHY$/);
  const states = lines.slice(1).map((line) => line.split(/ +/)[4]);
  expect(states).toEqual(['restarted', 'restarted', 'moved', 'held']);
  expect(lines.at(-1)).toContain('task: Nova is at work on it: powering-off');
  expect((await salvor('instances', '--open')).trim().split('\n')).toHaveLength(2);
  expect(JSON.parse(await salvor('instances', '--json')).at(-1)).toMatchObject({ now: { status: 'held' } });
});

it('salvor processes: each host with why', async () => {
  const lines = (await salvor('processes')).trim().split('\n');
  expect(lines.slice(1).map((line) => line.split(/ +/)[3])).toEqual(['recovered', 'disabled']);
  expect(lines.at(-1)).toContain('down: nova-compute');
});

it('salvor audit: all of an instance, or of the processes of a host', async () => {
  const ofInstance = await salvor('audit', INSTANCE_ID);
  expect(ofInstance).toContain(`instance ${INSTANCE_ID}\n`);
  for (const fact of ['instance-reported', 'instance-request-intended', 'instance-request-found', 'outcome=moved'])
    expect(ofInstance).toContain(fact);
  expect(ofInstance).toContain('1 hash chain is whole');
  expect(await salvor('audit', 'compute-1')).toContain('processes of compute-1');
  expect(await salvor('audit', 'verify')).toMatch(/1 instances and the processes of 1 hosts: whole/);
  expect(process.exitCode).toBe(0);
});

it('salvor replay: all is decided the same', async () => {
  expect(await salvor('replay', INSTANCE_ID.slice(0, 20))).toMatch(/ 0 different, 0 that can not be made again/);
  expect(await salvor('replay', 'compute-1')).toMatch(/ 0 different, 0 that can not be made again/);
});
