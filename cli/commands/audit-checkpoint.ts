import { Command } from 'commander';
import { readSigningKey } from '../checkpoint-file.ts';
import { takeCheckpoint } from '../checkpoints.ts';
import { print, printJson } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor audit checkpoint`: signs how far the log has come, to a file that is not salvor's. */
export function auditCheckpointCommand(): Command {
  return new Command('checkpoint')
    .description('sign how far every stream of the audit log has come, and append that to a file')
    .requiredOption('--key <file>', 'the private key, Ed25519, PEM, mode 600')
    .requiredOption('--append <file>', 'one checkpoint a line; made when missing')
    .option('--json', 'print JSON')
    .action(async ({ key, append: path }, command: Command) => {
      const privateKey = readSigningKey(key);
      const { made, number, streams } = await withState(command, (state) =>
        takeCheckpoint(state, { path, privateKey }),
      );
      if (command.optsWithGlobals().json) printJson(made);
      else
        print(`checkpoint ${number} in ${path}: ${Object.keys(made.heads).length} of ${streams} streams have changed`);
    });
}
