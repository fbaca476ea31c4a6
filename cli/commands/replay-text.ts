import type { Replay } from '#shared/domain/replay/replay.ts';
import type { Replayed } from '#shared/domain/replay/replayed.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { table } from '../output.ts';

const SHOWN = 20;

/** What a person reads: each decision about the host, the tasks by what was decided of them, and the differences. */
export function replayText(incident: IncidentEntry, replay: Replay, policyFile: string | undefined): string {
  const { id, host, outcome, openedAtMs } = incident;
  const since = (atMs: number): string =>
    `${atMs < openedAtMs ? '-' : '+'}${(Math.abs(atMs - openedAtMs) / 1000).toFixed(2)} s`;
  const under = policyFile === undefined ? 'the policy of then' : policyFile;
  const { decisions, different, undecided } = replay;
  const ofTasks = decisions.filter(({ stream }) => stream.startsWith('task#'));
  const ofHost = decisions.filter((decision) => !ofTasks.includes(decision));
  const shown = decisions.filter((decision) => decision.difference !== null || decision.cannot !== null);
  return [
    `incident ${id} of ${host}: ${outcome ?? 'open'}; ${decisions.length} decisions made again from the log, under ${under}`,
    '',
    table(
      ['TIME', 'STREAM', 'RECORD', 'DECIDED BY', 'RECORDED', 'AGAIN'],
      ofHost.map((each) => [
        since(each.atMs),
        kindOf(each),
        String(each.seq),
        each.by ?? '?',
        typesOf(each.recorded),
        again(each),
      ]),
    ),
    ...(ofTasks.length === 0 ? [] : ['', tasksTable(ofTasks)]),
    ...shown
      .slice(0, SHOWN)
      .flatMap((each) => ['', `${since(each.atMs)} ${each.stream} record ${each.seq}:`, ...differenceLines(each)]),
    ...(shown.length > SHOWN ? ['', `and ${shown.length - SHOWN} more: --json shows all`] : []),
    '',
    `${decisions.length - different - undecided} the same, ${different} different, ${undecided} that can not be made again`,
  ].join('\n');
}

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
