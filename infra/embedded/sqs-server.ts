import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueOf, type QueueName, type QueueSpec } from '#events/catalog.ts';
import type { QueueLook } from '#shared/ports.ts';
import { ACCOUNT_ID, arnOf, keepIn, loadSqsStore, REGION, type SqsQueue, type SqsStore, sqsApp } from './fauxqs.ts';
import { openQueueJournal, type QueueJournal } from './queue-journal.ts';
import { isServed } from './served.ts';
import { makeWorkerQueues } from './worker-queues.ts';

const LOOPBACK = '127.0.0.1';
/** 42 invocations with their deletes and sends, and a long poll per queue: none waits for a connection. */
const MAX_CONNECTIONS = 256;

export type QueueSpecs = Readonly<Record<QueueName, QueueSpec>>;
export type QueueUrls = Readonly<Record<QueueName, string>>;

/** How many messages a queue holds, and how many its dead-letter queue. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLettered: number;
}

export interface SqsServer {
  readonly endpoint: string;
  readonly queueUrls: QueueUrls;
  /** Addresses of the queues of fence workers, by their names. */
  readonly workerUrls: Readonly<Record<string, string>>;
  /** Queues on disk that the catalogue does not name; their messages stay there. */
  readonly unknownQueues: readonly string[];
  readonly client: SQSClient;
  depths(): Readonly<Record<QueueName, QueueDepth>>;
  /** The same for people, with the age of the oldest. */
  looks(): readonly QueueLook[];
  /** Answers every long poll now, and lets no other wait. */
  endLongPolls(): void;
  close(): Promise<void>;
}

export interface SqsServerOptions {
  /** Where the messages are kept; without it they live in memory. */
  readonly folder: string | undefined;
  /** 0 for any that is free. Queue URLs of an earlier port stay valid for clients that are given the endpoint. */
  readonly port: number;
  readonly queues: QueueSpecs;
  /** Fence workers that have a queue of their own. */
  readonly workers?: readonly string[];
}

/**
 * The queues of the catalogue behind the SQS API, on loopback only. Any access key is taken: who can reach the
 * loopback address of this machine can send.
 * @throws Error when the port is taken or the folder cannot be written.
 */
export async function startSqsServer(options: SqsServerOptions): Promise<SqsServer> {
  const { folder, port, queues, workers = [] } = options;
  const store = await loadSqsStore();
  // Queue URLs hold the address the client called, not a name that no resolver knows.
  store.host = '';
  store.region = REGION;
  const journal = folder === undefined ? undefined : openJournal(folder, store);
  const app = sqsApp(store);
  const ready = Promise.withResolvers<void>();
  let ending = false;
  app.addHook('onRequest', async ({ method, url, headers }, reply) => {
    if (!isServed(method, url, headers)) return reply.code(403).send('salvor serves SQS here, for its own queues');
    await ready.promise;
  });
  app.addHook('preHandler', async ({ body }) => {
    if (ending && typeof body === 'object' && body !== null && 'WaitTimeSeconds' in body) body.WaitTimeSeconds = 0;
  });
  app.addHook('onSend', async () => journal?.committed());
  app.addHook('onClose', async () => journal?.close());
  const endpoint = await app.listen({ port, host: LOOPBACK }).catch((error: unknown) => {
    journal?.close();
    throw error;
  });
  const urlOf = (name: string) => queueUrlAt(endpoint, name);
  const names = Object.keys(queues) as QueueName[];
  const made = new Map(names.map((name) => [name, makeQueues(store, journal, urlOf, name, queues[name])]));
  const ofWorkers = makeWorkerQueues(store, urlOf, workers);
  ready.resolve();

  const client = embeddedClient(endpoint);
  return {
    endpoint,
    queueUrls: Object.fromEntries(names.map((name) => [name, urlOf(name)])) as QueueUrls,
    workerUrls: ofWorkers.urls,
    unknownQueues: [...(journal?.kept.keys() ?? [])].filter((name) => store.getQueueByName(name) === undefined),
    client,
    depths: () =>
      Object.fromEntries([...made].map(([name, pair]) => [name, depthOf(pair)])) as Record<QueueName, QueueDepth>,
    looks: () => [...made].map(([name, pair]) => lookOf(name, pair)),
    endLongPolls: () => {
      ending = true;
      store.shutdown();
    },
    close: async () => {
      ofWorkers.close();
      client.destroy();
      await app.close();
    },
  };
}

/** An SDK client for an emulator: the queue URLs need not hold its address. */
export function embeddedClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    useQueueUrlAsEndpoint: false,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: MAX_CONNECTIONS } },
  });
}

function openJournal(folder: string, store: SqsStore): QueueJournal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const journal = openQueueJournal(join(folder, 'queues.sqlite'));
  keepIn(journal, store);
  return journal;
}

interface QueuePair {
  readonly queue: SqsQueue;
  readonly dead: SqsQueue;
}

function makeQueues(
  store: SqsStore,
  journal: QueueJournal | undefined,
  urlOf: (name: string) => string,
  name: QueueName,
  { visibilityTimeoutSeconds, maxReceiveCount }: QueueSpec,
): QueuePair {
  const make = (queueName: string, attributes: Record<string, string>): SqsQueue => {
    const arn = arnOf(queueName);
    const queue = store.createQueue(queueName, urlOf(queueName), arn, attributes);
    for (const message of journal?.kept.get(queueName) ?? [])
      ((message.delayUntil ?? 0) > Date.now() ? queue.delayedMessages : queue.messages).push(message);
    return queue;
  };
  const dead = make(deadLetterQueueOf(name), {});
  const queue = make(name, {
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount }),
  });
  return { queue, dead };
}

export const queueUrlAt = (endpoint: string, queue: string): string => `${endpoint}/${ACCOUNT_ID}/${queue}`;

function depthOf({ queue, dead }: QueuePair): QueueDepth {
  return {
    visible: queue.messages.length,
    inFlight: queue.inflightMessages.size,
    delayed: queue.delayedMessages.length,
    deadLettered: dead.messages.length + dead.inflightMessages.size,
  };
}

function lookOf(name: QueueName, pair: QueuePair): QueueLook {
  const { visible, inFlight, delayed, deadLettered } = depthOf(pair);
  const since = pair.queue.messages.map(({ sentTimestamp, delayUntil = 0 }) => Math.max(sentTimestamp, delayUntil));
  const oldestAtMs = since.length === 0 ? null : since.reduce((oldest, each) => Math.min(oldest, each));
  return { name, waiting: visible, inFlight, delayed, deadLetters: deadLettered, oldestAtMs };
}
