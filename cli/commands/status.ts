import { Command } from 'commander';
import { lasting } from '#shared/domain/doctor/symptom.ts';
import type { OpenNow } from '#shared/domain/now/progress.ts';
import { loadNow, type NowView, regionsOf } from '#shared/views/now.ts';
import { EXIT } from '../exit.ts';
import { paint, print, printJson, table } from '../output.ts';
import { switchLine } from '../switch-line.ts';
import { withState } from './read-state.ts';
import { segmentTable } from './segments.ts';

/** Of each list, so that all of it fits one screen. */
const MOST = 8;

/** `salvor status`: on one screen whether anything is down, what salvor does about it, and whether it needs a person. */
export function statusCommand(): Command {
  return new Command('status')
    .description('say on one screen what is down, what salvor does about it, and what needs a person')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const now = await withState(command, async (state) => loadNow(state, await regionsOf(state), Date.now()));
      if (json) printJson(now);
      else print(statusText(now));
      if (now.needs.length > 0) process.exitCode = EXIT.person;
    });
}

/** @param now as it is read; `atMs` is the moment that all durations end at */
export function statusText(now: NowView): string {
  const { disarmed, incidents, needs, segments, others, atMs } = now;
  const also = [
    ...(others.instances === 0 ? [] : [`${others.instances} single instances: salvor instances --open`]),
    ...(others.processes === 0 ? [] : [`processes on ${others.processes} hosts: salvor processes`]),
  ];
  return [
    headline(now),
    ...disarmed.map(switchLine),
    ...(segments.length === 0 ? [] : ['', segmentTable(segments)]),
    ...(incidents.length === 0
      ? []
      : [
          '',
          table(
            ['INCIDENT OF', 'STATE', 'SINCE', 'INSTANCES', 'WHY'],
            first(incidents).map((each) => row(each, atMs)),
          ),
        ]),
    ...more(incidents.length, 'salvor incidents'),
    ...(also.length === 0 ? [] : ['', `also open: ${also.join('; ')}`]),
    ...(needs.length === 0 ? [] : ['', paint(['bold', 'red'], 'NEEDS YOU')]),
    ...first(needs).flatMap(({ about, says, commands }) => [`  ${about}: ${says}`, `    ${commands.join('  |  ')}`]),
    ...more(needs.length, 'salvor doctor'),
  ].join('\n');
}

function headline({ incidents, needs, disarmed, beat, atMs, hosts }: NowView): string {
  const pulse = beat === null ? 'salvor has not run yet' : `salvor was last at work ${lasting(atMs - beat.lastMs)} ago`;
  const open = incidents.length === 0 ? 'no incident is open' : `${incidents.length} open`;
  const wants = needs.length === 0 ? 'nothing needs you' : `${needs.length} need you`;
  const off = disarmed.length === 0 ? '' : ', and something is DISARMED';
  return `${hosts.length} hosts: ${open}, ${wants}${off}; ${pulse}`;
}

function row({ host, status, openedAtMs, counts, total, why }: OpenNow, atMs: number): readonly string[] {
  const { waiting = 0, evacuating = 0, restoring = 0 } = counts;
  const done = total - waiting - evacuating - restoring;
  return [host, status, lasting(atMs - openedAtMs), total === 0 ? '-' : `${done} of ${total} done`, why[0] ?? ''];
}

const first = <T>(all: readonly T[]): readonly T[] => all.slice(0, MOST);
const more = (count: number, command: string): readonly string[] =>
  count > MOST ? [`  and ${count - MOST} more: ${command}`] : [];
