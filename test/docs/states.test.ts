/** docs/states.md names every status, outcome, gate and fact of the code, where a reader looks for it. */
import { describe, expect, it } from 'vitest';
import { QUEUES, SCHEDULES } from '#events/catalog.ts';
import type { CareFact } from '#shared/domain/care.ts';
import { askCountingGates, askHostGates } from '#shared/domain/gates/ask.ts';
import type { GateName } from '#shared/domain/gates/gate.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import {
  type HostFact,
  type IncidentOutcome,
  type IncidentStatus,
  isReportFact,
  isSilentFact,
} from '#shared/domain/host.ts';
import type { TaskFact, TaskOutcome, TaskProgress } from '#shared/domain/task.ts';
import { someReadings } from '#test/support/readings.ts';
import { codeBlocksOf, listOf, namedIn, readPage, type TableRow, tablesOf, tableWith } from './markdown.ts';

const page = readPage('docs/states.md');

/** Types are gone when a test runs. So each list is a record over its type: one that lacks a name does not compile. */
type Every<Name extends string> = Readonly<Record<Name, true>>;

const INCIDENT_STATUSES: Every<IncidentStatus> = {
  suspected: true,
  held: true,
  fencing: true,
  'forcing-down': true,
  planning: true,
  evacuating: true,
  'handing-over': true,
  stopped: true,
};
const INCIDENT_OUTCOMES: Every<IncidentOutcome> = {
  'stood-down': true,
  dismissed: true,
  shadow: true,
  recovered: true,
  'partly-recovered': true,
};
const TASK_STATUSES: Every<TaskProgress['status']> = {
  waiting: true,
  granted: true,
  requested: true,
  accepted: true,
  unknown: true,
  ended: true,
};
const TASK_OUTCOMES: Every<TaskOutcome> = {
  recovered: true,
  gone: true,
  'not-protected': true,
  left: true,
  'not-recoverable': true,
  person: true,
};
const GATES: Every<GateName> = {
  'nova-answers': true,
  protected: true,
  'in-service': true,
  reporters: true,
  'reporter-cliff': true,
  'nova-sees-it-down': true,
  'segment-storm': true,
  'segment-rate': true,
  'segment-cool-down': true,
  'global-storm': true,
  'global-rate': true,
  'global-cool-down': true,
  'failure-domain': true,
  'healthy-hosts': true,
  'kernel-dump': true,
  settling: true,
  observer: true,
  dependencies: true,
  'segment-not-stopped': true,
  armed: true,
  'fence-device': true,
};
/** Those of the way back and of maintenance are in `return-states.test.ts`. */
const HOST_FACTS: Every<Exclude<HostFact['type'], CareFact['type']>> = {
  reported: true,
  'not-believed': true,
  recorded: true,
  'answered-late': true,
  'incident-opened': true,
  'dump-seen': true,
  'grace-went-on': true,
  held: true,
  'still-held': true,
  confirmed: true,
  'power-read': true,
  'power-off-intended': true,
  'power-off-answered': true,
  'fence-failed': true,
  'proof-made': true,
  'proof-voided': true,
  'force-down-intended': true,
  'force-down-answered': true,
  'force-down-failed': true,
  'forced-down': true,
  'planning-failed': true,
  planned: true,
  followed: true,
  paused: true,
  'still-paused': true,
  released: true,
  dismissed: true,
  'off-confirmed': true,
  'deadline-passed': true,
  stopped: true,
  'incident-closed': true,
};
const TASK_FACTS: Every<TaskFact['type']> = {
  'task-planned': true,
  'task-waits': true,
  granted: true,
  'grant-expired': true,
  'reset-answered': true,
  'evacuate-intended': true,
  'evacuate-answered': true,
  'found-running': true,
  'lost-answer': true,
  'attempt-failed': true,
  'guest-answered': true,
  'task-ended': true,
};

const namesOf = (every: Every<string>): readonly string[] => Object.keys(every).sort();
const column = (rows: readonly TableRow[], title: string): readonly string[] =>
  rows.map((row) => row[title] ?? '').sort();

const gates = tableWith(page, 'gate').map(({ gate = '' }) => gate);
const [incidents = [], tasks = []] = tablesOf(page).filter(([row]) => row !== undefined && 'status' in row);
const [incidentEnds = [], taskEnds = []] = tablesOf(page).filter(([row]) => row !== undefined && 'outcome' in row);

