import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { policyNotes } from '#shared/domain/policy-notes.ts';
import { print, printJson } from '../output.ts';
import { policyDevicesCommand } from './policy-devices.ts';
import { policyDiffCommand } from './policy-diff.ts';

/** `salvor policy check|show|diff|devices`. */
export function policyCommand(): Command {
  const policy = new Command('policy').description(
    'check a policy and its fence devices, compare it with another, or print it with its defaults',
  );
  policy
    .command('check <file>')
    .description('say what is wrong with a policy')
    .option('--json', 'print JSON')
    .action((file: string, { json }) => {
      const policy = readPolicy(file);
      const [segments, fenceDevices] = [policy.segments.length, Object.keys(policy.fenceDevices).length];
      const notes = policyNotes(policy);
      if (json) printJson({ file, segments, fenceDevices, notes });
      else
        print(
          [
            `${file} is well: ${segments} segments, ${fenceDevices} fence devices`,
            ...notes.map((note) => `note: ${note}`),
          ].join('\n'),
        );
    });
  policy
    .command('show <file>')
    .description('print a policy with every default filled in')
    .action((file: string) => printJson(readPolicy(file)));
  policy.addCommand(policyDiffCommand());
  policy.addCommand(policyDevicesCommand());
  return policy;
}
