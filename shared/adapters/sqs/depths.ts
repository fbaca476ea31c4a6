import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueOf, QUEUES, type QueueName } from '#events/catalog.ts';
import { RetryableError } from '#shared/errors.ts';
import type { QueueLook, QueueLooks } from '#shared/ports.ts';

/** Messages of a queue, as far as SQS knows: its counts lag behind by up to a minute. */
interface Depth {
  /** Those that may be received now. */
  readonly waiting: number;
  readonly delayed: number;
  readonly inFlight: number;
}

async function depthOf(client: SQSClient, QueueUrl: string): Promise<Depth> {
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] });
  const { Attributes = {} } = await client.send(asked).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new RetryableError(`SQS does not tell how full ${QueueUrl.split('/').at(-1)} is: ${why}`, { cause: error });
  });
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
] as const;

/**
 * All queues of the catalogue with their dead-letter queues; of the oldest message SQS tells nothing. A look rejects with a
 * RetryableError that names the queue where SQS does not answer, or does not let this one look.
 */
export const sqsQueueLooks = (client: SQSClient, urlOf: (name: QueueName) => string): QueueLooks => ({
  look: async () => {
    const names = Object.keys(QUEUES) as readonly QueueName[];
    const queues = await Promise.all(
      names.map(async (name): Promise<QueueLook> => {
        const url = urlOf(name);
        const [own, dead] = await Promise.all([depthOf(client, url), depthOf(client, deadLetterQueueOf(url))]);
        return { name, ...own, deadLetters: dead.waiting + dead.inFlight, oldestAtMs: null };
      }),
    );
    return { queues, clockOffMs: client.config.systemClockOffset };
  },
});
