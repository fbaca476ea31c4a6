import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe } from 'vitest';

/** A set of tests that needs programs of this machine: skipped with one line without them; with CI=true that fails. */
export function describeWith(title: string, missing: string | undefined, tests: () => void): void {
  if (missing !== undefined && process.env.CI === 'true')
    throw new Error(`${title}: ${missing}; test/agents/install.sh installs it`);
  if (missing !== undefined) process.stderr.write(`Skipped, ${title}: ${missing}\n`);
  describe.skipIf(missing !== undefined)(title, tests);
}

/** What is not there of these programs, in words; undefined when all are. */
export function missingPrograms(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => !isThere(name));
  return missing.length === 0 ? undefined : `there is no ${missing.join(', ')}`;
}

function isThere(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v "$1"`, 'sh', name], { stdio: 'ignore', env: withSbin() });
    return true;
  } catch {
    return false;
  }
}

/** Debian's daemons are in folders that only root has in its path. */
export const withSbin = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` });

export interface Running {
  readonly process: ChildProcess;
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

/** A daemon in the foreground, until it is stopped. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = withSbin()): Running {
  const child = spawn(command, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      written = `${written}${chunk}`.slice(-20_000);
    });
  return {
    process: child,
    output: () => written,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(hard);
    },
  };
}
