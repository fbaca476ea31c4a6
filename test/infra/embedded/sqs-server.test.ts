import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { queueUrlAt } from '#infra/embedded/sqs-server.ts';
import { sqsQueueLooks } from '#shared/adapters/sqs/depths.ts';
import { afterwards, openServer, receiveTexts, sendTexts, withSpec } from './support.ts';

const connects = (host: string, port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port, timeout: 5_000 });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('timeout', () => resolve(false));
  return promise.finally(() => socket.destroy());
};

describe('where it listens', () => {
  test('is loopback, and no other address of this machine', async () => {
    const { endpoint } = await openServer();
    const { hostname, port } = new URL(endpoint);
    expect(hostname).toBe('127.0.0.1');
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address, scopeid = 0 }) => address !== '127.0.0.1' && scopeid === 0)
      .map(({ address }) => address);
    // Every address of 127.0.0.0/8 is the machine's own: a server on 0.0.0.0 answers on this one too.
    for (const address of ['127.0.0.2', ...others])
      expect([address, await connects(address, Number(port))]).toEqual([address, false]);
    expect(await connects('127.0.0.1', Number(port))).toBe(true);
  });

  test('is the port that was asked for, and a taken port is an error', async () => {
    const { endpoint } = await openServer();
    const port = Number(new URL(endpoint).port);
    await expect(openServer({ port })).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('what it serves', () => {
  const post = (endpoint: string, target: string, body: object, headers: Record<string, string> = {}) =>
    fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${target}`, ...headers },
      body: JSON.stringify(body),
    });

  test('plain HTTP clients, as curl', async () => {
    const { endpoint, client, queueUrls } = await openServer();
    const QueueUrl = queueUrls['host-events'];
    const answer = await post(endpoint, 'SendMessage', { QueueUrl, MessageBody: 'from curl' });
    expect(answer.status).toBe(200);
    expect(await receiveTexts(client, QueueUrl)).toEqual(['from curl']);
  });

  test('an SDK with its defaults, any credentials and any region, given only the queue URL', async () => {
    const { queueUrls, client } = await openServer();
    const other = new SQSClient({ region: 'eu-west-3', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    afterwards(() => other.destroy());
    await sendTexts(other, queueUrls['host-events'], ['from afar']);
    expect(await receiveTexts(client, queueUrls['host-events'])).toEqual(['from afar']);
  });

  test('queue URLs of an earlier port, and says the present one', async () => {
    const { queueUrls, client } = await openServer();
    const earlier = 'http://127.0.0.1:1/000000000000/host-events';
    await sendTexts(client, earlier, ['to the old URL']);
    expect(await receiveTexts(client, queueUrls['host-events'])).toEqual(['to the old URL']);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'host-events' }));
    expect(QueueUrl).toBe(queueUrls['host-events']);
  });

  test.each(['CreateQueue', 'DeleteQueue', 'SetQueueAttributes', 'NoSuchAction'])('not %s', async (action) => {
    const { endpoint, queueUrls } = await openServer();
    const answer = await post(endpoint, action, {
      QueueName: 'other',
      QueueUrl: queueUrls['host-events'],
      Attributes: {},
    });
    expect(answer.status).toBe(403);
  });

  test('no web page', async () => {
    const { endpoint, queueUrls } = await openServer();
    const body = { QueueUrl: queueUrls['host-events'], MessageBody: 'x' };
    expect((await post(endpoint, 'SendMessage', body, { origin: 'http://127.0.0.1' })).status).toBe(403);
  });

  test.each([
    ['GET', '/_fauxqs/queues'],
    ['GET', '/health'],
    ['PUT', '/bucket'],
    ['POST', '/?Action=ListTopics'],
  ])('nothing else of fauxqs: %s %s', async (method, path) => {
    const { endpoint } = await openServer();
    expect((await fetch(endpoint + path, { method })).status).toBe(403);
  });
});

describe('its queues', () => {
  test('have the numbers of the catalogue and a dead-letter queue each', async () => {
    const { client, queueUrls } = await openServer({
      queues: withSpec({ visibilityTimeoutSeconds: 77, maxReceiveCount: 4 }),
    });
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrls['host-events'], AttributeNames: ['All'] }),
    );
    expect(Attributes?.VisibilityTimeout).toBe('77');
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:host-events-dlq',
      maxReceiveCount: 4,
    });
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'host-events-dlq' }));
    expect(await receiveTexts(client, QueueUrl ?? '')).toEqual([]);
  });

  test('are counted', async () => {
    const { client, queueUrls, depths } = await openServer();
    await sendTexts(client, queueUrls['fence-host'], ['a', 'b', 'c']);
    await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrls['fence-host'], MaxNumberOfMessages: 1 }));
    expect(depths()['fence-host']).toEqual({ visible: 2, inFlight: 1, delayed: 0, deadLettered: 0 });
    await client.send(new PurgeQueueCommand({ QueueUrl: queueUrls['fence-host'] }));
    expect(depths()['fence-host']).toEqual({ visible: 0, inFlight: 0, delayed: 0, deadLettered: 0 });
  });

  test('are looked at by people, since when as well; by SQS alone, all but that', async () => {
    const { client, queueUrls, endpoint, looks } = await openServer();
    const before = Date.now();
    await sendTexts(client, queueUrls['fence-host'], ['a', 'b']);
    await sendTexts(client, queueUrlAt(endpoint, 'plan-evacuation-dlq'), ['dead']);
    const own = looks();
    const bySqs = await sqsQueueLooks(client, (name) => queueUrlAt(endpoint, name)).look();
    expect(bySqs.queues).toEqual(own.map((each) => ({ ...each, oldestAtMs: null })));
    const of = (name: string) => own.find((each) => each.name === name);
    expect(of('fence-host')).toMatchObject({ waiting: 2, inFlight: 0, delayed: 0, deadLetters: 0 });
    expect(of('fence-host')?.oldestAtMs).toBeGreaterThanOrEqual(before);
    expect(of('plan-evacuation')).toMatchObject({ waiting: 0, deadLetters: 1, oldestAtMs: null });
  });
});
