import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { bootstrap, cdk } from '#infra/localstack/cdk.ts';
import { describeOnLocalStack } from './suite.ts';

const outputsSchema = z.object({
  Smoke: z.object({ TableName: z.string(), QueueUrl: z.string(), DeadLettersUrl: z.string(), SecretArn: z.string() }),
});

describeOnLocalStack('LocalStack does what salvor needs of AWS', ({ endpoint, env }) => {
  const client = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  };
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const dynamodb = new DynamoDBClient(client);
  const secrets = new SecretsManagerClient(client);
  let folder = '';
  let stack: z.infer<typeof outputsSchema>['Smoke'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'salvor-smoke-'));
    const options = { env, output: join(folder, 'cdk.out') };
    const outputsFile = join(folder, 'outputs.json');
    await bootstrap(options);
    await cdk(
      [
        'deploy',
        '--app',
        'node test/localstack/smoke/app.ts',
        '--require-approval',
        'never',
        '--outputs-file',
        outputsFile,
      ],
      options,
    );
    stack = outputsSchema.parse(JSON.parse(await readFile(outputsFile, 'utf8'))).Smoke;
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const seenFor = async (pk: string): Promise<string | undefined> => {
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName: stack.TableName, Key: { pk: { S: pk } }, ConsistentRead: true }),
    );
    return Item?.seen?.S;
  };
  const eventuallySeen = (pk: string, timeoutSeconds: number): Promise<string> =>
    vi.waitFor(
      async () => {
        const seen = await seenFor(pk);
        if (seen === undefined) throw new Error(`no function has seen ${pk}`);
        return seen;
      },
      { timeout: timeoutSeconds * 1000, interval: 200 },
    );

  it('holds a message back for its DelaySeconds', async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'delayed' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 3 }));
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'] }),
    );
    const { SentTimestamp, ApproximateFirstReceiveTimestamp } = Messages?.[0]?.Attributes ?? {};
    expect(Messages?.[0]?.Body).toBe('later');
    expect(Number(ApproximateFirstReceiveTimestamp) - Number(SentTimestamp)).toBeGreaterThanOrEqual(3000);
  });

  it('writes nothing of a transaction with a failed condition, and returns the item that failed it', async () => {
    const there = { pk: { S: 'there' }, version: { N: '7' } };
    await dynamodb.send(new PutItemCommand({ TableName: stack.TableName, Item: there }));
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: stack.TableName, Item: { pk: { S: 'new' }, seen: { S: 'written' } } } },
        {
          Put: {
            TableName: stack.TableName,
            Item: { pk: { S: 'there' }, version: { N: '8' } },
            ConditionExpression: 'version = :expected',
            ExpressionAttributeValues: { ':expected': { N: '6' } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
    });
    const error = await dynamodb.send(transaction).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: there }],
    });
    expect(await seenFor('new')).toBeUndefined();
  });

  it('feeds a function on Node 24 from a queue, and sends only the failed message of a batch to the dead letters', async () => {
    const Entries = ['good-1', 'bad', 'good-2'].map((body) => ({ Id: body, MessageBody: body }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.QueueUrl, Entries }));
    expect(await eventuallySeen('good-1', 30)).toMatch(/^v24\./);
    expect(await eventuallySeen('good-2', 30)).toMatch(/^v24\./);

    const dead = await vi.waitFor(
      async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: stack.DeadLettersUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) throw new Error('no dead letter yet');
        return Messages.map(({ Body }) => Body);
      },
      { timeout: 60_000, interval: 100 },
    );
    expect(dead).toEqual(['bad']);
  });

  it('keeps the secret that the stack generated', async () => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: stack.SecretArn }));
    expect(SecretString).toHaveLength(24);
  });

  it('runs a function by an EventBridge rule each minute', async () => {
    expect(await eventuallySeen('tick', 100)).toBe('Scheduled Event');
  });
});
