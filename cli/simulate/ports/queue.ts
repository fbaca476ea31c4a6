import type { QueueMessage } from '#events/catalog.ts';
import type { HostEvent } from '#events/host-event.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Outbox } from '#shared/ports.ts';
import type { Invocation } from '../engine/invocation.ts';
import type { WorldLog } from '../engine/log.ts';
import type { Queues } from '../engine/queues.ts';
import { drawTimes, type Latencies } from './latency.ts';

/** What salvor has found out by itself, and reports as one reporter among others. */
const isOwnWord = (message: QueueMessage): message is HostEvent =>
  'source' in message && message.source.startsWith('/salvor/');

/** Sending, as a function sees it. */
export function outboxPort(current: () => Invocation, queues: Queues, latencies: Latencies, log: WorldLog): Outbox {
  return {
    send: async (messages) => {
      if (messages.length === 0) return;
      const invocation = current();
      const about = invocation.subject();
      const fault = invocation.struckBy(['send-failed', 'send-unknown'])?.kind;
      // As on SQS by way of JSON: what the caller does with its objects is not sent.
      const bodies = messages.map(({ message, delaySeconds }) => ({
        text: JSON.stringify(message),
        message,
        delaySeconds,
      }));
      await invocation.call(about, drawTimes(invocation.random, latencies.queue), () => {
        if (fault === 'send-failed') throw new RetryableError('simulated: the queue takes nothing');
        for (const { text, message, delaySeconds } of bodies) {
          if (isOwnWord(message))
            log.add({ kind: 'reported', event: { ...message, source: message.reporter ?? message.source } });
          const lateMs = invocation.struckBy(['message-delayed'], about)?.sizeMs ?? 0;
          queues.put(message, text, delaySeconds * 1000 + lateMs);
        }
        if (fault === 'send-unknown') throw new RetryableError('simulated: the queue breaks off');
      });
    },
  };
}
