import { Command } from 'commander';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { type Verification, verifyAudit } from '#shared/state/verify-audit.ts';
import { print, printJson } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor audit verify`: whether the log is whole, and is the one that the state was written with. */
export function auditVerifyCommand(): Command {
  return new Command('verify')
    .description('find what was altered, left out, put in or reordered in the whole audit log')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit status: 0 the log is whole; 1 it is broken, or could not be read.')
    .action(async (_, command: Command) => {
      const verification = await withState(command, (state) => verifyAudit(state, systemClock));
      // `salvor audit` has the same option, and takes it first.
      if (command.optsWithGlobals().json) printJson(verification);
      else print(asText(verification));
      if (verification.findings.length > 0) process.exitCode = 1;
    });
}

function asText({ findings, hosts, incidents, streams, records }: Verification): string {
  const read = `${records} records in ${streams} streams, of ${hosts} hosts and ${incidents} incidents`;
  const lines = findings.map(
    ({ stream, seq, what }) => `BROKEN ${stream}${seq === null ? '' : ` record ${seq}`}: ${what}`,
  );
  return [...lines, findings.length === 0 ? `${read}: whole` : `${findings.length} faults in ${read}`].join('\n');
}
