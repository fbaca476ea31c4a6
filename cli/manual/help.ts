import type { Command } from 'commander';
import { EXIT, MEANINGS } from '../exit.ts';
import { ACTING } from './acting.ts';
import { ASKING } from './asking.ts';
import type { Entry, Manual, Shape } from './entry.ts';
import { LOOKING } from './looking.ts';
import { RUNNING } from './running.ts';

export const MANUAL: Manual = { ...RUNNING, ...LOOKING, ...ASKING, ...ACTING };

/** Every command that does something, with the words behind `salvor` that call it. */
export function commandsOf(program: Command, before = ''): readonly (readonly [string, Command])[] {
  return program.commands.flatMap((command) => {
    const words = `${before}${command.name()}`;
    const below = commandsOf(command, `${words} `);
    const isOnlyGroup = below.length > 0 && command.registeredArguments.length === 0;
    return isOnlyGroup ? below : [[words, command] as const, ...below];
  });
}

/** Puts examples, the form of `--json` and the exit statuses below the help of every command. */
export function addManual(program: Command): void {
  for (const [words, command] of commandsOf(program)) {
    const entry = MANUAL[words];
    if (entry !== undefined) command.addHelpText('after', () => `\n${helpOf(entry)}`);
  }
  program.addHelpText(
    'after',
    () => `\n${statuses(MEANINGS)}\n\nEvery command: salvor COMMAND --help. All of it: docs/cli.md.`,
  );
}

/** The statuses of a command with what they mean there. 3 only where the command says of what. */
function exitsOf({ exits = {} }: Entry): Readonly<Record<number, string>> {
  const { [EXIT.person]: _, ...common } = MEANINGS;
  return { ...common, ...exits };
}

export const formOf = ({ form }: Shape): string =>
  ({ object: 'one object', rows: 'a list of objects', lines: 'one object a line' })[form];

function helpOf(entry: Entry): string {
  const { examples, json } = entry;
  const widest = Math.max(0, ...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  salvor ${line.padEnd(widest)}  ${what}`);
  return [
    ...(lines.length === 0 ? [] : [`Examples:\n${lines.join('\n')}\n`]),
    ...(json === undefined ? [] : [`With --json, ${formOf(json)}: ${Object.keys(json.keys).join(', ')}.\n`]),
    statuses(exitsOf(entry)),
  ].join('\n');
}

const statuses = (meanings: Readonly<Record<number, string>>): string =>
  `Exit status:\n${Object.entries(meanings)
    .map(([status, meaning]) => `  ${status}  ${meaning}`)
    .join('\n')}`;
