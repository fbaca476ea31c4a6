import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { WorkerAnswer } from '#events/fence-worker.ts';

/** A request as it lies in the queue. */
export interface Received {
  readonly body: string;
  readonly receiptHandle: string;
  /** How often it was given out, this time included. */
  readonly receives: number;
}

export interface RequestQueue {
  /** Waits for requests, some seconds at most. */
  receive(max: number): Promise<readonly Received[]>;
  /**
   * Takes a request out of the queue, so that it is given out no more.
   * @returns the latest that it can be now by the queue's own clock, Unix ms
   * @throws Error when it may be in the queue still, or the queue tells no time: then it is not to be run
   */
  claim(request: Received): Promise<number>;
  answer(answer: WorkerAnswer): Promise<void>;
  close(): void;
}

export interface QueuePlace {
  readonly client: SQSClient;
  readonly requestsUrl: string;
  readonly answersUrl: string;
}

/**
 * A receive whose worker has died may be given a request yet, which nobody does then: so it waits for less than SQS would let
 * it (20 s).
 */
const LONG_POLL_SECONDS = 5;

export function requestQueue({ client, requestsUrl, answersUrl }: QueuePlace): RequestQueue {
  return {
    receive: async (max) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: requestsUrl,
          MaxNumberOfMessages: max,
          WaitTimeSeconds: LONG_POLL_SECONDS,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      return Messages.map(toReceived);
    },
    claim: async ({ receiptHandle }) => {
      const elapsed = stopwatch();
      const command = new DeleteMessageCommand({ QueueUrl: requestsUrl, ReceiptHandle: receiptHandle });
      let date: string | undefined;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          date = dateOf(result.response);
          return result;
        },
        { step: 'deserialize', name: 'timeOfQueue' },
      );
      await client.send(command);
      const toldMs = Date.parse(date ?? '');
      if (Number.isNaN(toldMs)) throw new Error('the queue does not tell what time it is');
      return toldMs + DATE_STEP_MS - 1 + elapsed();
    },
    answer: async (answer) => {
      await client.send(new SendMessageCommand({ QueueUrl: answersUrl, MessageBody: JSON.stringify(answer) }));
    },
    close: () => client.destroy(),
  };
}

/** A date in HTTP leaves out what has passed of its second. */
const DATE_STEP_MS = 1_000;

/** Time that has passed, in ms. A machine that was suspended meanwhile stops one of the two clocks. */
function stopwatch(): () => number {
  const [runningMs, wallMs] = [performance.now(), Date.now()];
  return () => Math.ceil(Math.max(performance.now() - runningMs, Date.now() - wallMs));
}

/** RFC 9110, 6.6.1: when the answer was made, to the second. */
function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  return (response.headers as Readonly<Record<string, string | undefined>>).date;
}

const toReceived = ({ Body = '', ReceiptHandle = '', Attributes = {} }: Message): Received => ({
  body: Body,
  receiptHandle: ReceiptHandle,
  receives: Number(Attributes.ApproximateReceiveCount),
});
