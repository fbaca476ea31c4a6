import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** A message that was received too often, as it lies in its dead-letter queue. */
export interface DeadLetter {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly receiptHandle: string;
  /** Who had sent it, where SQS tells that. */
  readonly senderId?: string;
}

/** While they are looked at nobody else is given them. */
const HIDDEN_SECONDS = 60;
const MESSAGES_PER_RECEIVE = 10;
/** SQS hands out what is on the machines that it asks: an empty answer or two may come before all are seen. */
const EMPTY_ANSWERS = 2;

/** All that is in a dead-letter queue now, oldest first. They stay hidden for a minute, or until they are shown again. */
export async function takeDeadLetters(client: SQSClient, QueueUrl: string): Promise<readonly DeadLetter[]> {
  const letters = new Map<string, DeadLetter>();
  for (let empty = 0; empty < EMPTY_ANSWERS; ) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MESSAGES_PER_RECEIVE,
        VisibilityTimeout: HIDDEN_SECONDS,
        MessageSystemAttributeNames: ['SentTimestamp', 'SenderId'],
      }),
    );
    const before = letters.size;
    for (const message of Messages) {
      const letter = toLetter(message);
      letters.set(letter.messageId, letter);
    }
    empty = letters.size > before ? 0 : empty + 1;
  }
  return [...letters.values()].sort((a, b) => a.sentAtMs - b.sentAtMs);
}

const toLetter = ({ MessageId = '', Body = '', ReceiptHandle = '', Attributes = {} }: Message): DeadLetter => ({
  messageId: MessageId,
  body: Body,
  receiptHandle: ReceiptHandle,
  sentAtMs: Number(Attributes.SentTimestamp),
  ...(Attributes.SenderId === undefined ? {} : { senderId: Attributes.SenderId }),
});

/** Whoever looks next sees them again. */
export async function showAgain(client: SQSClient, QueueUrl: string, letters: readonly DeadLetter[]): Promise<void> {
  for (let start = 0; start < letters.length; start += MESSAGES_PER_RECEIVE) {
    const Entries = letters
      .slice(start, start + MESSAGES_PER_RECEIVE)
      .map(({ receiptHandle: ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}

/**
 * Sends a dead letter to its queue again. It is deleted last, so that a crash in between leaves it in both, and nowhere
 * in none: whoever is given it twice tells the repeat. (StartMessageMoveTask is not everywhere where SQS is.)
 * @param body what is sent in its place
 */
export async function sendBack(
  client: SQSClient,
  from: string,
  to: string,
  letter: DeadLetter,
  body: string = letter.body,
): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: to, MessageBody: body }));
  await drop(client, from, letter);
}

export async function drop(client: SQSClient, QueueUrl: string, { receiptHandle }: DeadLetter): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
}
