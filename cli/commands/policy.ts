import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { Policy } from '#shared/domain/policy.ts';
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
    .option('--json', 'print JSON')
    .action((file: string, { json }) => {
      const policy = readPolicy(file);
      const [segments, fenceDevices] = [policy.segments.length, Object.keys(policy.fenceDevices).length];
      const notes = notesOn(policy);
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
  policy.addCommand(policyDevicesCommand());
  return policy;
}

/** What is allowed, and may not be what is meant. */
function notesOn({ segments, fenceDevices, masakari }: Policy): readonly string[] {
  const template = masakari?.segmentDefaults;
  const named = segments.map((each) => ({ ...each, of: `segment ${each.name}` }));
  const late = [...named, ...(template === undefined ? [] : [{ ...template, of: 'segmentDefaults' }])].flatMap(
    ({ of, processRecovery }) => {
      const note = lateRestarts(processRecovery);
      return note === undefined ? [] : [`${of}: ${note}`];
    },
  );
  const slow = proofNote(fenceDevices, segments);
  return [...late, ...(slow === undefined ? [] : [slow])];
}
