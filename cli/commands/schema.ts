import { Argument, Command } from 'commander';
import * as z from 'zod';
import { command as pipelineCommand } from '#events/commands.ts';
import { hostEvent } from '#events/host-event.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { printJson } from '../output.ts';

const SCHEMAS = { events: hostEvent, commands: pipelineCommand, policy: policySchema } as const;
type SchemaName = keyof typeof SCHEMAS;

/** `salvor schema events|commands|policy`: JSON Schema (draft 2020-12). What has a default is not required. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of the events, of the commands between functions, or of the policy')
    .addArgument(new Argument('<of>', 'what to describe').choices(Object.keys(SCHEMAS)))
    .action((of: SchemaName) => printJson(z.toJSONSchema(SCHEMAS[of], { io: 'input' })));
}
