import { FENCE_REQUESTS, fenceRequestsOf } from '#events/catalog.ts';
import { arnOf, type SqsQueue, type SqsStore } from './fauxqs.ts';

export interface WorkerQueuesMade {
  /** By the names of the workers. */
  readonly urls: Readonly<Record<string, string>>;
  close(): void;
}

const PRUNE_EVERY_MS = 10_000;

/**
 * The queues of the fence workers. A request that was not taken at once is void: they are not kept on disk, and fauxqs,
 * which knows no retention, is helped to forget. What a worker has received and not deleted is void by the time it shows.
 */
export function makeWorkerQueues(
  store: SqsStore,
  urlOf: (name: string) => string,
  workers: readonly string[],
): WorkerQueuesMade {
  const { visibilityTimeoutSeconds, retentionSeconds } = FENCE_REQUESTS;
  const attributes = {
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(retentionSeconds),
  };
  const queues = workers.map((worker) => {
    const name = fenceRequestsOf(worker);
    const queue = store.createQueue(name, urlOf(name), arnOf(name), attributes);
    delete queue.persistence;
    return queue;
  });
  const timer = setInterval(() => {
    for (const queue of queues) prune(queue, Date.now() - retentionSeconds * 1000);
  }, PRUNE_EVERY_MS);
  return {
    urls: Object.fromEntries(workers.map((worker) => [worker, urlOf(fenceRequestsOf(worker))])),
    close: () => clearInterval(timer),
  };
}

/** They lie in the order in which they came. */
export function prune({ messages }: Pick<SqsQueue, 'messages'>, beforeMs: number): void {
  const young = messages.findIndex(({ sentTimestamp }) => sentTimestamp >= beforeMs);
  messages.splice(0, young < 0 ? messages.length : young);
}
