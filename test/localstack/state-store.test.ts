import { randomUUID } from 'node:crypto';
import {
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, expect, it } from 'vitest';
import { dynamoStore } from '#shared/adapters/dynamodb/state-store.ts';
import { AUDIT_TABLE, STATE_TABLE } from '#shared/adapters/dynamodb/tables.ts';
import { createTable } from '../contracts/dynamodb-tables.ts';
import { defineStateStoreContract } from '../contracts/state-store.ts';
import { describeOnLocalStack } from './suite.ts';

describeOnLocalStack('the state in DynamoDB', ({ endpoint, env }) => {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  });
  afterAll(() => client.destroy());

  async function make() {
    const name = randomUUID();
    const tables = { stateTable: `state-${name}`, auditTable: `audit-${name}` };
    await createTable(client, tables.stateTable, STATE_TABLE);
    await createTable(client, tables.auditTable, AUDIT_TABLE);
    return {
      ...tables,
      store: dynamoStore({ client, ...tables }),
      close: async () => {
        for (const TableName of Object.values(tables)) await client.send(new DeleteTableCommand({ TableName }));
      },
    };
  }

  defineStateStoreContract('DynamoDB', make, { histories: 15 });

  it('tells DynamoDB in whole seconds when an item may be forgotten, never too early', async () => {
    const { store, stateTable, close } = await make();
    const key = { partition: 'p', sort: 's' };
    await store.transact([{ kind: 'put', ...key, expect: 'absent', body: {}, expiresAtMs: 4_102_444_800_001 }]);
    const Key = { pk: { S: 'p' }, sk: { S: 's' } };
    const { Item } = await client.send(new GetItemCommand({ TableName: stateTable, Key }));
    expect(Item?.expiresAt).toEqual({ N: '4102444801' });
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: stateTable }));
    expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
    await close();
  });
});
