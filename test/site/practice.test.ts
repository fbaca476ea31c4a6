/** The cloud for learners, as docs/try.md has it: two programs, a host that is killed by a line, and its instances elsewhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { environment, SALVOR, salvor, startSalvor } from './salvor-process.ts';

it('salvor practice: salvor up runs against it, and recovers what is killed there', { timeout: 240_000 }, async () => {
  const path = mkdtempSync(join(tmpdir(), 'salvor-practice-'));
  const folder = { path, write: () => undefined };
  const cloud = spawn(process.execPath, [SALVOR, 'practice', '.', '--grace', '1', '--evacuation', '1'], {
    cwd: path,
    env: environment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: cloud.stdout })[Symbol.asyncIterator]();
  const said = async (pattern: RegExp) => {
    for (;;) {
      const { value = '', done } = await lines.next();
      if (done === true) throw new Error(`salvor practice ended before it said ${pattern}`);
      if (pattern.test(value)) return;
    }
  };
  try {
    await said(/^here, type: kill HOST/);
    expect(await salvor(folder, 'policy', 'check', 'policy.yaml')).toMatchObject({ code: 0 });
    const running = await startSalvor(folder);
    cloud.stdin.write('kill compute-9\nkill compute-1\n');
    await said(/^there is no host compute-9$/);
    await said(/^compute-1: nova-compute is gone/);
    await expect
      .poll(async () => (await salvor(folder, 'incidents')).stdout, { timeout: 180_000, interval: 2000 })
      .toMatch(/compute-1 .* recovered /);
    cloud.stdin.write('list\n');
    await said(/^compute-1: power off, nova-compute is gone, 0 instances$/);
    await running.kill('SIGTERM');
  } finally {
    cloud.kill('SIGTERM');
    await once(cloud, 'exit');
  }
});

it('leaves files alone that a practice has not written', { timeout: 60_000 }, async () => {
  const path = mkdtempSync(join(tmpdir(), 'salvor-practice-'));
  writeFileSync(join(path, 'policy.yaml'), 'version: 1\n');
  const folder = { path, write: () => undefined };
  expect(await salvor(folder, 'practice', '.')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/policy\.yaml is none of a practice/),
  });
});
