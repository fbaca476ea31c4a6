import { Command } from 'commander';
import { streamOfHost } from '#shared/domain/audit.ts';
import { readStream } from '#shared/state/read-audit.ts';
import { EXIT } from '../exit.ts';
import { findHost } from '../operator/find-host.ts';
import { print, printJson } from '../output.ts';
import { recordLine } from '../record-line.ts';
import { withState } from './read-state.ts';

/** `salvor audit host <host>`: what was said of a host, its ways back and the planned work on it, whatever incident. */
export function auditHostCommand(): Command {
  return new Command('host')
    .description('print what was reported of a host, how it was brought back, and the planned work on it')
    .argument('<host>', 'the host')
    .option('--json', 'print JSON')
    .action((wanted: string, _, command: Command) =>
      withState(command, async (state) => {
        const { hostKey } = await findHost(state, wanted);
        const { records, fault } = await readStream(state, streamOfHost(hostKey));
        if (command.optsWithGlobals<{ readonly json?: true }>().json === true)
          printJson({ host: wanted, records, faults: fault === undefined ? [] : [fault] });
        else {
          for (const record of records) print(recordLine(record, 'host'));
          print(fault === undefined ? `${records.length} records in a whole hash chain` : `BROKEN ${fault}`);
        }
        if (fault !== undefined) process.exitCode = EXIT.person;
      }),
    );
}