describe('docs/states.md has a row for each', () => {
  it('status of an incident', () => expect(column(incidents, 'status')).toEqual(namesOf(INCIDENT_STATUSES)));
  it('outcome of an incident', () => expect(column(incidentEnds, 'outcome')).toEqual(namesOf(INCIDENT_OUTCOMES)));
  it('status of a task', () => expect(column(tasks, 'status')).toEqual(namesOf(TASK_STATUSES)));
  it('outcome of a task', () => expect(column(taskEnds, 'outcome')).toEqual(namesOf(TASK_OUTCOMES)));
  it('gate', () => {
    expect(gates.map((gate) => gate.replace(/ \(.*\)/, '')).sort()).toEqual(namesOf(GATES));
  });
  it.each([
    ['again', askHostGates],
    ['late', askCountingGates],
  ])('gate that is asked again, and marks it: %s', (mark, ask) => {
    const asked = ask(gatherEvidence(someReadings()), someReadings()).map(({ gate }) => `${gate} (${mark})`);
    expect(gates.filter((gate) => gate.endsWith(`(${mark})`)).sort()).toEqual(asked.sort());
  });
});

describe('docs/states.md draws each', () => {
  const [incidentDiagram = '', taskDiagram = ''] = codeBlocksOf(page).map(({ text }) => text);
  it.each(namesOf(INCIDENT_STATUSES))('incident that is %s', (status) => {
    expect(incidentDiagram).toMatch(new RegExp(`^  .*--> ${status.replace('-', '_')}:`, 'm'));
  });
  it.each(namesOf(TASK_STATUSES))('task that is %s', (status) => {
    expect(taskDiagram).toMatch(new RegExp(`^  .*--> ${status}:`, 'm'));
  });
});

describe('docs/states.md names each fact, in its stream', () => {
  const facts = tableWith(page, 'facts');
  const inStreams = (prefix: string) =>
    facts
      .filter(({ stream = '' }) => stream.startsWith(prefix) && !stream.startsWith('host, '))
      .flatMap((row) => listOf(row.facts ?? ''))
      .sort();
  // Only the type of a fact decides what these two say.
  const isOf = (test: (fact: HostFact) => boolean, type: string): boolean => test({ type } as HostFact);

  it('of a host', () => {
    expect(inStreams('host')).toEqual(namesOf(HOST_FACTS).filter((type) => isOf(isReportFact, type)));
  });
  it('of an incident', () => {
    const recorded = namesOf(HOST_FACTS).filter((type) => !isOf(isReportFact, type) && !isOf(isSilentFact, type));
    expect(inStreams('incident')).toEqual(recorded);
  });
  it('of a task', () => expect(inStreams('task')).toEqual(namesOf(TASK_FACTS)));
  it('and those that are not recorded', () => {
    for (const type of namesOf(HOST_FACTS).filter((each) => isOf(isSilentFact, each)))
      expect(namedIn(page)).toContain(type);
  });
});

it('names functions of the catalogue only as those who move a state on', () => {
  const functions = [...Object.values(QUEUES), ...Object.values(SCHEDULES)].map((spec) => String(spec.function));
  const named = [...incidents, ...tasks].flatMap((row) => listOf(row['moved on by'] ?? ''));
  expect(named.filter((name) => !functions.includes(name) && name !== '-' && name !== 'a person')).toEqual([]);
});

/** Durations of the code that no policy changes: where each is set, and the words with which the page gives it. */
const DURATIONS: readonly (readonly [file: string, constant: string, words: (seconds: number) => string])[] = [
  ['functions/sweep.ts', 'OVERDUE_MS', (s) => `has not happened ${s} s later is sent again`],
  ['shared/domain/reports.ts', 'REOPEN_AFTER_MS', (s) => `no sooner than ${s} s after the end`],
  ['shared/domain/reports.ts', 'CLOCK_SKEW_MS', (s) => `up later than ${s} s before that reading`],
  ['shared/domain/reports.ts', 'CLOCK_SKEW_MS', (s) => `more than ${s} s after its device first said off`],
  ['shared/domain/settle.ts', 'GRANT_EXPIRES_MS', (s) => `${s} s, then the grant is taken back`],
  ['shared/domain/settle.ts', 'ANSWER_EXPIRES_MS', (s) => `${s} s, then \`unknown\``],
  ['shared/domain/answer-due.ts', 'ANSWER_DUE_MS', (s) => `After ${s} s the power is read`],
  ['shared/shell/hand-over.ts', 'OUTAGE_LOOK_MS', (s) => `at once; after an outage of Nova: ${s} s`],
  ['shared/domain/pause.ts', 'LOOK_AGAIN_MS', (s) => `looks again each ${s} s, and goes on by itself`],
  ['shared/domain/operator.ts', 'RELEASE_MS', (s) => `do not hold this incident for ${s} s`],
  ['shared/domain/planned.ts', 'OUTAGE_RETRY_MS', (s) => `after an outage of Nova: ${s} s |`],
  ['shared/shell/follow.ts', 'OUTAGE_LOOK_MS', (s) => `\`evacuation.pollSeconds\`; after an outage of Nova: ${s} s`],
];

it.each(DURATIONS)('gives the duration of %s, %s', (file, constant, words) => {
  const set = new RegExp(`const ${constant} = ([\\d_]+);`).exec(readPage(file))?.[1] ?? 'not set';
  expect(page.replaceAll('\n', ' ')).toContain(words(Number(set.replaceAll('_', '')) / 1000));
});
