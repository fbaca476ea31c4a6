import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Said } from './points.ts';

type Address = Extract<Said, { kind: 'ready' }>;

export interface Reporters {
  /** Resolves when the queue has said that it has the event, however many processes that takes. */
  report(event: object, source: string): Promise<void>;
  /** Ids of the events that were accepted. */
  readonly accepted: ReadonlySet<string>;
  stop(): void;
}

const AGAIN_MS = 25;

/** Agents that send each event until somebody takes it, as an agent does whose queue does not answer. */
export function reporters(address: () => Address | undefined): Reporters {
  const accepted = new Set<string>();
  let stopped = false;
  let client: { readonly endpoint: string; readonly sqs: SQSClient } | undefined;

  const clientFor = (endpoint: string): SQSClient => {
    if (client?.endpoint === endpoint) return client.sqs;
    client?.sqs.destroy();
    const credentials = { accessKeyId: 'agent', secretAccessKey: 'agent' };
    const sqs = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials,
      useQueueUrlAsEndpoint: false,
      maxAttempts: 1,
    });
    client = { endpoint, sqs };
    return sqs;
  };

  return {
    accepted,
    report: async (event, source) => {
      const id = randomUUID();
      const time = new Date().toISOString();
      const MessageBody = JSON.stringify({ specversion: '1.0', id, source, time, ...event });
      while (!stopped) {
        const at = address();
        try {
          if (at === undefined) throw new Error('no pipeline is there now');
          await clientFor(at.endpoint).send(new SendMessageCommand({ QueueUrl: at.queueUrl, MessageBody }));
          accepted.add(id);
          return;
        } catch {
          // It was killed, before or after it took the event: the same event is sent to the next one.
          await pause(AGAIN_MS);
        }
      }
    },
    stop: () => {
      stopped = true;
      client?.sqs.destroy();
    },
  };
}
