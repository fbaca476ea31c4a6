import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { lateRestarts } from '#shared/domain/process-recovery/first.ts';
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
      const { segments, fenceDevices, masakari } = readPolicy(file);
      print(`${file} is well: ${segments.length} segments, ${Object.keys(fenceDevices).length} fence devices`);
      const template = masakari?.segmentDefaults;
      const of = segments.map((each) => ({ ...each, of: `segment ${each.name}` }));
      for (const each of template === undefined ? of : [...of, { ...template, of: 'segmentDefaults' }]) {
        const note = lateRestarts(each.processRecovery);
        if (note !== undefined) print(`note: ${each.of}: ${note}`);
      }
      const slow = proofNote(fenceDevices, segments);
      if (slow !== undefined) print(`note: ${slow}`);
    });
  policy
    .command('show <file>')
    .description('print a policy with every default filled in')
    .action((file: string) => printJson(readPolicy(file)));
  policy.addCommand(policyDevicesCommand());
  return policy;
}
