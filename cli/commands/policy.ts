import { Command } from 'commander';
import * as z from 'zod';
import { readPolicy } from '#infra/site/policy-file.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { print, printJson } from '../output.ts';

/** `salvor policy check|schema|show`. */
export function policyCommand(): Command {
  const policy = new Command('policy').description('check a policy, or print its JSON Schema');
  policy
    .command('check <file>')
    .description('say what is wrong with a policy')
    .action((file: string) => {
      const { segments, fenceDevices } = readPolicy(file);
      print(`${file} is well: ${segments.length} segments, ${Object.keys(fenceDevices).length} fence devices`);
    });
  policy
    .command('show <file>')
    .description('print a policy with every default filled in')
    .action((file: string) => printJson(readPolicy(file)));
  policy
    .command('schema')
    .description('print the JSON Schema, for editors')
    .action(() => printJson(z.toJSONSchema(policySchema, { io: 'input' })));
  return policy;
}
