import * as z from 'zod';
import { deadLetterQueueOf, QUEUES, type QueueName } from '#events/catalog.ts';
import { ConflictError, PermanentError, RetryableError } from '#shared/errors.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { loadParked, parkedId, parkWrites, type ToPark } from '#shared/state/parked.ts';

const MAX_RACES = 8;

/** A record of an SQS event, as Lambda hands it over (Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    readonly SentTimestamp: string;
    /** Who sent it. Absent where nobody is told from another. */
    readonly SenderId?: string;
  };
}

/** Ids of the records that must come again; all others are done, and the event source deletes them. */
export type BatchResult = readonly string[];

export interface QueueFunction {
  readonly queue: QueueName;
  /** Never throws for one record: a bad record does not fail its batch. */
  readonly handle: (services: Services, records: readonly SqsRecord[]) => Promise<BatchResult>;
}

/** A function that works on each message by itself, all of a batch at the same time. */
export function eachMessage<T>(
  queue: QueueName,
  handleOne: (services: Services, delivery: Delivery<T>) => Promise<void>,
): QueueFunction {
  const handle = async (services: Services, records: readonly SqsRecord[]): Promise<BatchResult> => {
    const results = await Promise.all(
      records.map((record) =>
        settle(services, queue, record, async () => {
          const message = parseMessage<T>(queue, record.body);
          await handleOne(services, deliveryOf(record, message));
        }),
      ),
    );
    return results.filter((id) => id !== undefined);
  };
  return { queue, handle };
}

export const deliveryOf = <T>({ attributes }: SqsRecord, message: T): Delivery<T> => ({
  message,
  redelivered: Number(attributes.ApproximateReceiveCount) > 1,
  sentAtMs: Number(attributes.SentTimestamp),
  ...(attributes.SenderId === undefined ? {} : { senderId: attributes.SenderId }),
});

/** @throws PermanentError that says what is wrong with the body, without repeating it. */
function parseMessage<T>(queue: QueueName, body: string): T {
  const parsed = QUEUES[queue].schema.safeParse(parseJson(body));
  if (!parsed.success) throw new PermanentError(`not a message of ${queue}: ${z.prettifyError(parsed.error)}`);
  return parsed.data as T;
}

/** @throws PermanentError when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PermanentError('the body is not JSON');
  }
}

/** Runs the work on one record. Its id comes back when it must be delivered again. */
async function settle(
  services: Services,
  queue: QueueName,
  record: SqsRecord,
  work: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof PermanentError)) return again(services, queue, record, error);
    try {
      await park(services, [{ because: error.message, subject: queue, body: record.body }]);
      return undefined;
    } catch (failure) {
      return again(services, queue, record, failure);
    }
  }
}

/** The record comes again; or it was the last time, and it goes to the dead-letter queue: then it is noted, why. */
export async function again(services: Services, queue: QueueName, record: SqsRecord, error: unknown): Promise<string> {
  const { messageId, attributes, body } = record;
  const because = error instanceof Error ? error.message : String(error);
  services.log.error('message goes back to its queue', { queue, messageId, error: because });
  const { maxReceiveCount } = QUEUES[queue];
  if (Number(attributes.ApproximateReceiveCount) >= maxReceiveCount)
    await note(services, {
      because: `after ${maxReceiveCount} tries: ${because}`,
      subject: deadLetterQueueOf(queue),
      body,
    });
  return messageId;
}

/** For `salvor parked` and `salvor redrive`. The store may be what fails: then the log alone tells. */
async function note(services: Services, letter: ToPark): Promise<void> {
  try {
    await park(services, [letter]);
  } catch (error) {
    services.log.error('a dead letter could not be noted', { subject: letter.subject, error: String(error) });
  }
}

/** Parks messages of one reason and subject. Says so when it writes, so that a flood does not become a flood of lines. */
export async function park(services: Services, messages: readonly ToPark[]): Promise<void> {
  const first = messages[0];
  if (first === undefined) return;
  if (!(await countParked(services, first, messages))) return;
  // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
  const { because, subject } = first;
  services.log.warn('message parked', { fact: 'message-parked', because, subject, count: messages.length });
}

/** Others may park the same at the same moment: then theirs is counted on. @returns whether anything was written */
async function countParked(services: Services, first: ToPark, messages: readonly ToPark[]): Promise<boolean> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const known = await loadParked(services.state, parkedId(first));
    const writes = parkWrites(known, messages, services.clock.now());
    if (writes.length === 0) return false;
    try {
      await services.state.transact(writes);
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`what is parked for ${first.subject} lost ${MAX_RACES} races`);
}
