import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dynamoStore } from '#shared/adapters/dynamodb/state-store.ts';
import { ConflictError, LimitError, RetryableError } from '#shared/errors.ts';
import type { StateStore, StateWrite } from '#shared/ports.ts';

/** Answers of DynamoDB that no emulator gives on demand, from a server that says what it is told to. */
interface Answer {
  readonly httpStatus: number;
  readonly body: object;
}

const failure = (httpStatus: number, type: string, more: object = {}): Answer => ({
  httpStatus,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `it says ${type}`, ...more },
});
const cancelled = (...codes: string[]): Answer =>
  failure(400, 'TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

const WRITES: readonly StateWrite[] = [
  { kind: 'check', partition: 'host#1', sort: 'maintenance', expect: 'absent' },
  { kind: 'put', partition: 'host#1', sort: 'state', expect: 3, body: { secret: 'body text' } },
  { kind: 'append', partition: 'host#1', sort: '0001', body: {} },
];

let server: Server;
let answers: Answer[];
let requests: Record<string, unknown>[];
let client: DynamoDBClient;
let store: StateStore;

function connect(options: { readonly maxAttempts: number }): void {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'none' },
    ...options,
  });
  store = dynamoStore({ client, stateTable: 'state', auditTable: 'audit' });
}

beforeEach(async () => {
  answers = [];
  requests = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push(JSON.parse(Buffer.concat(chunks).toString()));
    const { httpStatus, body } = answers.shift() ?? { httpStatus: 200, body: {} };
    response.writeHead(httpStatus, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  connect({ maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await once(server.close(), 'close');
});

describe('a cancelled transaction', () => {
  test.each([
    ['a condition that does not hold', ConflictError, ['None', 'ConditionalCheckFailed', 'None']],
    ["somebody else's transaction", ConflictError, ['TransactionConflict', 'None', 'None']],
    ['a lost race among throttled items', ConflictError, ['ThrottlingError', 'None', 'ConditionalCheckFailed']],
    ['throttling', RetryableError, ['None', 'ThrottlingError', 'None']],
    ['too little capacity', RetryableError, ['ProvisionedThroughputExceeded', 'None', 'None']],
    ['a reason that is not known', RetryableError, ['None', 'SomethingNew', 'None']],
    ['an item that grew too large', LimitError, ['None', 'ItemCollectionSizeLimitExceeded', 'None']],
    ['an item that is not valid', LimitError, ['ValidationError', 'None', 'None']],
  ])('for %s', async (_, kind, codes) => {
    answers = [cancelled(...codes)];
    await expect(store.transact(WRITES)).rejects.toThrow(kind);
  });

  test('names the write that lost, without its body', async () => {
    answers = [cancelled('None', 'ConditionalCheckFailed', 'None')];
    const lost = await store.transact(WRITES).catch((error) => error);
    expect(lost.message).toBe('put host#1 state: ConditionalCheckFailed');
  });
});

describe('an answer that is no answer is retryable', () => {
  const unwell: [number, string][] = [
    [400, 'ThrottlingException'],
    [400, 'ProvisionedThroughputExceededException'],
    [400, 'RequestLimitExceeded'],
    [400, 'TransactionInProgressException'],
    [400, 'AccessDeniedException'],
    [400, 'ResourceNotFoundException'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ];

  test.each(unwell)('%i %s', async (httpStatus, type) => {
    answers = [failure(httpStatus, type)];
    await expect(store.transact(WRITES)).rejects.toThrow(RetryableError);
    answers = [failure(httpStatus, type)];
    await expect(store.get({ partition: 'p', sort: 's' })).rejects.toThrow(RetryableError);
    answers = [failure(httpStatus, type)];
    await expect(store.query('p')).rejects.toThrow(RetryableError);
    answers = [failure(httpStatus, type)];
    await expect(store.due(1, 1)).rejects.toThrow(RetryableError);
  });

  test('nobody listens', async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
    await expect(store.transact(WRITES)).rejects.toThrow(RetryableError);
    await expect(store.queryAudit('p')).rejects.toThrow(RetryableError);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
});

test('an invalid request is refused for good', async () => {
  answers = [failure(400, 'ValidationException'), failure(400, 'ValidationException')];
  await expect(store.transact(WRITES)).rejects.toThrow(LimitError);
  await expect(store.get({ partition: 'p', sort: 's' })).rejects.toThrow(LimitError);
});

describe('the token of a transaction', () => {
  const tokens = () => requests.map(({ ClientRequestToken }) => ClientRequestToken);

  test('stays when the SDK tries again, so that a lost answer is no conflict', async () => {
    client.destroy();
    connect({ maxAttempts: 2 });
    answers = [failure(500, 'InternalServerError')];
    await store.transact(WRITES);
    expect(tokens()).toEqual([expect.any(String), tokens()[0]]);
  });

  test('is a new one for the next transaction, even of the same writes', async () => {
    await store.transact(WRITES);
    await store.transact(WRITES);
    expect(new Set(tokens()).size).toBe(2);
  });
});

test('get and query read consistently', async () => {
  await store.get({ partition: 'p', sort: 's' });
  await store.query('p');
  await store.queryAudit('p');
  expect(requests.map(({ TableName, ConsistentRead }) => [TableName, ConsistentRead])).toEqual([
    ['state', true],
    ['state', true],
    ['audit', true],
  ]);
});

test('a transaction is sent as DynamoDB wants it', async () => {
  const key = { partition: 'p', sort: 's' };
  await store.transact([
    { kind: 'put', ...key, expect: 'absent', body: { a: 1 }, dueAtMs: 5, expiresAtMs: 1_001 },
    { kind: 'delete', ...key, sort: 'old', expect: 7 },
    { kind: 'append', ...key, body: {} },
  ]);
  const Key = { pk: { S: 'p' }, sk: { S: 'old' } };
  const isNew = 'attribute_not_exists(pk)';
  const record = { pk: { S: 'p' }, sk: { S: 's' }, v: { N: '1' } };
  // Forgotten in whole seconds, never too early.
  const times = { due: { S: '1' }, dueAt: { N: '5' }, expiresAt: { N: '2' }, expiresAtMs: { N: '1001' } };
  const item = { ...record, body: { S: '{"a":1}' }, ...times };
  const isOld = { ConditionExpression: 'v = :expected', ExpressionAttributeValues: { ':expected': { N: '7' } } };
  expect(requests[0]?.TransactItems).toEqual([
    { Put: { TableName: 'state', Item: item, ConditionExpression: isNew } },
    { Delete: { TableName: 'state', Key, ...isOld } },
    { Put: { TableName: 'audit', Item: { ...record, body: { S: '{}' } }, ConditionExpression: isNew } },
  ]);
});
