import type { Replay } from '#shared/domain/replay/replay.ts';
import type { Replayed } from '#shared/domain/replay/replayed.ts';
import type { WhatIf } from '#shared/domain/replay/what-if.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { table } from '../output.ts';

const SHOWN = 20;

/** An incident of a host, or an instance, or the processes of a host. */
interface Subject {
  /** With how it ended. */
  readonly name: string;
  readonly openedAtMs: number;
}

export const subjectOf = ({ id, host, outcome, openedAtMs }: IncidentEntry): Subject => ({
  name: `incident ${id} of ${host}: ${outcome ?? 'open'}`,
  openedAtMs,
});

/** What a person reads: each decision about the host, the tasks by what was decided of them, and the differences. */
export function replayText(subject: Subject, replay: Replay, policyFile: string | undefined): string {
  const { name, openedAtMs } = subject;
  const under = policyFile === undefined ? 'the policy of then' : policyFile;
  const { decisions, different, undecided } = replay;
  const ofTasks = decisions.filter(({ stream }) => stream.startsWith('task#'));
  const ofHost = decisions.filter((decision) => !ofTasks.includes(decision));
  const shown = decisions.filter((decision) => decision.difference !== null || decision.cannot !== null);
  const groups = [...Map.groupBy(shown, (each) => differenceLines(each).join('\n')).values()];
  return [
    `${name}; ${decisions.length} decisions made again from the log, under ${under}`,
    '',
    table(
      ['TIME', 'STREAM', 'RECORD', 'DECIDED BY', 'RECORDED', 'AGAIN'],
      ofHost.map((each) => [
        since(openedAtMs, each.atMs),
        kindOf(each),
        String(each.seq),
        each.by ?? '?',
        typesOf(each.recorded),
        again(each),
      ]),
    ),
    ...(ofTasks.length === 0 ? [] : ['', tasksTable(ofTasks)]),
    ...groups.slice(0, SHOWN).flatMap((group) => ['', ...groupLines(group, openedAtMs)]),
    ...(groups.length > SHOWN ? ['', `and ${groups.length - SHOWN} more kinds: --json shows all`] : []),
    '',
    `${decisions.length - different - undecided} the same, ${different} different, ${undecided} that can not be made again`,
  ].join('\n');
}

/** The course under another policy, as far as the log can tell. */
export function otherwiseLines({ openedAtMs }: Subject, otherwise: WhatIf | undefined): readonly string[] {
  if (otherwise === undefined) return [];
  return [
    '',
    'As far as the log can tell, this policy would have led here:',
    ...otherwise.course.map(({ atMs, what }) => `  ${since(openedAtMs, atMs)} ${what}`),
    `  ${otherwise.end}`,
  ];
}

const since = (openedAtMs: number, atMs: number): string =>
  `${atMs < openedAtMs ? '-' : '+'}${(Math.abs(atMs - openedAtMs) / 1000).toFixed(2)} s`;

const kindOf = ({ stream }: Replayed): string => stream.split('#')[0] ?? '';
const typesOf = (facts: readonly object[]): string =>
  facts.map((fact) => ('type' in fact ? fact.type : '?')).join(', ');
const again = ({ difference, cannot }: Replayed): string =>
  cannot !== null ? 'can not' : difference === null ? 'same' : 'DIFFERENT';

function tasksTable(decisions: readonly Replayed[]): string {
  const groups = Map.groupBy(decisions, (each) => `${each.by ?? '?'}\n${typesOf(each.recorded)}`);
  const rows = [...groups].map(([key, all]) => {
    const [by = '', types = ''] = key.split('\n');
    const count = (word: string) => String(all.filter((each) => again(each) === word).length);
    return ['', by, types, String(all.length), count('same'), count('DIFFERENT'), count('can not')].slice(1);
  });
  return table(['TASKS DECIDED BY', 'RECORDED', 'DECISIONS', 'SAME', 'DIFFERENT', 'CAN NOT'], rows);
}

/** What differs alike is told once, with where it first does. */
function groupLines(group: readonly Replayed[], openedAtMs: number): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const more = group.length > 1 ? `, and ${group.length - 1} alike` : '';
  const place = `${since(openedAtMs, first.atMs)} ${first.stream} record ${first.seq}, by ${first.by ?? '?'}${more}:`;
  return [place, ...differenceLines(first)];
}

function differenceLines({ difference, cannot, recorded, decided }: Replayed): readonly string[] {
  if (cannot !== null) return [`  can not be made again: ${cannot}`];
  if (difference === null) return [];
  const short = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return [
    `  recorded ${typesOf(recorded)}, decided now ${typesOf(decided ?? []) || 'nothing'}`,
    `  at ${difference.at}`,
    `    recorded ${short(difference.recorded)}`,
    `    now      ${short(difference.decided)}`,
  ];
}
