import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { SqsServer } from '#infra/embedded/sqs-server.ts';
import { newFolder, openServer, PATIENCE, receiveTexts, sendTexts, withSpec } from './support.ts';

const urlOf = ({ queueUrls }: SqsServer): string => queueUrls['host-events'];

async function receiveOne(server: SqsServer): Promise<Message> {
  const { Messages = [] } = await server.client.send(
    new ReceiveMessageCommand({ QueueUrl: urlOf(server), MessageSystemAttributeNames: ['All'] }),
  );
  const [message] = Messages;
  if (message === undefined) throw new Error('no message is visible');
  return message;
}

/** Closes the server and opens another on the same folder. */
async function reopen(server: SqsServer, folder: string, queues = withSpec({})): Promise<SqsServer> {
  await server.close();
  return openServer({ folder, queues });
}

describe('a restart keeps', () => {
  test('messages in their order, with all that was sent along', async () => {
    const folder = newFolder();
    const server = await openServer({ folder });
    await sendTexts(server.client, urlOf(server), ['one', 'two', 'three']);
    const MessageAttributes = {
      text: { DataType: 'String', StringValue: 'grün' },
      bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
    };
    await server.client.send(
      new SendMessageCommand({ QueueUrl: urlOf(server), MessageBody: 'four', MessageAttributes }),
    );
    const again = await reopen(server, folder);
    const { Messages = [] } = await again.client.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf(again), MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    expect(Messages.map(({ Body }) => Body)).toEqual(['one', 'two', 'three', 'four']);
    expect(Messages[3]?.MessageAttributes).toEqual(MessageAttributes);
  });

  test('a delay', async () => {
    const folder = newFolder();
    const server = await openServer({ folder });
    await server.client.send(
      new SendMessageCommand({ QueueUrl: urlOf(server), MessageBody: 'later', DelaySeconds: 900 }),
    );
    await server.client.send(new SendMessageCommand({ QueueUrl: urlOf(server), MessageBody: 'soon', DelaySeconds: 1 }));
    const again = await reopen(server, folder);
    expect(again.depths()['host-events'].delayed).toBeGreaterThanOrEqual(1);
    await expect.poll(() => receiveTexts(again.client, urlOf(again)), PATIENCE).toEqual(['soon']);
    expect(again.depths()['host-events'].delayed).toBe(1);
  });

  test('how often a message was received; nobody holds it any more', async () => {
    const folder = newFolder();
    const server = await openServer({ folder });
    await sendTexts(server.client, urlOf(server), ['held']);
    const first = await receiveOne(server);
    const second = await receiveOne(await reopen(server, folder));
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      SentTimestamp: first.Attributes?.SentTimestamp,
      ApproximateFirstReceiveTimestamp: first.Attributes?.ApproximateFirstReceiveTimestamp,
    });
  });

  test('no message that was deleted or purged', async () => {
    const folder = newFolder();
    let server = await openServer({ folder });
    await sendTexts(server.client, urlOf(server), ['done', 'open']);
    const { ReceiptHandle } = await receiveOne(server);
    await server.client.send(new DeleteMessageCommand({ QueueUrl: urlOf(server), ReceiptHandle }));
    server = await reopen(server, folder);
    expect(await receiveTexts(server.client, urlOf(server))).toEqual(['open']);
    await server.client.send(new PurgeQueueCommand({ QueueUrl: urlOf(server) }));
    server = await reopen(server, folder);
    expect(await receiveTexts(server.client, urlOf(server))).toEqual([]);
  });

  test('what went to the dead-letter queue, there and nowhere else', async () => {
    const folder = newFolder();
    const queues = withSpec({ maxReceiveCount: 1 });
    const server = await openServer({ folder, queues });
    await sendTexts(server.client, urlOf(server), ['poison']);
    const { ReceiptHandle } = await receiveOne(server);
    const giveBack = new ChangeMessageVisibilityCommand({
      QueueUrl: urlOf(server),
      ReceiptHandle,
      VisibilityTimeout: 0,
    });
    await server.client.send(giveBack);
    expect(await receiveTexts(server.client, urlOf(server))).toEqual([]);
    const again = await reopen(server, folder, queues);
    expect(await receiveTexts(again.client, urlOf(again))).toEqual([]);
    const { QueueUrl = '' } = await again.client.send(new GetQueueUrlCommand({ QueueName: 'host-events-dlq' }));
    expect(await receiveTexts(again.client, QueueUrl)).toEqual(['poison']);
  });

  test('messages of a queue that is no more aside, and says so', async () => {
    const folder = newFolder();
    const server = await openServer({ folder });
    await sendTexts(server.client, urlOf(server), ['kept']);
    await server.close();
    const { 'host-events': _gone, ...others } = withSpec({});
    const without = await openServer({ folder, queues: others as ReturnType<typeof withSpec> });
    expect(without.unknownQueues).toEqual(['host-events']);
    const again = await reopen(without, folder);
    expect(again.unknownQueues).toEqual([]);
    expect(await receiveTexts(again.client, urlOf(again))).toEqual(['kept']);
  });
});

test('a message that is given back is visible at once', async () => {
  const server = await openServer({ folder: newFolder() });
  await sendTexts(server.client, urlOf(server), ['back']);
  const { ReceiptHandle } = await receiveOne(server);
  await server.client.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: urlOf(server), ReceiptHandle, VisibilityTimeout: 0 }),
  );
  expect(await receiveTexts(server.client, urlOf(server))).toEqual(['back']);
});

test('what cannot be written is not accepted, and the queues work again when it can', async () => {
  const folder = newFolder();
  const server = await openServer({ folder });
  const blocker = new DatabaseSync(join(folder, 'queues.sqlite'));
  blocker.exec('BEGIN IMMEDIATE');
  await expect(sendTexts(server.client, urlOf(server), ['lost'])).rejects.toThrow();
  blocker.exec('ROLLBACK');
  blocker.close();
  await sendTexts(server.client, urlOf(server), ['kept']);
  const again = await reopen(server, folder);
  expect(await receiveTexts(again.client, urlOf(again))).toEqual(['kept']);
});
