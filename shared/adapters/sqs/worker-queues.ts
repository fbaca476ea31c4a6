import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { WorkerQueues } from '#shared/ports.ts';

/** @param urls of the queues `fence-requests-…`, by the names of their workers */
export function sqsWorkerQueues(client: SQSClient, urls: Readonly<Record<string, string>>): WorkerQueues {
  return {
    send: async (worker, request) => {
      const QueueUrl = Object.hasOwn(urls, worker) ? urls[worker] : undefined;
      if (QueueUrl === undefined)
        throw new PermanentError(
          `there is no queue of a fence worker ${worker}: deploy or start salvor with this policy`,
        );
      try {
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(request) }));
      } catch (error) {
        throw new RetryableError(
          `SQS did not take a request for fence worker ${worker}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    },
  };
}
