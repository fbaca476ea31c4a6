import { setTimeout } from 'node:timers/promises';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { QueueSpec } from '#events/catalog.ts';
import { arnOf } from '#infra/embedded/fauxqs.ts';
import { startPoller } from '#infra/embedded/poller.ts';
import type { SqsServer } from '#infra/embedded/sqs-server.ts';
import type { SqsBatchResponse, SqsEvent } from '#shared/lambda/handler.ts';
import { recordedLog } from './stubs.ts';
import { afterwards, openServer, PATIENCE, receiveTexts, sendTexts, withSpec } from './support.ts';

const ALL_DONE: SqsBatchResponse = { batchItemFailures: [] };
const failing = (...ids: readonly string[]): SqsBatchResponse => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});
const bodiesOf = (event: SqsEvent): readonly string[] => event.Records.map(({ body }) => body);

interface Playing {
  readonly server: SqsServer;
  readonly events: readonly SqsEvent[];
  readonly errors: () => readonly string[];
  readonly send: (...texts: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A function behind the host-events queue, and every event that it was given. */
async function play(
  spec: Partial<QueueSpec>,
  run: (event: SqsEvent, turn: number) => Promise<SqsBatchResponse>,
): Promise<Playing> {
  const queues = withSpec(spec);
  const server = await openServer({ queues });
  const events: SqsEvent[] = [];
  const log = recordedLog();
  const queueUrl = server.queueUrls['host-events'];
  const poller = startPoller({
    client: server.client,
    queueUrl,
    queueArn: arnOf('host-events'),
    spec: queues['host-events'],
    invoke: (event) => run(event, events.push(event)),
    log,
  });
  const stop = async (): Promise<void> => {
    const stopped = poller.stop();
    server.endLongPolls();
    await stopped;
  };
  afterwards(stop);
  const send = (...texts: readonly string[]) => sendTexts(server.client, queueUrl, texts);
  const errors = () => log.lines.filter(({ level }) => level === 'error').map(({ fields }) => JSON.stringify(fields));
  return { server, events, errors, send, stop };
}

const isEmpty = (server: SqsServer) => async (): Promise<boolean> => {
  const { visible, inFlight } = server.depths()['host-events'];
  return visible + inFlight === 0;
};

test('a function is given the event that Lambda hands over, and what it has done is gone', async () => {
  const { server, events } = await play({}, async () => ALL_DONE);
  await server.client.send(
    new SendMessageCommand({
      QueueUrl: server.queueUrls['host-events'],
      MessageBody: 'body',
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'value' },
        bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
      },
    }),
  );
  await expect.poll(isEmpty(server), PATIENCE).toBe(true);
  await expect.poll(() => events.length, PATIENCE).toBe(1);
  const unixMs = expect.stringMatching(/^\d{13}$/);
  const lists = { stringListValues: [], binaryListValues: [] };
  expect(events).toStrictEqual([
    {
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          receiptHandle: expect.any(String),
          body: 'body',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: unixMs,
            SenderId: '000000000000',
            ApproximateFirstReceiveTimestamp: unixMs,
          },
          messageAttributes: {
            text: { stringValue: 'value', ...lists, dataType: 'String' },
            bytes: { binaryValue: 'AP8=', ...lists, dataType: 'Binary' },
          },
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          md5OfBody: '841a2d689ad86bd1611447453c22c6fc',
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:host-events',
          awsRegion: 'us-east-1',
        },
      ],
    },
  ]);
});

