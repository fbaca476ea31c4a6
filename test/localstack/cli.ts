import { fileURLToPath } from 'node:url';
import type { QueueName } from '#events/catalog.ts';
import type { Deployed } from './deployed.ts';
import type { LocalStack } from './localstack.ts';
import { type Ran, run } from './run.ts';

const SALVOR = fileURLToPath(new URL('../../cli/salvor.mjs', import.meta.url));
const OPERATORS = 'operator-commands' satisfies QueueName;

export type CommandLine = (...args: readonly string[]) => Promise<Ran>;

/** `salvor` as an operator runs it on a deployed stack: with the outputs of the stack as options. */
export function commandLineOf(
  { stateTable, auditTable, queueUrl }: Deployed,
  { env }: Pick<LocalStack, 'env'>,
): CommandLine {
  const place = ['--state-table', stateTable, '--audit-table', auditTable, '--queue-url', queueUrl(OPERATORS)];
  return (...args) => run(process.execPath, [SALVOR, ...place, ...args], { env: { ...process.env, ...env } });
}
