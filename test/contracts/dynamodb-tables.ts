import {
  CreateTableCommand,
  type DynamoDBClient,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { KeyAttribute, TableDefinition } from '#shared/adapters/dynamodb/tables.ts';

/** Creates a table, and resolves when it can be used. */
export async function createTable(client: DynamoDBClient, name: string, definition: TableDefinition): Promise<void> {
  const { indexes, timeToLiveAttribute } = definition;
  const keys = [definition, ...indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
  const attributes = new Map(keys.map((key) => [key.name, key.type]));
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      KeySchema: keySchema(definition),
      ...(indexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: indexes.map((index) => ({
              IndexName: index.name,
              KeySchema: keySchema(index),
              Projection: { ProjectionType: 'ALL' },
            })),
          }),
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: name });
  if (timeToLiveAttribute !== null)
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { AttributeName: timeToLiveAttribute, Enabled: true },
      }),
    );
}

const keySchema = ({ partitionKey, sortKey }: { partitionKey: KeyAttribute; sortKey: KeyAttribute }) => [
  { AttributeName: partitionKey.name, KeyType: 'HASH' as const },
  { AttributeName: sortKey.name, KeyType: 'RANGE' as const },
];
