import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Sender } from '#infra/gateway/forward.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { UsageError } from '../exit.ts';

/** Options of programs that run beside salvor, and send it events. */
export interface SenderFlags {
  readonly name: string;
  readonly secrets: string;
  readonly endpoint?: string;
  readonly token?: string;
  readonly caFile?: string;
  readonly queueUrl?: string;
  readonly healthPort?: number;
}

export function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('A port is needed.');
  return value;
}

export const keysOption = (): Option =>
  new Option('--secrets <file>', 'keys and tokens, mode 600').env('SALVOR_SECRETS').default('secrets.yaml');

export const withSenderOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--name <name>', 'its own, in the source of its events').default(hostname(), 'of the machine'),
    )
    .addOption(keysOption())
    .addOption(new Option('--endpoint <url>', "salvor's HTTP endpoint").env('SALVOR_ENDPOINT'))
    .option('--token <name>', 'the secret with the token of this reporter, for --endpoint')
    .option('--ca-file <file>', 'PEM: the CA of --endpoint')
    .addOption(new Option('--queue-url <url>', 'send to the queue host-events instead').env('QUEUE_URL'))
    .addOption(new Option('--health-port <n>', 'GET /healthz on 127.0.0.1').argParser(portNumber));

/** @throws PermanentError when it is not said where salvor is */
export async function senderOf({ endpoint, token, caFile, queueUrl, secrets }: SenderFlags): Promise<Sender> {
  const { httpSender, sqsSender } = await import('#infra/gateway/senders.ts');
  if (endpoint !== undefined && token !== undefined) {
    const caPem = caFile === undefined ? {} : { caPem: readFileSync(caFile, 'utf8') };
    return httpSender({ endpoint, token, secrets: fileSecrets(secrets), ...caPem });
  }
  if (queueUrl === undefined || endpoint !== undefined)
    throw new UsageError('say where salvor is: --endpoint with --token, or --queue-url');
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  return sqsSender(new SQSClient({ useQueueUrlAsEndpoint: true }), queueUrl);
}
