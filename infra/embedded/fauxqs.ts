import { buildApp } from 'fauxqs';

/**
 * fauxqs's main module exports no stores, and the only start it offers listens on every address of the machine.
 * So the store's class is loaded by its file; all that depends on fauxqs's inside is in this folder, and
 * `test/infra/embedded/fauxqs.test.ts` fails when another version is different.
 */
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

export type SqsStore = Stores['sqsStore'];
export type SqsQueue = ReturnType<SqsStore['createQueue']>;
export type SqsMessage = SqsQueue['messages'][number];
type Persistence = NonNullable<SqsStore['persistence']>;

/** All that fauxqs asks of its persistence for SQS. */
export type SqsPersistence = Pick<
  Persistence,
  | 'insertQueue'
  | 'deleteQueue'
  | 'updateQueueAttributes'
  | 'updateQueueSequenceCounter'
  | 'insertMessage'
  | 'deleteMessage'
  | 'updateMessageInflight'
  | 'updateMessageReady'
  | 'deleteQueueMessages'
>;

/** The account in every ARN and queue URL of fauxqs. */
export const ACCOUNT_ID = '000000000000';

/** Of every ARN; clients may sign with any. */
export const REGION = 'us-east-1';

export const arnOf = (queue: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:${queue}`;

interface StoreModule {
  readonly SqsStore: new () => SqsStore;
}

/** @throws Error when the installed fauxqs is not of the form that this folder was written for. */
export async function loadSqsStore(): Promise<SqsStore> {
  const file = new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs'));
  const loaded: unknown = await import(file.href);
  if (!hasStore(loaded)) throw new Error(`this fauxqs has no SqsStore in ${file.pathname}`);
  const store = new loaded.SqsStore();
  const needed = ['createQueue', 'getQueueByName', 'getQueue', 'shutdown'] as const;
  const missing = needed.filter((name) => typeof store[name] !== 'function');
  if (missing.length > 0) throw new Error(`this fauxqs's SqsStore has no ${missing.join(', ')}`);
  return store;
}

const hasStore = (loaded: unknown): loaded is StoreModule =>
  typeof loaded === 'object' && loaded !== null && 'SqsStore' in loaded && typeof loaded.SqsStore === 'function';

/** fauxqs's own class has private fields, so nothing else is of its type; it calls no more than these methods. */
export function keepIn(persistence: SqsPersistence, store: SqsStore): void {
  store.persistence = persistence as Persistence;
}

/** The HTTP side of fauxqs around a store, without a log line per request; it does not listen yet. */
export function sqsApp(store: SqsStore): ReturnType<typeof buildApp> {
  // fauxqs makes the other two itself when they are not given.
  return buildApp({ logger: false, stores: { sqsStore: store } as Stores });
}
