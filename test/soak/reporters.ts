import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueName } from '#events/catalog.ts';
import type { Said } from './points.ts';
import { queueClient } from './queue-client.ts';

type Address = Extract<Said, { kind: 'ready' }>;

export interface Reporters {
  /** Resolves when the queue has said that it has the event, however many processes that takes. */
  report(event: object, source: string): Promise<void>;
  /** The same for what an operator asks for. */
  command(asked: object): Promise<void>;
  /** Ids of the events and commands that were accepted. */
  readonly accepted: ReadonlySet<string>;
  stop(): void;
}

const AGAIN_MS = 25;

/** Agents and operators that send each message until somebody takes it, as they do when a queue does not answer. */
export function reporters(address: () => Address | undefined): Reporters {
  const accepted = new Set<string>();
  let stopped = false;
  let client: { readonly endpoint: string; readonly sqs: SQSClient } | undefined;

  const clientFor = (endpoint: string): SQSClient => {
    if (client?.endpoint === endpoint) return client.sqs;
    client?.sqs.destroy();
    const sqs = queueClient(endpoint, 'agent');
    client = { endpoint, sqs };
    return sqs;
  };

  async function send(queue: QueueName, id: string, message: object): Promise<void> {
    const MessageBody = JSON.stringify({ id, time: new Date().toISOString(), ...message });
    while (!stopped) {
      const at = address();
      try {
        if (at === undefined) throw new Error('no pipeline is there now');
        const QueueUrl = at.queueUrl.replace(/[^/]*$/, queue);
        await clientFor(at.endpoint).send(new SendMessageCommand({ QueueUrl, MessageBody }));
        accepted.add(id);
        return;
      } catch {
        // It was killed, before or after it took the message: the same one is sent to the next process.
        await pause(AGAIN_MS);
      }
    }
  }

  return {
    accepted,
    report: (event, source) => send('host-events', randomUUID(), { specversion: '1.0', source, ...event }),
    command: (asked) => send('operator-commands', randomUUID(), { version: 1, by: 'soak', reason: 'soak', ...asked }),
    stop: () => {
      stopped = true;
      client?.sqs.destroy();
    },
  };
}
