import { randomUUID } from 'node:crypto';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { QUEUES, type QueueName } from '#events/catalog.ts';
import { defineOutboxContract } from '../contracts/outbox.ts';
import { describeOnLocalStack } from './suite.ts';

describeOnLocalStack('the queues in SQS', ({ endpoint, env }) => {
  defineOutboxContract('SQS', async () => {
    const client = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
      useQueueUrlAsEndpoint: false,
    });
    const prefix = randomUUID().slice(0, 8);
    const names = Object.keys(QUEUES) as QueueName[];
    const created = await Promise.all(
      names.map(async (name) => {
        const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: `${prefix}-${name}` }));
        return [name, QueueUrl] as const;
      }),
    );
    return {
      client,
      queueUrls: Object.fromEntries(created) as Record<QueueName, string>,
      close: async () => {
        for (const [, QueueUrl] of created) await client.send(new DeleteQueueCommand({ QueueUrl }));
        client.destroy();
      },
    };
  });
});
