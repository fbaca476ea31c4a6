import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { AGENTS } from './ingest.ts';
import { describeWith, missingPrograms } from './program.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const scripts: readonly (readonly [string, string])[] = [AGENTS, HERE].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(folder, entry.name), 'utf8').startsWith('#!'))
    .map(({ name }) => [name, join(folder, name)] as const),
);
const run = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });

describeWith('the handler scripts', missingPrograms('shellcheck', 'dash'), () => {
  it.each(scripts)('%s has nothing that ShellCheck complains of', (_, script) => {
    expect(run('shellcheck', script)).toBe('');
  });

  it.each(scripts.filter(([, script]) => script.startsWith(AGENTS)))('%s is POSIX shell', (_, script) => {
    expect(readFileSync(script, 'utf8')).toMatch(/^#!\/bin\/sh\n/);
    expect(run('dash', '-n', script)).toBe('');
  });
});