test('no event is larger than the batch size', async () => {
  const { server, events, send } = await play({ batchSize: 3 }, async () => ALL_DONE);
  await send('a', 'b', 'c', 'd', 'e', 'f', 'g');
  await expect.poll(isEmpty(server), PATIENCE).toBe(true);
  expect(Math.max(...events.map(({ Records }) => Records.length))).toBe(3);
  expect(events.flatMap(bodiesOf).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});

test('no more invocations run at once than the catalogue allows', async () => {
  let running = 0;
  let most = 0;
  const { server, events, send } = await play({ batchSize: 1, concurrency: 3 }, async () => {
    running += 1;
    most = Math.max(most, running);
    await setTimeout(50);
    running -= 1;
    return ALL_DONE;
  });
  await send('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  await expect.poll(isEmpty(server), PATIENCE).toBe(true);
  expect(events).toHaveLength(8);
  expect(most).toBe(3);
});

describe('what fails', () => {
  const SOON = { visibilityTimeoutSeconds: 1, functionTimeoutSeconds: 5 };

  test('comes again alone', async () => {
    const { server, events, send } = await play(SOON, async ({ Records }, turn) =>
      turn === 1
        ? failing(...Records.filter(({ body }) => body === 'bad').map((record) => record.messageId))
        : ALL_DONE,
    );
    await send('good', 'bad', 'fine');
    await expect.poll(isEmpty(server), PATIENCE).toBe(true);
    expect(events.map(bodiesOf)).toEqual([['good', 'bad', 'fine'], ['bad']]);
    expect(events[1]?.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  test.each<[string, (event: SqsEvent) => Promise<SqsBatchResponse>]>([
    ['throws', () => Promise.reject(new Error('broken'))],
    ['names a message that is not of its batch', async () => failing('11111111-1111-4111-8111-111111111111')],
    ['does not end in time', () => new Promise(() => {})],
  ])('comes again as a whole when the function %s', async (_name, misbehave) => {
    const { server, events, errors, send } = await play({ ...SOON, functionTimeoutSeconds: 0.2 }, (event, turn) =>
      turn === 1 ? misbehave(event) : Promise.resolve(ALL_DONE),
    );
    await send('one', 'two');
    await expect.poll(() => events.length, PATIENCE).toBe(2);
    await expect.poll(isEmpty(server), PATIENCE).toBe(true);
    expect(events.map(bodiesOf)).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect(errors()).toHaveLength(1);
  });

  test('too often goes to the dead-letter queue', async () => {
    const { server, events, send } = await play({ ...SOON, maxReceiveCount: 2 }, async ({ Records }) =>
      failing(...Records.filter(({ body }) => body === 'poison').map(({ messageId }) => messageId)),
    );
    await send('poison', 'good');
    await expect.poll(() => server.depths()['host-events'].deadLettered, PATIENCE).toBe(1);
    expect(events.map(bodiesOf)).toEqual([['poison', 'good'], ['poison']]);
    const { QueueUrl = '' } = await server.client.send(new GetQueueUrlCommand({ QueueName: 'host-events-dlq' }));
    expect(await receiveTexts(server.client, QueueUrl)).toEqual(['poison']);
  });
});

test('a message stays hidden while the work on it goes on', async () => {
  const { server, events, send } = await play({ visibilityTimeoutSeconds: 1, functionTimeoutSeconds: 10 }, async () => {
    await setTimeout(2_500);
    return ALL_DONE;
  });
  await send('long');
  await expect.poll(() => events.length, PATIENCE).toBe(1);
  await expect.poll(isEmpty(server), PATIENCE).toBe(true);
  expect(events).toHaveLength(1);
});

test('a queue that cannot be reached is tried again', async () => {
  const { server, events, errors, send } = await play({}, async () => ALL_DONE);
  server.client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === 'ReceiveMessageCommand' && errors().length < 2
          ? Promise.reject(new Error('out of reach'))
          : next(args),
    { step: 'initialize', name: 'outage' },
  );
  await send('before');
  await expect.poll(() => errors().length, PATIENCE).toBe(2);
  await send('after');
  await expect.poll(() => events.flatMap(bodiesOf), PATIENCE).toEqual(['before', 'after']);
});

describe('stopping', () => {
  test('waits for what runs and deletes what it has done', async () => {
    const running = Promise.withResolvers<void>();
    const { server, events, send, stop } = await play({}, async () => {
      await running.promise;
      return ALL_DONE;
    });
    await send('last');
    await expect.poll(() => events.length, PATIENCE).toBe(1);
    const stopped = stop();
    await send('too late');
    running.resolve();
    await stopped;
    expect(events.flatMap(bodiesOf)).toEqual(['last']);
    expect(server.depths()['host-events']).toMatchObject({ visible: 1, inFlight: 0 });
  });

  test('does not wait for what hangs longer than its time', async () => {
    const { events, errors, send, stop } = await play({ functionTimeoutSeconds: 0.2 }, () => new Promise(() => {}));
    await send('hangs');
    await expect.poll(() => events.length, PATIENCE).toBe(1);
    await stop();
    expect(errors()).toHaveLength(1);
  });
});
