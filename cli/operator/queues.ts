import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import { QUEUES, type QueueName } from '#events/catalog.ts';
import { ENDPOINT_FILE, STATE_FILE } from '#infra/embedded/state-dir.ts';
import { isLocked } from '#shared/adapters/sqlite/database.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StatePlace } from '../commands/read-state.ts';
import { UsageError } from '../exit.ts';

/** The queues of a salvor: of the one that runs on a state folder, or of a deployed stack. */
export interface Queues {
  readonly client: SQSClient;
  /** Of a queue of the catalogue, of its dead-letter queue, or of a fence worker's queue. */
  readonly urlOf: (name: QueueName | `${QueueName}-dlq` | `fence-requests-${string}`) => string;
}

export const QUEUE_NAMES = Object.keys(QUEUES) as readonly QueueName[];

/** The addresses of all queues that messages are sent to. */
export const urlsOf = ({ urlOf }: Queues): Readonly<Record<QueueName, string>> =>
  Object.fromEntries(QUEUE_NAMES.map((name) => [name, urlOf(name)])) as Record<QueueName, string>;

const OPERATOR_QUEUE = 'operator-commands' satisfies QueueName;

/** @throws PermanentError that says what is missing: a salvor that runs, or an option. */
export async function queuesOf(command: Command): Promise<Queues> {
  const { stateDir, stateTable, queueUrl } = command.optsWithGlobals<StatePlace & { readonly queueUrl?: string }>();
  if (queueUrl !== undefined) return deployed(queueUrl);
  if (stateTable !== undefined)
    throw new UsageError('--queue-url is needed for a deployed stack: its output OperatorQueueUrl');
  const endpoint = runningAt(stateDir);
  const { embeddedClient, queueUrlAt } = await import('#infra/embedded/sqs-server.ts');
  return { client: embeddedClient(endpoint), urlOf: (name) => queueUrlAt(endpoint, name) };
}

async function deployed(queueUrl: string): Promise<Queues> {
  if (!queueUrl.endsWith(OPERATOR_QUEUE))
    throw new UsageError(`--queue-url ends with ${OPERATOR_QUEUE}: it is the output OperatorQueueUrl of the stack`);
  const prefix = queueUrl.slice(0, -OPERATOR_QUEUE.length);
  const { SQSClient: Client } = await import('@aws-sdk/client-sqs');
  return { client: new Client({ useQueueUrlAsEndpoint: false }), urlOf: (name) => `${prefix}${name}` };
}

/** The endpoint of the salvor that runs on this folder. */
function runningAt(stateDir: string): string {
  const state = join(stateDir, STATE_FILE);
  if (!existsSync(state))
    throw new PermanentError(`there is no state in ${stateDir}: give the folder of "salvor up" with --state-dir`);
  if (!isLocked(state))
    throw new PermanentError(`no salvor runs on ${stateDir}: start it with "salvor up", and ask again`);
  const file = join(stateDir, ENDPOINT_FILE);
  if (!existsSync(file)) throw new PermanentError(`the salvor on ${stateDir} is just starting or stopping: ask again`);
  return readFileSync(file, 'utf8').trim();
}
