import type { Argument, Command, Option } from 'commander';
import { MEANINGS } from '../exit.ts';
import type { Entry } from './entry.ts';
import { commandsOf, formOf, MANUAL } from './help.ts';

const HEAD = `# The command line

<!-- Made by "npm run docs:cli" of the commands themselves: change those. -->

\`salvor\` stands here for the program, however you call it:

\`\`\`sh
npm run salvor -- status                                           # in the folder of the project
alias salvor="$PWD/node_modules/.bin/node $PWD/cli/salvor.mjs"     # from everywhere
\`\`\`

**Where it looks.** Every command that reads or acts speaks to the pipeline of a state folder, \`--state-dir\`, or to a deployed
stack: \`--state-table\`, \`--audit-table\` and, for those that act, \`--queue-url\`, all three outputs of the stack. The options
stand before the command; \`SALVOR_STATE_DIR\`, \`SALVOR_STATE_TABLE\`, \`SALVOR_AUDIT_TABLE\` and \`SALVOR_QUEUE_URL\` do the same
for a whole session. Reading is safe while salvor runs.

**For programs.** With \`--json\` a command prints one JSON document on standard output, in the form that stands with it here;
\`watch\` prints one a line. Times that end with \`Ms\` are Unix milliseconds. Messages for people go to standard error.
Colours are for terminals only, and \`NO_COLOR=1\` switches them off.

**Completion.** \`salvor completion bash\`, \`zsh\` or \`fish\` prints a script for your shell. It completes commands, options and
their values, and hosts and incidents of the state folder. A Tab asks no cloud: of a deployed stack it offers no names.
Bash needs the package bash-completion.

## Exit status
`;

/** docs/cli.md: every command with its arguments, options, examples, the form of its JSON, and its exit statuses. */
export function referenceText(program: Command): string {
  const commands = commandsOf(program);
  const groups = Map.groupBy(program.commands, (command) => command.helpGroup().replace(/:$/, ''));
  const all = [...groups].flatMap(([group, tops]) => {
    const inGroup = commands.filter(([words]) => tops.some((top) => words.split(' ')[0] === top.name()));
    const shown = inGroup.filter(([, command]) => !isHidden(program, command));
    return shown.length === 0 ? [] : [`## ${group || 'Other'}`, ...shown.map(([words, each]) => section(words, each))];
  });
  return [
    HEAD,
    table(['status', 'meaning'], Object.entries(MEANINGS)),
    'A command that only lists ends with 0, whatever it lists. Where a status means something of its own, it stands with the command.',
    '## For every command',
    options(program),
    ...all,
  ]
    .join('\n\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .concat('\n');
}

const isHidden = (program: Command, command: Command): boolean =>
  command.parent === program && !program.createHelp().visibleCommands(program).includes(command);

function section(words: string, command: Command): string {
  const entry: Entry = MANUAL[words] ?? { examples: [] };
  const { examples, json } = entry;
  const widest = Math.max(0, ...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `salvor ${line.padEnd(widest)}  # ${what}`);
  const given = command.registeredArguments;
  return [
    `### ${words}`,
    `${sentence(command.description())}`,
    `\`\`\`sh\n${lines.join('\n')}\n\`\`\``,
    ...(given.length === 0 ? [] : [table(['argument', 'what'], given.map(argument))]),
    options(command),
    ...(json === undefined ? [] : [`\`--json\` prints ${formOf(json)}:`, table(['key', 'what'], keys(json.keys))]),
    ...(entry.exits === undefined
      ? []
      : [
          `Exit status: ${Object.entries(entry.exits)
            .map(([status, says]) => `**${status}** ${says}`)
            .join('; ')}.`,
        ]),
  ].join('\n\n');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const keys = (of: Readonly<Record<string, string>>): readonly (readonly string[])[] =>
  Object.entries(of).map(([key, what]) => [`\`${key}\``, what]);

function argument(given: Argument): readonly string[] {
  const choices = given.argChoices === undefined ? '' : ` ${oneOf(given.argChoices)}`;
  return [`\`${given.required ? `<${given.name()}>` : `[${given.name()}]`}\``, `${given.description}${choices}`.trim()];
}

function options(command: Command): string {
  const shown = command.options.filter(({ hidden, long }) => !hidden && long !== '--json' && long !== '--version');
  if (shown.length === 0) return '';
  return table(
    ['option', 'default', 'what'],
    shown.map((each) => [`\`${each.flags}\``, defaultOf(each), whatOf(each)]),
  );
}

function defaultOf({ defaultValue, defaultValueDescription, envVar, mandatory }: Option): string {
  const value =
    defaultValueDescription ??
    (defaultValue === undefined ? (mandatory ? 'must be given' : '') : `\`${String(defaultValue)}\``);
  return [value, envVar === undefined ? '' : `\`${envVar}\``].filter((each) => each !== '').join(', ');
}

const whatOf = ({ description, argChoices }: Option): string =>
  (argChoices === undefined ? description : `${description} ${oneOf(argChoices)}`).replaceAll('<', '&lt;');

const oneOf = (choices: readonly string[]): string => `(one of ${choices.map((each) => `\`${each}\``).join(', ')})`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
