import { Command } from 'commander';
import type { SegmentRow } from '#shared/domain/now/segments.ts';
import { loadNow, regionsOf } from '#shared/views/now.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor segments`: of each how its hosts are, whether they could be fenced, and whether it has room for one that fails. */
export function segmentsCommand(): Command {
  return new Command('segments')
    .description('list the segments: how their hosts are, whether they could be fenced, and what they would survive')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const { segments } = await withState(command, async (state) =>
        loadNow(state, await regionsOf(state), Date.now()),
      );
      if (json) printJson(segments);
      else print(segments.length === 0 ? 'no segment holds a host' : segmentTable(segments));
    });
}

export const segmentTable = (segments: readonly SegmentRow[]): string =>
  table(
    ['SEGMENT', 'HOSTS', 'IN SERVICE', 'ELSE', 'NOT FENCEABLE', 'ONE HOST FAILS'],
    segments.map(({ segment, hosts, states, notFenceable, disarmed, survivesOne }) => {
      const { 'in-service': well = 0, ...others } = states;
      const rest = Object.entries(others).map(([state, count]) => `${count} ${state}`);
      return [
        disarmed ? `${segment} (DISARMED)` : segment,
        String(hosts),
        String(well),
        rest.length === 0 ? '-' : rest.join(', '),
        String(notFenceable),
        survivesOne === null ? 'not known' : survivesOne ? 'room for all' : 'NO ROOM',
      ];
    }),
  );
