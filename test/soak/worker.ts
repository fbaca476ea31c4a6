import { setTimeout as pause } from 'node:timers/promises';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { fenceRequestsOf } from '#events/catalog.ts';
import { type WorkerAnswer, workerRequest } from '#events/fence-worker.ts';
import type { Said } from './points.ts';
import { queueClient } from './queue-client.ts';

type Address = Extract<Said, { kind: 'ready' }>;

export interface Worker {
  /** Requests that were taken by now. */
  taken(): number;
  stop(): void;
}

const AGAIN_MS = 50;

/** A fence worker that does all it is asked for, at once, and outlives whoever asks. */
export function workerOf(name: string, address: () => Address | undefined): Worker {
  let taken = 0;
  let stopped = false;

  async function serve({ endpoint, queueUrl }: Address): Promise<void> {
    const urlOf = (queue: string): string => queueUrl.replace(/[^/]*$/, queue);
    const sqs = queueClient(endpoint, 'worker');
    try {
      const QueueUrl = urlOf(fenceRequestsOf(name));
      while (!stopped && address()?.endpoint === endpoint) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
        for (const { Body = '', ReceiptHandle } of Messages) {
          const { id } = workerRequest.parse(JSON.parse(Body));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
          taken += 1;
          const answer: WorkerAnswer = {
            ...{ type: 'worker-answer', version: 1, id, answer: 'accepted', detail: 'restarted', durationMs: 1 },
          };
          const MessageBody = JSON.stringify(answer);
          await sqs.send(new SendMessageCommand({ QueueUrl: urlOf('fence-answers'), MessageBody }));
        }
      }
    } finally {
      sqs.destroy();
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const at = address();
      // Whoever was asked is dead by now: the next one asks again.
      if (at !== undefined) await serve(at).catch(() => undefined);
      await pause(AGAIN_MS);
    }
  }
  void run();
  return {
    taken: () => taken,
    stop: () => {
      stopped = true;
    },
  };
}
