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
import {
  type HoldName,
  type InstanceFact,
  type InstanceOutcome,
  type InstanceStatus,
  isSilentInstanceFact,
} from '#shared/domain/instance-recovery/instance.ts';
import {
  isSilentProcessFact,
  type ProcessFact,
  type ProcessOutcome,
  type ProcessStatus,
} from '#shared/domain/process-recovery/process.ts';
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
  restoring: true,
  ended: true,
};
const TASK_OUTCOMES: Every<TaskOutcome> = {
  recovered: true,
  'restarted-from-snapshot': true,
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
  'reserved-host-intended': true,
  'reserved-host-answered': true,
  'reserved-host-left': true,
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
  'no-room': true,
  granted: true,
  'grant-expired': true,
  'reset-answered': true,
  'evacuate-intended': true,
  'evacuate-answered': true,
  'found-running': true,
  'lost-answer': true,
  'attempt-failed': true,
  'guest-answered': true,
  'restore-begins': true,
  'restore-waits': true,
  'restore-granted': true,
  'restore-intended': true,
  'restore-answered': true,
  'restore-settled': true,
  'task-ended': true,
};

const INSTANCE_STATUSES: Every<InstanceStatus> = {
  suspected: true,
  held: true,
  requested: true,
  accepted: true,
  unknown: true,
};
const INSTANCE_OUTCOMES: Every<InstanceOutcome> = {
  restarted: true,
  moved: true,
  left: true,
  'stood-down': true,
  'taken-over': true,
  shadow: true,
  person: true,
};
const HOLDS: Every<HoldName> = {
  sources: true,
  'host-incident': true,
  'host-service': true,
  'nova-answers': true,
  'no-effect': true,
  destination: true,
  task: true,
  armed: true,
  'segment-not-stopped': true,
  'host-storm': true,
  'segment-storm': true,
};
const INSTANCE_FACTS: Every<InstanceFact['type']> = {
  'instance-reported': true,
  'instance-incident-opened': true,
  'instance-waited': true,
  'instance-held': true,
  'instance-still-held': true,
  'instance-request-intended': true,
  'instance-request-answered': true,
  'instance-watched': true,
  'instance-request-found': true,
  'instance-request-lost': true,
  'instance-answer-missing': true,
  'instance-request-done': true,
  'instance-request-failed': true,
  'instance-incident-closed': true,
};
const PROCESS_STATUSES: Every<ProcessStatus> = { watching: true, disabling: true, disabled: true, enabling: true };
const PROCESS_OUTCOMES: Every<ProcessOutcome> = { recovered: true, left: true, shadow: true };
const PROCESS_FACTS: Every<ProcessFact['type']> = {
  'process-reported': true,
  'process-incident-opened': true,
  'process-looked': true,
  'process-held': true,
  'disable-intended': true,
  'disable-answered': true,
  'scheduling-off': true,
  'service-change-failed': true,
  'restart-intended': true,
  'restart-answered': true,
  escalated: true,
  'processes-well': true,
  'processes-down-again': true,
  'enable-intended': true,
  'enable-answered': true,
  'process-incident-closed': true,
};

const namesOf = (every: Every<string>): readonly string[] => Object.keys(every).sort();
const column = (rows: readonly TableRow[], title: string): readonly string[] =>
  rows.map((row) => row[title] ?? '').sort();

const gates = tableWith(page, 'gate').map(({ gate = '' }) => gate);
const tablesWith = (title: string) => tablesOf(page).filter(([row]) => row !== undefined && title in row);
const [incidents = [], tasks = [], instances = [], processes = []] = tablesWith('status');
const [incidentEnds = [], taskEnds = [], instanceEnds = [], processEnds = []] = tablesWith('outcome');

