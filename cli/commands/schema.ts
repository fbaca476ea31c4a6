import { Argument, Command } from 'commander';
import * as z from 'zod';
import { command as pipelineCommand } from '#events/commands.ts';
import { hostEvent } from '#events/host-event.ts';
import { operatorCommand } from '#events/operator-command.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { printJson } from '../output.ts';

const SCHEMAS = {
  events: hostEvent,
  commands: pipelineCommand,
  operator: operatorCommand,
  policy: policySchema,
} as const;
type SchemaName = keyof typeof SCHEMAS;

/** `salvor schema events|commands|operator|policy`: JSON Schema (draft 2020-12). What has a default is not required. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description(
      'print the JSON Schema of the events, of the commands between functions, of what operators say, or of the policy',
    )
    .addArgument(new Argument('<of>', 'what to describe').choices(Object.keys(SCHEMAS)))
    .action((of: SchemaName) => printJson(z.toJSONSchema(SCHEMAS[of], { io: 'input' })));
}
