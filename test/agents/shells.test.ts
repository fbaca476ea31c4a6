/** What `salvor completion` prints, in the shells that it is for: somebody types a part of a command, and Tab. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SALVOR } from '../site/salvor-process.ts';
import { describeWith, missingPrograms } from './program.ts';

const ran = promisify(execFile);

let folder: string;
const env = () => ({ ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' });
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'salvor-shells-'));
  const program = join(folder, 'salvor');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${SALVOR}" "$@"\n`);
  chmodSync(program, 0o755);
  for (const [shell, file] of [
    ['bash', 'salvor.bash'],
    ['zsh', '_salvor'],
    ['fish', 'salvor.fish'],
  ] as const)
    writeFileSync(join(folder, file), (await ran(program, ['completion', shell])).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

describeWith('fish', missingPrograms('fish'), () => {
  const completed = async (typed: string) =>
    (
      await ran('fish', ['--no-config', '-c', `source ${folder}/salvor.fish; complete -C "${typed}"`], { env: env() })
    ).stdout
      .split('\n')
      .filter((line) => line !== '');

  it('completes a command, and says what it is for', async () => {
    expect(await completed('salvor statu')).toEqual([expect.stringMatching(/^status\t.*what needs a person/)]);
  });

  it('completes the options of a command', async () => {
    expect(await completed('salvor explain --js')).toEqual([expect.stringMatching(/^--json\t/)]);
  });
});

describeWith('zsh', missingPrograms('zsh'), () => {
  /** On a terminal of its own, with the completion in a folder of fpath: what stands on the line behind Tab. */
  const line = async (typed: string, wanted: string) => {
    const script = `
      zmodload zsh/zpty
      zpty z zsh -f -i
      zpty -w z "PS1='' PS2=''; fpath=(${folder} \\$fpath); autoload -Uz compinit; compinit -u -D; print RE''ADY"
      zpty -r -m z line '*READY*'
      zpty -n -w z ${JSON.stringify(typed)}$'\\t'
      line=
      for i in {1..300}; do zpty -rt z part && line+=$part; [[ $line == *${JSON.stringify(wanted)}* ]] && break; sleep .1; done
      print -r -- "$line"
      zpty -d z`;
    return (await ran('zsh', ['-f', '-c', script], { env: env(), timeout: 60_000 })).stdout;
  };

  it('completes a command', async () => {
    expect(await line('salvor statu', 'salvor status ')).toContain('salvor status ');
  });

  it('completes the options of a command', async () => {
    expect(await line('salvor explain --js', 'explain --json ')).toContain('explain --json ');
  });
});

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';

describeWith('bash', existsSync(BASH_COMPLETION) ? undefined : 'there is no bash-completion', () => {
  const completed = async (...words: readonly string[]) => {
    const line = words.join(' ');
    const script = `
      source ${BASH_COMPLETION}
      source ${folder}/salvor.bash
      compopt() { :; }
      COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; COMP_LINE="${line}"; COMP_POINT=${line.length}; COMP_TYPE=9
      [[ $(complete -p salvor) =~ -F\\ ([^ ]+) ]] && "\${BASH_REMATCH[1]}" salvor "${words.at(-1)}" "${words.at(-2)}"
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await ran('bash', ['--norc', '-c', script], { env: env() })).stdout.trim().split('\n');
  };

  it('completes a command', async () => {
    expect(await completed('salvor', 'statu')).toEqual([expect.stringMatching(/^status/)]);
  });

  it('completes the options of a command', async () => {
    expect(await completed('salvor', 'explain', '--js')).toEqual([expect.stringMatching(/^--json/)]);
  });
});
