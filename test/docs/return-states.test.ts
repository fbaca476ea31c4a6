/** docs/states.md names every status, outcome, check and fact of the way back of hosts and of their maintenance. */
import { describe, expect, it } from 'vitest';
import { QUEUES } from '#events/catalog.ts';
import { CARE_FACTS } from '#shared/domain/care.ts';
import { type HostFact, isSilentFact } from '#shared/domain/host.ts';
import type { MaintenanceStatus } from '#shared/domain/maintenance/maintenance.ts';
import type { MoveOutcome } from '#shared/domain/moves.ts';
import type { CheckName, ReturnOutcome, ReturnStatus } from '#shared/domain/return/returning.ts';
import { codeBlocksOf, listOf, namedIn, readPage, type TableRow, tablesOf, tableWith } from './markdown.ts';

const page = readPage('docs/states.md');

/** Types are gone when a test runs. So each list is a record over its type: one that lacks a name does not compile. */
type Every<Name extends string> = Readonly<Record<Name, true>>;

const RETURN_STATUSES: Every<ReturnStatus> = {
  waiting: true,
  'powering-on': true,
  proving: true,
  'giving-back': true,
  'going-home': true,
};
const RETURN_OUTCOMES: Every<ReturnOutcome> = {
  returned: true,
  'reported-down': true,
  overtaken: true,
  maintenance: true,
  'service-gone': true,
};
const MAINTENANCE_STATUSES: Every<MaintenanceStatus> = { disabling: true, draining: true, away: true };
const MOVE_OUTCOMES: Every<MoveOutcome> = { moved: true, failed: true, gone: true, left: true };
const CHECKS: Every<CheckName> = {
  'nova-answers': true,
  armed: true,
  protected: true,
  'in-service': true,
  'not-quarantined': true,
  'evacuations-ended': true,
  'power-off-ended': true,
  'not-awaited-elsewhere': true,
  'no-person': true,
  'own-device': true,
  switchable: true,
  starts: true,
  reports: true,
  cleaned: true,
  'not-said-down': true,
  'sees-it-up': true,
};

const namesOf = (every: Every<string>): readonly string[] => Object.keys(every).sort();
const column = (rows: readonly TableRow[], title: string): readonly string[] =>
  rows.map((row) => (row[title] ?? '').replace(/ \(.*\)/, '')).sort();
const tablesOfSection = (title: string): readonly (readonly TableRow[])[] => tablesOf(sectionOf(title));
const sectionOf = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

describe('docs/states.md has a row for each', () => {
  const [statuses = [], outcomes = []] = tablesOfSection('The way back');
  const [maintenances = [], moveEnds = []] = tablesOfSection('Maintenance');
  it('status of a return', () => expect(column(statuses, 'status')).toEqual(namesOf(RETURN_STATUSES)));
  it('outcome of a return', () => expect(column(outcomes, 'outcome')).toEqual(namesOf(RETURN_OUTCOMES)));
  it('check on the way back', () => expect(column(tableWith(page, 'check'), 'check')).toEqual(namesOf(CHECKS)));
  it('status of a maintenance', () => expect(column(maintenances, 'status')).toEqual(namesOf(MAINTENANCE_STATUSES)));
  it('end of a live migration', () => expect(column(moveEnds, 'move ends as')).toEqual(namesOf(MOVE_OUTCOMES)));

  it('and names functions of the catalogue as those who move a state on', () => {
    const functions = new Set(Object.values(QUEUES).map((spec) => String(spec.function)));
    const named = [...statuses, ...maintenances].flatMap((row) => listOf(row['moved on by'] ?? ''));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !functions.has(name))).toEqual([]);
  });
});

describe('docs/states.md draws each', () => {
  const diagramOf = (title: string): string => codeBlocksOf(sectionOf(title))[0]?.text ?? '';
  it.each(namesOf(RETURN_STATUSES))('return that is %s', (status) => {
    expect(diagramOf('The way back')).toMatch(new RegExp(`^  .*--> ${status.replace('-', '_')}:`, 'm'));
  });
  it.each(namesOf(MAINTENANCE_STATUSES))('maintenance that is %s', (status) => {
    expect(diagramOf('Maintenance')).toMatch(new RegExp(`^  .*--> ${status}:`, 'm'));
  });
});

describe('docs/states.md names each fact', () => {
  // Only the type of a fact decides whether it is recorded.
  const isSilent = (type: string): boolean => isSilentFact({ type } as HostFact);
  const recorded = namesOf(CARE_FACTS).filter((type) => !isSilent(type));

  it('in the stream of the host', () => {
    const rows = tableWith(page, 'facts').filter(({ stream = '' }) => stream.startsWith('host, '));
    expect(rows.flatMap((row) => listOf(row.facts ?? '')).sort()).toEqual(recorded);
  });
  it('and those that are not recorded', () => {
    for (const type of namesOf(CARE_FACTS).filter(isSilent)) expect(namedIn(page)).toContain(type);
  });
});

/** Numbers of the code that no policy changes: where each is set, and the words with which the page gives it. */
const NUMBERS: readonly (readonly [file: string, constant: string, words: (value: number) => string])[] = [
  ['return/decide-return.ts', 'LOOK_MS', (ms) => `| each ${ms / 1000} s; once it has waited for`],
  ['return/decide-return.ts', 'SELDOM_AFTER_MS', (ms) => `once it has waited for ${ms / 1000} s, each`],
  ['return/decide-return.ts', 'SELDOM_MS', (ms) => `once it has waited for 900 s, each ${ms / 1000} s`],
  ['return/after-change.ts', 'READ_BACK_MS', (ms) => `| ${ms / 1000} s after the answer, then each 10 s`],
  ['return/checks.ts', 'MAX_POWER_ONS', (times) => `switched on less than ${times} times`],
  ['return/checks.ts', 'POWER_ON_TAKES_MS', (ms) => `and not within the last ${ms / 1000} s`],
  ['return/power-on.ts', 'LEAVE_WITHIN_MS', (ms) => `leaves within ${ms / 1000} s of the reading of its power`],
  ['return/open-return.ts', 'QUIET_MS', (ms) => `for ${ms / 1000} s and \`evacuation.settleSeconds\``],
  ['maintenance/decide-maintenance.ts', 'LOOK_AGAIN_MS', (ms) => `while salvor is switched off each ${ms / 1000} s`],
];

it.each(NUMBERS)('gives the number of %s, %s', (file, constant, words) => {
  const set = new RegExp(`const ${constant} = ([\\d_]+);`).exec(readPage(`shared/domain/${file}`))?.[1] ?? 'not set';
  expect(page.replaceAll('\n', ' ')).toContain(words(Number(set.replaceAll('_', ''))));
});
