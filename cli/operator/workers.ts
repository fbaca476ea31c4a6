import type { Command } from 'commander';
import { fenceRequestsOf } from '#events/catalog.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import type { Workers } from '#shared/ports.ts';
import { askingWorkers } from '#shared/shell/ask-worker.ts';
import { withState } from '../commands/read-state.ts';
import type { Queues } from './queues.ts';

/** The fence workers as the salvor asks them that has these queues. */
export async function withWorkersOf<T>(
  command: Command,
  { client, urlOf }: Queues,
  names: readonly string[],
  use: (workers: Workers) => Promise<T>,
): Promise<T> {
  const { sqsWorkerQueues } = await import('#shared/adapters/sqs/worker-queues.ts');
  const queues = sqsWorkerQueues(client, Object.fromEntries(names.map((name) => [name, urlOf(fenceRequestsOf(name))])));
  try {
    return await withState(command, (state) =>
      use(askingWorkers({ queues, state, clock: systemClock, chance: systemChance })),
    );
  } finally {
    client.destroy();
  }
}
