import { expect, it } from 'vitest';
import { runProgram } from '#infra/fence-worker/run-program.ts';
import { PATIENCE } from '../embedded/support.ts';

const sh = (script: string, input = '', limitMs = 10_000) =>
  runProgram({ file: '/bin/sh', args: ['-c', script], input, limitMs });
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('gives its input to a program, and tells what it says and how it ends', async () => {
  expect(await sh('cat; echo bad >&2; exit 3', 'a=1\nb=2\n')).toEqual({
    code: 3,
    cutOff: false,
    stdout: 'a=1\nb=2\n',
    stderr: 'bad\n',
    durationMs: expect.any(Number),
  });
});

it('lets it see nothing of its own environment', async () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'geheim';
  const { stdout } = await sh('env');
  delete process.env.AWS_SECRET_ACCESS_KEY;
  expect(stdout).not.toContain('geheim');
  expect(stdout).toContain('PATH=');
});

it('kills it at its limit, with all that it has started', async () => {
  const { code, cutOff, stdout, durationMs } = await sh('sleep 300 & echo $!; wait', '', 300);
  expect({ code, cutOff }).toEqual({ code: null, cutOff: true });
  expect(durationMs).toBeLessThan(5_000);
  expect(Number(stdout)).toBeGreaterThan(1);
  await expect.poll(() => lives(Number(stdout)), PATIENCE).toBe(false);
});

it('ends what a program has left behind, and does not wait for it', async () => {
  const { code, stdout, durationMs } = await sh('sleep 300 & echo $!');
  expect(code).toBe(0);
  expect(durationMs).toBeLessThan(5_000);
  await expect.poll(() => lives(Number(stdout)), PATIENCE).toBe(false);
});

it('does not wait for what has left the process group with its outputs', async () => {
  const { code, stdout, durationMs } = await sh('setsid sleep 300 & sleep 0.3; echo $!');
  process.kill(Number(stdout));
  expect(code).toBe(0);
  expect(durationMs).toBeLessThan(5_000);
});

it('keeps the end of what it says', async () => {
  const { stdout } = await sh('i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done');
  expect(stdout.length).toBeLessThanOrEqual(32_768);
  expect(stdout).toMatch(/line 19999\n$/);
});

it('says that a program is not there, and takes one that reads nothing', async () => {
  expect(await runProgram({ file: '/nowhere', args: [], input: 'x', limitMs: 1000 })).toMatchObject({
    code: null,
    notBegun: expect.stringContaining('ENOENT'),
  });
  expect((await sh('exec 0<&-; exit 0', 'x'.repeat(1_000_000))).code).toBe(0);
});
