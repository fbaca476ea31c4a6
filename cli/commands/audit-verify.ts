import { Command } from 'commander';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { checkCheckpoints } from '#shared/domain/checkpoint.ts';
import { verifyAgainst } from '#shared/state/checkpoints.ts';
import { type Verification, verifyAudit } from '#shared/state/verify-audit.ts';
import { readCheckpoints, readVerifyingKey } from '../checkpoint-file.ts';
import { EXIT, UsageError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor audit verify`: whether the log is whole, and is the one that the state was written with. */
export function auditVerifyCommand(): Command {
  return new Command('verify')
    .description('find what was altered, left out, put in or reordered in the whole audit log')
    .option('--json', 'print JSON')
    .option('--checkpoints <file>', 'what `salvor audit checkpoint` has signed: shows what was cut off since')
    .option('--public-key <file>', 'of the key that signed them, PEM')
    .action(async ({ checkpoints: file, publicKey }, command: Command) => {
      if ((file === undefined) !== (publicKey === undefined))
        throw new UsageError('--checkpoints and --public-key belong together');
      const checkpoints = file === undefined ? [] : readCheckpoints(file);
      const signed = file === undefined ? [] : checkCheckpoints(checkpoints, readVerifyingKey(publicKey));
      const verification = await withState(command, async (state) => {
        const log = await verifyAudit(state, systemClock);
        const cut = await verifyAgainst(state, checkpoints);
        return { ...log, checkpoints: checkpoints.length, findings: [...signed, ...cut, ...log.findings] };
      });
      // `salvor audit` has the same option, and takes it first.
      if (command.optsWithGlobals().json) printJson(verification);
      else print(asText(verification));
      if (verification.findings.length > 0) process.exitCode = EXIT.person;
    });
}

function asText({
  findings,
  hosts,
  incidents,
  instances,
  processes,
  streams,
  records,
  checkpoints,
}: Verification & { readonly checkpoints: number }): string {
  const against = checkpoints === 0 ? '' : `, against ${checkpoints} checkpoints`;
  const others = instances + processes === 0 ? '' : `, ${instances} instances and the processes of ${processes} hosts`;
  const read = `${records} records in ${streams} streams, of ${hosts} hosts and ${incidents} incidents${others}${against}`;
  const lines = findings.map(
    ({ stream, seq, what }) => `BROKEN ${stream}${seq === null ? '' : ` record ${seq}`}: ${what}`,
  );
  return [...lines, findings.length === 0 ? `${read}: whole` : `${findings.length} faults in ${read}`].join('\n');
}
