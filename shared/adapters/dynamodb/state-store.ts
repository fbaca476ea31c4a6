import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { ItemKey, Page, QueryOptions, StateStore, StateWrite, StoredItem } from '#shared/ports.ts';
import { checkLimits } from '#shared/state/limits.ts';
import { requestError, transactionError } from './errors.ts';
import { type Attributes, DUE, keyOf, toItem } from './items.ts';
import { DUE_INDEX } from './tables.ts';
import { toTransactItem } from './writes.ts';

const ITEMS_PER_PAGE = 500;

export interface DynamoStoreOptions {
  readonly client: DynamoDBClient;
  /** Name of the table built from `STATE_TABLE`. */
  readonly stateTable: string;
  /** Name of the table built from `AUDIT_TABLE`. */
  readonly auditTable: string;
}

/**
 * The state in DynamoDB. Every write is a TransactWriteItems, a single one too: the SDK sends one ClientRequestToken
 * with all its attempts, so an attempt whose answer was lost is not met by its own write and reported as a conflict,
 * as it would be with PutItem.
 */
export function dynamoStore({ client, stateTable, auditTable }: DynamoStoreOptions): StateStore {
  async function get(key: ItemKey): Promise<StoredItem | undefined> {
    const request = new GetItemCommand({ TableName: stateTable, Key: keyOf(key), ConsistentRead: true });
    const { Item } = await reading(client.send(request));
    return Item && toItem(Item);
  }

  const query = (input: QueryCommandInput): Promise<QueryCommandOutput> =>
    reading(client.send(new QueryCommand(input)));

  async function page(table: string, partition: string, options: QueryOptions = {}): Promise<Page> {
    const { prefix = '', after = '', limit = ITEMS_PER_PAGE } = options;
    // DynamoDB refuses a start outside the range that it is asked for.
    const start = after >= prefix ? after : '';
    if (!start.startsWith(prefix) && start !== '') return { items: [] };
    const { Items = [], LastEvaluatedKey } = await query({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': { S: partition },
        ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
      },
      ...(start === '' ? {} : { ExclusiveStartKey: keyOf({ partition, sort: start }) }),
      // One item more than asked for tells whether this is the last page.
      Limit: limit + 1,
    });
    const items = Items.slice(0, limit).map(toItem);
    const last = items.at(-1);
    return last && (Items.length > limit || LastEvaluatedKey) ? { items, next: last.sort } : { items };
  }

  async function due(beforeMs: number, limit: number): Promise<readonly StoredItem[]> {
    const found: StoredItem[] = [];
    let start: Attributes | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await query({
        TableName: stateTable,
        IndexName: DUE_INDEX,
        KeyConditionExpression: 'due = :due AND dueAt <= :before',
        ExpressionAttributeValues: { ':due': { S: DUE }, ':before': { N: String(beforeMs) } },
        ...(start ? { ExclusiveStartKey: start } : {}),
        Limit: limit - found.length,
      });
      found.push(...Items.map(toItem));
      start = LastEvaluatedKey;
    } while (start && found.length < limit);
    return found;
  }

  async function* partitions(table: string): AsyncGenerator<string> {
    const seen = new Set<string>();
    let start: Attributes | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await reading(
        client.send(
          new ScanCommand({
            TableName: table,
            ConsistentRead: true,
            ProjectionExpression: 'pk',
            ...(start ? { ExclusiveStartKey: start } : {}),
          }),
        ),
      );
      for (const { pk } of Items) {
        if (pk?.S === undefined || seen.has(pk.S)) continue;
        seen.add(pk.S);
        yield pk.S;
      }
      start = LastEvaluatedKey;
    } while (start);
  }

  async function transact(writes: readonly StateWrite[]): Promise<void> {
    checkLimits(writes);
    if (writes.length === 0) return;
    const items = writes.map((write) => toTransactItem(write, write.kind === 'append' ? auditTable : stateTable));
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    } catch (error) {
      throw transactionError(error, writes);
    }
  }

  return {
    get,
    query: (partition, options) => page(stateTable, partition, options),
    queryAudit: (partition, options) => page(auditTable, partition, options),
    due,
    partitions: (of) => partitions(of === 'audit' ? auditTable : stateTable),
    transact,
  };
}

/** @throws RetryableError or LimitError for what the SDK throws. */
const reading = <Output>(answer: Promise<Output>): Promise<Output> =>
  answer.catch((error) => {
    throw requestError(error);
  });
