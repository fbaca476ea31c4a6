import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { embeddedClient } from '#infra/embedded/sqs-server.ts';
import { requestQueue } from '#infra/fence-worker/request-queue.ts';
import { sqsWorkerQueues } from '#shared/adapters/sqs/worker-queues.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { afterwards, openServer } from '../embedded/support.ts';
import { aRequest } from './support.ts';

async function open() {
  const server = await openServer({ workers: ['rack-a', 'rack-b'] });
  const { client, workerUrls, queueUrls } = server;
  const queueOf = (worker: string) => {
    const place = { client, requestsUrl: workerUrls[worker] ?? '', answersUrl: queueUrls['fence-answers'] };
    return requestQueue(place);
  };
  return { server, client, queueUrls, queueOf, workers: sqsWorkerQueues(client, workerUrls) };
}

it('gives a request to the worker whose it is, and to it alone', async () => {
  const { workers, queueOf } = await open();
  const request = aRequest();
  await workers.send('rack-a', request);
  const [[received], others] = await Promise.all([queueOf('rack-a').receive(10), queueOf('rack-b').receive(10)]);
  expect(JSON.parse(received?.body ?? '')).toEqual(request);
  expect(received?.receives).toBe(1);
  expect(others).toEqual([]);
});

it('tells the time of the queue when a request is taken out of it', async () => {
  const { workers, queueOf } = await open();
  await workers.send('rack-a', aRequest());
  const queue = queueOf('rack-a');
  const [received] = await queue.receive(10);
  const beforeMs = Date.now();
  const toldMs = await queue.claim(received ?? expect.unreachable());
  expect(toldMs).toBeGreaterThan(beforeMs - 2_000);
  expect(toldMs).toBeLessThan(Date.now() + 2_000);
});

it('answers to the queue of the answers', async () => {
  const { client, queueUrls, queueOf } = await open();
  const answer = {
    type: 'worker-answer',
    version: 1,
    id: aRequest().id,
    answer: 'on',
    detail: 'it is',
    durationMs: 1,
  } as const;
  await queueOf('rack-a').answer(answer);
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrls['fence-answers'] }));
  expect(Messages?.map(({ Body }) => JSON.parse(Body ?? ''))).toEqual([answer]);
});

it('sends nothing to a worker that has no queue, and does not know when the queue is away', async () => {
  const { workers, server } = await open();
  await expect(workers.send('rack-c', aRequest())).rejects.toThrow(PermanentError);
  await expect(workers.send('constructor', aRequest())).rejects.toThrow(PermanentError);
  await server.close();
  await expect(workers.send('rack-a', aRequest())).rejects.toThrow(RetryableError);
});

/** A queue that takes everything, and tells this time. */
async function queueThatTells(date: string | undefined) {
  const server = createServer((request, response) => {
    request.resume();
    response.sendDate = false;
    if (date !== undefined) response.setHeader('date', date);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const queue = requestQueue({
    client: embeddedClient(endpoint),
    requestsUrl: `${endpoint}/1/q`,
    answersUrl: endpoint,
  });
  afterwards(() => queue.close());
  return queue;
}
const ANY = { body: '', receiptHandle: 'x', receives: 1 };

it('takes the latest time that a date can mean, and what has passed since', async () => {
  const queue = await queueThatTells('Thu, 01 Jan 2026 00:00:00 GMT');
  const startMs = performance.now();
  const toldMs = (await queue.claim(ANY)) - Date.parse('2026-01-01T00:00:00Z');
  expect(toldMs).toBeGreaterThanOrEqual(999);
  expect(toldMs).toBeLessThanOrEqual(999 + Math.ceil(performance.now() - startMs) + 1);
});

it('believes no time of a queue that tells none', async () => {
  const queue = await queueThatTells(undefined);
  await expect(queue.claim(ANY)).rejects.toThrow('does not tell what time it is');
});
