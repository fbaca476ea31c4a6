import { Command } from 'commander';
import { STREAM_OF_OPERATORS } from '#shared/domain/audit.ts';
import type { OperatorFact } from '#shared/domain/operator.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor audit operators`: what operators asked for, and what became of it. */
export function auditOperatorsCommand(): Command {
  return new Command('operators')
    .description('print what operators asked for, and what became of it')
    .option('--json', 'print JSON')
    .action((_, command: Command) =>
      withState(command, async (state) => {
        const records = (await readKept(state, STREAM_OF_OPERATORS)).map(({ record }) => record);
        if (command.optsWithGlobals<{ readonly json?: true }>().json === true) printJson(records);
        else if (records.length === 0) print('no operator has asked for anything');
        else
          print(
            table(
              ['TIME', 'BY', 'FROM', 'ASKED FOR', 'BECAME', 'SAID', 'REASON'],
              records.map(({ atMs, fact }) => {
                const { type, command: asked, by, sender = '', on, said, reason } = fact as unknown as OperatorFact;
                return [new Date(atMs).toISOString(), by, sender, `${asked} of ${on}`, type, said, reason];
              }),
            ),
          );
      }),
    );
}
