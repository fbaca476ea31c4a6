import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type QueueName, queueOf } from '#events/catalog.ts';
import { LimitError, RetryableError } from '#shared/errors.ts';
import type { Outbox, OutgoingMessage } from '#shared/ports.ts';

/** Of one request: messages, and bytes of all their bodies together (API reference, SendMessageBatch). */
const MAX_MESSAGES = 10;
const MAX_BYTES = 1024 * 1024;
const MAX_DELAY_SECONDS = 900;

interface Entry {
  readonly body: string;
  readonly bytes: number;
  readonly delaySeconds: number;
}

/**
 * Sends to the queues of the catalogue, ten messages a request, the requests at the same time. A message for a queue whose
 * address it does not have is a LimitError.
 */
export function sqsOutbox(client: SQSClient, queueUrls: Readonly<Partial<Record<QueueName, string>>>): Outbox {
  const urlOf = (queue: QueueName): string => {
    const url = queueUrls[queue];
    if (url === undefined) throw new LimitError(`the address of the queue ${queue} is not known here`);
    return url;
  };
  return {
    async send(messages) {
      const byQueue = Map.groupBy(messages, ({ message }) => queueOf(message));
      const batches = [...byQueue].flatMap(([queue, all]) =>
        batchesOf(all.map(toEntry)).map((batch) => ({ url: urlOf(queue), batch })),
      );
      await Promise.all(batches.map(({ url, batch }) => sendBatch(client, url, batch)));
    },
  };
}

/** @throws LimitError for what SQS never takes, since not every emulator refuses it. */
function toEntry({ message, delaySeconds }: OutgoingMessage): Entry {
  const body = toPlainJson(message);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BYTES) throw new LimitError(`a ${message.type} message has ${bytes} bytes; SQS takes ${MAX_BYTES}`);
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_DELAY_SECONDS)
    throw new LimitError(`a ${message.type} message is delayed by ${delaySeconds} s; SQS takes 0 to 900 whole ones`);
  return { body, bytes, delaySeconds };
}

/**
 * SQS refuses U+FFFE and U+FFFF (API reference, SendMessage), and fauxqs whatever lies above them too. What agents
 * say may hold any of them; as a JSON escape all may pass.
 */
const toPlainJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\ud800-\udfff\ufffe\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);

function batchesOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const last = batches.at(-1);
    if (last !== undefined && last.length < MAX_MESSAGES && entry.bytes <= room) last.push(entry);
    else {
      batches.push([entry]);
      room = MAX_BYTES;
    }
    room -= entry.bytes;
  }
  return batches;
}

async function sendBatch(client: SQSClient, QueueUrl: string, batch: readonly Entry[]): Promise<void> {
  const Entries = batch.map(({ body, delaySeconds }, index) => ({
    Id: String(index),
    MessageBody: body,
    DelaySeconds: delaySeconds,
  }));
  const { Failed = [] } = await client
    .send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    .catch((error: unknown) => {
      throw new RetryableError(
        `SQS did not take ${batch.length} messages: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    });
  const [first] = Failed;
  if (first !== undefined)
    throw new RetryableError(
      `SQS did not take ${Failed.length} of ${batch.length} messages: ${first.Code} ${first.Message ?? ''}`,
    );
}
