import { readFileSync } from 'node:fs';
import type { Part } from './coverage.ts';
import type { Scenario } from './scenarios.ts';

export const PAGE = new URL('../../../docs/scenarios.md', import.meta.url);
export const readDocument = (): string => readFileSync(PAGE, 'utf8');

const GROUPS: Readonly<Record<string, string>> = {
  recovery: 'A host dies',
  fencing: 'Proven off first',
  instances: 'What becomes of an instance',
  restore: 'Disks are lost with their host',
  singles: 'One instance or process fails',
  nova: 'Nova has its troubles',
  reporters: 'Who says so, and is it true?',
  guards: 'When many fail at once',
  operators: 'People at work',
  return: 'The way back',
  salvor: 'salvor itself fails',
};

/** docs/scenarios.md, whole: made from the scenarios, never by hand. */
export function documentOf(scenarios: readonly Scenario[], coverage: readonly Part[]): string {
  const byGroup = Map.groupBy(scenarios, ({ group }) => group);
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const rows = (byGroup.get(group) ?? []).map((each) => `| ${link(each.id)} | ${each.title} | ${firstOf(each)} |`);
    return rows.length === 0 ? [] : [`### ${title}`, '', '| scenario | | |', '| --- | --- | --- |', ...rows, ''];
  });
  const parts = coverage.flatMap(({ title, about, questions }) => [
    `### ${title}`,
    '',
    about.trim(),
    '',
    '| | | scenarios |',
    '| --- | --- | --- |',
    ...Object.entries(questions).map(([id, question]) => {
      const is = typeof question === 'string' ? question : question.is;
      const answers = scenarios.filter(({ play }) => play.answers.includes(id)).map((each) => link(each.id));
      const answer = typeof question === 'string' ? answers.join(', ') : `- (${question.notYet})`;
      return `| ${id} | ${is} | ${answer} |`;
    }),
    '',
  ]);
  return [...HEAD, ...groups, '## What they answer', '', ...ANSWERS, ...parts].join('\n').trimEnd().concat('\n');
}

/** Groups that have no place on the page. */
export const unknownGroups = (scenarios: readonly Scenario[]): readonly string[] =>
  [...new Set(scenarios.map(({ group }) => group))].filter((group) => !Object.hasOwn(GROUPS, group));

const link = (id: string): string => `[${id}](../test/scenarios/${id}/log.txt)`;

const firstOf = ({ story }: Scenario): string =>
  (/^[\s\S]*?[.!?](?=\s|$)/.exec(story)?.[0] ?? story).replace(/\s+/g, ' ').replaceAll('|', '\\|');

const HEAD = [
  '<!-- Made by `npm run scenarios -- --update`. -->',
  '# Scenarios',
  '',
  'What salvor does when a host dies, a rack goes dark, a BMC hangs, a reporter is wrong: each a play in a simulated',
  'world, in virtual seconds. Behind each link is its log: what was reported, each decision with its numbers, each request',
  'to the outside, and what became of hosts and guests. Its directory also holds the story and the play.',
  '',
  '`npm test` performs them all, compares each log to the letter, and judges each step by the invariants.',
  '[How to read and write them](../test/scenarios/README.md).',
  '',
  '## What happens',
  '',
];

const ANSWERS = [
  'Questions come from the tests and the weaknesses of systems that do the same, and from what their users complain of.',
  '',
];
