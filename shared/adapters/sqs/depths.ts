import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueOf, QUEUES, type QueueName } from '#events/catalog.ts';
import type { QueueLook, QueueLooks } from '#shared/ports.ts';

/** Messages of a queue, as far as SQS knows: its counts lag behind by up to a minute. */
export interface Depth {
  /** Those that may be received now. */
  readonly waiting: number;
  readonly delayed: number;
  readonly inFlight: number;
}

export async function depthOf(client: SQSClient, QueueUrl: string): Promise<Depth> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

/** All queues of the catalogue with their dead-letter queues; of the oldest message SQS tells nothing. */
export const sqsQueueLooks = (
  client: SQSClient,
  urlOf: (name: QueueName | `${QueueName}-dlq`) => string,
): QueueLooks => ({
  look: async () => {
    const names = Object.keys(QUEUES) as readonly QueueName[];
    const queues = await Promise.all(
      names.map(async (name): Promise<QueueLook> => {
        const [own, dead] = await Promise.all([
          depthOf(client, urlOf(name)),
          depthOf(client, urlOf(deadLetterQueueOf(name))),
        ]);
        return { name, ...own, deadLetters: dead.waiting + dead.inFlight, oldestAtMs: null };
      }),
    );
    return { queues, clockOffMs: client.config.systemClockOffset };
  },
});
