import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { LocalRestart } from '#shared/ports.ts';

/** Puts requests into the queue of the edge worker, which is another program, at another place. */
export function sqsLocalRestart(client: SQSClient, queueUrl: string): LocalRestart {
  return {
    async ask(request) {
      try {
        await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        throw new RetryableError(`SQS did not take the request to restart ${request.process}: ${because}`, {
          cause: error,
        });
      }
    },
  };
}

/** Where no edge worker is set up. */
export const noLocalRestart: LocalRestart = {
  ask: () => Promise.reject(new PermanentError('no edge worker is set up: its queue is not known')),
};
