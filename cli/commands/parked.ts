import { Command } from 'commander';
import { listParked } from '#shared/state/parked.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor parked`: what came in and could not be acted on, with the reason. */
export function parkedCommand(): Command {
  return new Command('parked')
    .description('list the messages that could not be acted on')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const parked = await withState(command, (state) => Array.fromAsync(listParked(state)));
      if (json) printJson(parked);
      else if (parked.length === 0) print('nothing is parked');
      else
        print(
          table(
            ['LAST', 'COUNT', 'SUBJECT', 'WHY'],
            parked.map(({ lastAtMs, count, subject, because }) => [
              new Date(lastAtMs).toISOString(),
              String(count),
              subject,
              because.replaceAll('\n', ' '),
            ]),
          ),
        );
    });
}
