import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { proofNote } from '#shared/domain/slow-agents.ts';
import { print, printJson } from '../output.ts';
import { policyDevicesCommand } from './policy-devices.ts';

/** `salvor policy check|show|devices`. */
export function policyCommand(): Command {
  const policy = new Command('policy').description(
    'check a policy and its fence devices, or print it with its defaults',
  );
  policy
    .command('check <file>')
    .description('say what is wrong with a policy')
    .action((file: string) => {
      const { segments, fenceDevices } = readPolicy(file);
      print(`${file} is well: ${segments.length} segments, ${Object.keys(fenceDevices).length} fence devices`);
      const note = proofNote(fenceDevices, segments);
      if (note !== undefined) print(`note: ${note}`);
    });
  policy
    .command('show <file>')
    .description('print a policy with every default filled in')
    .action((file: string) => printJson(readPolicy(file)));
  policy.addCommand(policyDevicesCommand());
  return policy;
}
