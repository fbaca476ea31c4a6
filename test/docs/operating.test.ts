/** What the docs quote, the code says: messages, CDK context, commands of the CLI, scripts of npm. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { upCommand } from '#cli/commands/up.ts';
import { readDeployment } from '#infra/cdk/deployment.ts';
import { WHAT } from '#shared/domain/doctor/symptom.ts';
import { codeBlocksOf, listOf, ROOT, readPage, tablesOf, tableWith } from './markdown.ts';

const messages = readPage('docs/messages.md');
/** What docs/operating.md was before it was split by what a reader is about to do. */
const OPERATING = ['site', 'aws', 'beside', 'looking', 'acting', 'messages', 'upkeep', 'limits'];
const PAGES = readdirSync(new URL('docs/', ROOT)).filter((name) => name.endsWith('.md'));

/** Node's own words, from a port that is taken. */
const NOT_OURS = ['address already in use'];

const sources = ['events', 'functions', 'shared', 'infra', 'cli']
  .flatMap((room) => {
    const folder = fileURLToPath(new URL(room, ROOT));
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(path, 'utf8'));

/** Quoted messages are code in their cell: `one`, `another`. */
const messagesIn = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^\| (`.*?`(?:, `.*?`)*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
  );

/** What may stand in the code where a message has `…`. */
const FARTHEST_CHARS = 200;

/** Whether the fixed parts of a message stand in the code, one soon after the other. */
function isIn(source: string, message: string): boolean {
  const [first = '', ...rest] = message.split('…').filter((part) => part.trim() !== '');
  for (let start = source.indexOf(first); start >= 0; start = source.indexOf(first, start + 1)) {
    let end = start + first.length;
    const found = rest.every((part) => {
      const at = source.indexOf(part, end);
      const soon = at >= 0 && at - end <= FARTHEST_CHARS;
      end = at + part.length;
      return soon;
    });
    if (found) return true;
  }
  return false;
}

const sections = (markdown: string, title: string): string =>
  markdown.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

describe('each message that is quoted is one of the code', () => {
  const quoted = [
    ...messagesIn(sections(messages, 'What the errors say')),
    ...messagesIn(sections(readPage('docs/events.md'), 'Parked')),
  ];

  it('and there are some', () => expect(quoted.length).toBeGreaterThan(25));

  it.each(quoted.filter((message) => !NOT_OURS.includes(message)))('%s', (message) => {
    expect(sources.some((source) => isIn(source, message))).toBe(true);
  });
});

it('names every key of the CDK context with its default', () => {
  const asked: string[] = [];
  const { deployment } = readDeployment((key) => void asked.push(key));
  const rows = tableWith(readPage('docs/aws.md'), 'context');
  expect(rows.flatMap(({ context = '' }) => listOf(context)).sort()).toEqual(asked.sort());
  const defaults = new Map<string, unknown>(Object.entries(deployment));
  for (const { context = '', default: said } of rows)
    if (context !== 'policy')
      expect({ context, said }).toEqual({ context, said: String(defaults.get(context) ?? 'none') });
});

describe('commands', () => {
  const lines = PAGES.flatMap((name) =>
    codeBlocksOf(readPage(`docs/${name}`).replace(/^ {3}/gm, '')).flatMap(({ text }) => text.split('\n')),
  );
  const scripts = Object.keys((JSON.parse(readPage('package.json')) as { scripts: object }).scripts);

  it('of npm are scripts of package.json', () => {
    const run = lines.flatMap((line) => /^npm run (\S+)/.exec(line)?.[1] ?? []);
    expect(run.length).toBeGreaterThan(1);
    expect(run.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('of salvor are files of cli/commands', () => {
    const commands = readdirSync(new URL('cli/commands/', ROOT)).map((file) => file.replace('.ts', ''));
    const run = lines.flatMap((line) => /^salvor (?:--state-dir <.*?> )?([a-z][a-z-]*)/.exec(line)?.[1] ?? []);
    expect(new Set(run).size).toBeGreaterThan(4);
    expect(run.filter((name) => !commands.includes(name))).toEqual([]);
  });

  it('give no option that the command does not have', () => {
    const known = upCommand().options.map(({ long }) => long);
    const ofAll = readPage('cli/program.ts');
    const options = lines
      .filter((line) => line.startsWith('salvor up'))
      .flatMap((line) => line.match(/--[a-z-]+/g) ?? []);
    expect(options.length).toBeGreaterThan(3);
    expect(options.filter((option) => !known.includes(option) && !ofAll.includes(`'${option} <`))).toEqual([]);
  });

  it('environment variables are those that the code reads', () => {
    const named = new Set(OPERATING.flatMap((name) => readPage(`docs/${name}.md`).match(/SALVOR_[A-Z_]+/g) ?? []));
    const read = sources.join('\n');
    expect([...named].filter((name) => !read.includes(`'${name}'`))).toEqual([]);
    expect(named.size).toBe(14);
  });
});

it('has one table of messages for the start and one for the log', () => {
  const tables = tablesOf(sections(messages, 'What the errors say')).map(([row]) => Object.keys(row ?? {}));
  expect(tables).toEqual([
    ['message', 'do'],
    ['message', 'meaning'],
  ]);
});

it('has a row for each thing that salvor doctor finds', () => {
  const rows = tableWith(readPage('docs/looking.md'), 'means');
  expect(Object.fromEntries(rows.map(({ what = '', means }) => [what, means]))).toEqual(WHAT);
});
