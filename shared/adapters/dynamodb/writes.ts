import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Expectation, StateWrite } from '#shared/ports.ts';
import { auditAttributes, itemAttributes, keyOf } from './items.ts';

interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

const itemDoesNotExist: Condition = { ConditionExpression: 'attribute_not_exists(pk)' };
const itemHasVersion = (version: number): Condition => ({
  ConditionExpression: 'v = :expected',
  ExpressionAttributeValues: { ':expected': { N: String(version) } },
});
const conditionOf = (expect: Expectation): Condition =>
  expect === 'absent' ? itemDoesNotExist : itemHasVersion(expect);

/** One write of a transaction, for the table named `table`. */
export function toTransactItem(write: StateWrite, table: string): TransactWriteItem {
  switch (write.kind) {
    case 'put': {
      const version = write.expect === 'absent' ? 1 : write.expect + 1;
      return { Put: { TableName: table, Item: itemAttributes({ ...write, version }), ...conditionOf(write.expect) } };
    }
    case 'delete':
      return { Delete: { TableName: table, Key: keyOf(write), ...conditionOf(write.expect) } };
    case 'check':
      return { ConditionCheck: { TableName: table, Key: keyOf(write), ...conditionOf(write.expect) } };
    case 'append':
      return { Put: { TableName: table, Item: auditAttributes(write), ...itemDoesNotExist } };
  }
}