describe('docs/states.md has a row for each', () => {
  it('status of an incident', () => expect(column(incidents, 'status')).toEqual(namesOf(INCIDENT_STATUSES)));
  it('outcome of an incident', () => expect(column(incidentEnds, 'outcome')).toEqual(namesOf(INCIDENT_OUTCOMES)));
  it('status of a task', () => expect(column(tasks, 'status')).toEqual(namesOf(TASK_STATUSES)));
  it('outcome of a task', () => expect(column(taskEnds, 'outcome')).toEqual(namesOf(TASK_OUTCOMES)));
  it('status of an instance', () => expect(column(instances, 'status')).toEqual(namesOf(INSTANCE_STATUSES)));
  it('outcome of an instance', () => expect(column(instanceEnds, 'outcome')).toEqual(namesOf(INSTANCE_OUTCOMES)));
  it('status of processes', () => expect(column(processes, 'status')).toEqual(namesOf(PROCESS_STATUSES)));
  it('outcome of processes', () => expect(column(processEnds, 'outcome')).toEqual(namesOf(PROCESS_OUTCOMES)));
  it('hold of an instance', () => {
    expect(
      tableWith(page, 'hold')
        .flatMap(({ hold = '' }) => listOf(hold))
        .sort(),
    ).toEqual(namesOf(HOLDS));
  });
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
  const [incidentDiagram = '', taskDiagram = '', ...others] = codeBlocksOf(page).map(({ text }) => text);
  it.each([
    ['instance', others[0] ?? '', INSTANCE_STATUSES],
    ['host with dead processes', others[1] ?? '', PROCESS_STATUSES],
  ] as const)('%s', (_, diagram, statuses) => {
    for (const status of namesOf(statuses)) expect(diagram).toMatch(new RegExp(`^  .*--> ${status}:`, 'm'));
  });
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
  const instanceFacts = namesOf(INSTANCE_FACTS);
  const isSilentHere = (type: string) => isSilentInstanceFact({ type } as InstanceFact);
  it('of an instance', () =>
    expect(inStreams('instance')).toEqual(instanceFacts.filter((type) => !isSilentHere(type))));
  const processFacts = namesOf(PROCESS_FACTS);
  const isSilentThere = (type: string) => isSilentProcessFact({ type } as ProcessFact);
  it('of processes', () => expect(inStreams('processes')).toEqual(processFacts.filter((type) => !isSilentThere(type))));
  it('and those that are not recorded', () => {
    for (const type of namesOf(HOST_FACTS).filter((each) => isOf(isSilentFact, each)))
      expect(namedIn(page)).toContain(type);
    for (const type of [...instanceFacts.filter(isSilentHere), ...processFacts.filter(isSilentThere)])
      expect(namedIn(page)).toContain(type);
  });
});

it('names functions of the catalogue only as those who move a state on', () => {
  const functions = [...Object.values(QUEUES), ...Object.values(SCHEDULES)].map((spec) => String(spec.function));
  const named = [...incidents, ...tasks, ...instances, ...processes].flatMap((row) => listOf(row['moved on by'] ?? ''));
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
  ['shared/domain/instance-recovery/decide.ts', 'ANSWER_DUE_MS', (s) => `${s} s, then \`unknown\``],
  ['shared/domain/instance-recovery/decide.ts', 'LOOK_AGAIN_MS', (s) => `after ${s} s; at once between two requests`],
  ['shared/domain/instance-recovery/settle.ts', 'POLL_MS', (s) => `after ${s} s; \`stepSeconds\` at most`],
  ['shared/domain/instance-recovery/settle.ts', 'SETTLE_MS', (s) => `could not be found for ${s} s`],
  ['shared/domain/process-recovery/decide.ts', 'LOOK_MS', (s) => `after ${s} s in the first ten minutes`],
  ['shared/domain/process-recovery/decide.ts', 'CLOCKS_MS', (s) => `reports to Nova ${s} s after it was said`],
  ['shared/domain/follow.ts', 'ROOM_LOOK_MS', (s) => `waits for [room](recovery.md#no-room): at most ${s} s`],
  ['shared/shell/follow.ts', 'OUTAGE_LOOK_MS', (s) => `\`evacuation.pollSeconds\`; after an outage of Nova: ${s} s`],
];

it.each(DURATIONS)('gives the duration of %s, %s', (file, constant, words) => {
  const set = new RegExp(`const ${constant} = ([\\d_]+);`).exec(readPage(file))?.[1] ?? 'not set';
  expect(page.replaceAll('\n', ' ')).toContain(words(Number(set.replaceAll('_', '')) / 1000));
});
