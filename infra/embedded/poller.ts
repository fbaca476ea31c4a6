import { setTimeout } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueueSpec } from '#events/catalog.ts';
import type { SqsBatchResponse, SqsEvent } from '#shared/lambda/handler.ts';
import type { Log } from '#shared/services.ts';
import { messageOf, within } from './deadline.ts';
import { toSqsEvent } from './sqs-event.ts';

/** The longest that SQS lets a receive wait, and the most it hands out at once (API reference, ReceiveMessage). */
const LONG_POLL_SECONDS = 20;
const MESSAGES_PER_RECEIVE = 10;
const PAUSE_AFTER_ERROR_MS = 1_000;

export interface PollerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly spec: QueueSpec;
  readonly invoke: (event: SqsEvent) => Promise<SqsBatchResponse>;
  readonly log: Log;
}

export interface Poller {
  /**
   * Receives no more, and resolves when every invocation has ended or is out of time. A receive that waits is
   * waited for: the server must end its long polls.
   */
  stop(): Promise<void>;
}

/** What Lambda's event source mapping does for a queue with `ReportBatchItemFailures`. */
export function startPoller(options: PollerOptions): Poller {
  const { concurrency } = options.spec;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (running.size >= concurrency) {
        await Promise.race(running);
        continue;
      }
      try {
        const messages = await receive(options);
        if (messages.length === 0) continue;
        const one: Promise<void> = work(options, messages).finally(() => running.delete(one));
        running.add(one);
      } catch (error) {
        options.log.error('cannot receive', { function: options.spec.function, error: messageOf(error) });
        await setTimeout(PAUSE_AFTER_ERROR_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    await Promise.all(running);
  }

  const ended = poll();
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function receive({ client, queueUrl, spec }: PollerOptions): Promise<readonly Message[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(spec.batchSize, MESSAGES_PER_RECEIVE),
      WaitTimeSeconds: LONG_POLL_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

/** Never throws: what is not deleted comes again after its visibility timeout. */
async function work(options: PollerOptions, messages: readonly Message[]): Promise<void> {
  const { client, queueUrl, spec, log } = options;
  const stayHidden = keepHidden(options, messages);
  try {
    const done = await invoke(options, messages);
    if (done.length === 0) return;
    const { Failed = [] } = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: handles(done) }),
    );
    if (Failed.length > 0) throw new Error(`${Failed.length} messages were not deleted: ${Failed[0]?.Message}`);
  } catch (error) {
    log.error('a batch comes again', { function: spec.function, messages: messages.length, error: messageOf(error) });
  } finally {
    clearInterval(stayHidden);
  }
}

/** @returns the messages that are done. */
async function invoke(
  { spec, queueArn, invoke: run }: PollerOptions,
  messages: readonly Message[],
): Promise<readonly Message[]> {
  const { batchItemFailures } = await within(spec.functionTimeoutSeconds, run(toSqsEvent(messages, queueArn)));
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  const done = messages.filter(({ MessageId }) => !failed.delete(MessageId ?? ''));
  // As on Lambda: an answer that names no message of the batch fails all of it.
  if (failed.size > 0) throw new Error(`the function names messages that are not of its batch: ${[...failed]}`);
  return done;
}

/** At half of the visibility timeout, and again, while the work goes on. */
function keepHidden({ client, queueUrl, spec, log }: PollerOptions, messages: readonly Message[]): NodeJS.Timeout {
  const { visibilityTimeoutSeconds: VisibilityTimeout } = spec;
  const extend = async (): Promise<void> => {
    const Entries = handles(messages).map((entry) => ({ ...entry, VisibilityTimeout }));
    try {
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
    } catch (error) {
      log.error('cannot keep messages hidden', { function: spec.function, error: messageOf(error) });
    }
  };
  return setInterval(extend, (VisibilityTimeout * 1000) / 2);
}

const handles = (messages: readonly Message[]) =>
  messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
