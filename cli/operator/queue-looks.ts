import type { Command } from 'commander';
import type { QueueLooks } from '#shared/ports.ts';
import { queuesOf } from './queues.ts';

/** The queues of a salvor that runs, or of a stack whose queue is named; a look is refused where there is neither. */
export const queueLooksOf = (command: Command): QueueLooks => ({
  look: async () => {
    const { client, urlOf } = await queuesOf(command);
    const { sqsQueueLooks } = await import('#shared/adapters/sqs/depths.ts');
    try {
      return await sqsQueueLooks(client, urlOf).look();
    } finally {
      client.destroy();
    }
  },
});
