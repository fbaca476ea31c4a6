import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type QueueName, queueOf } from '#events/catalog.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Outbox, OutgoingMessage } from '#shared/ports.ts';

/** SQS takes ten messages in one request (API reference, SendMessageBatch). */
const BATCH = 10;

/** Sends to the queues of the catalogue, ten messages a request, the requests at the same time. */
export function sqsOutbox(client: SQSClient, queueUrls: Readonly<Record<QueueName, string>>): Outbox {
  return {
    async send(messages) {
      const byQueue = Map.groupBy(messages, ({ message }) => queueOf(message));
      const batches = [...byQueue].flatMap(([queue, all]) =>
        chunks(all).map((batch) => sendBatch(client, queueUrls[queue], batch)),
      );
      await Promise.all(batches);
    },
  };
}

const chunks = (messages: readonly OutgoingMessage[]): readonly (readonly OutgoingMessage[])[] =>
  Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, index) =>
    messages.slice(index * BATCH, (index + 1) * BATCH),
  );

async function sendBatch(client: SQSClient, QueueUrl: string, batch: readonly OutgoingMessage[]): Promise<void> {
  const Entries = batch.map(({ message, delaySeconds }, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(message),
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
