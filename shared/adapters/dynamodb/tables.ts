/** One DynamoDB table as plain data: the CDK constructs and the tests build their tables from the same. */
export interface TableDefinition {
  readonly partitionKey: KeyAttribute;
  readonly sortKey: KeyAttribute;
  readonly indexes: readonly IndexDefinition[];
  /** Holds Unix seconds (Developer Guide, "Time to Live"); null: nothing in this table is ever forgotten. */
  readonly timeToLiveAttribute: string | null;
}

export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N';
}

/** A global secondary index with all attributes. */
export interface IndexDefinition {
  readonly name: string;
  readonly partitionKey: KeyAttribute;
  readonly sortKey: KeyAttribute;
}

export const DUE_INDEX = 'due-index';

const PARTITION_KEY = { name: 'pk', type: 'S' } as const;
const SORT_KEY = { name: 'sk', type: 'S' } as const;

/** Only items with a deadline have `due`, so the index holds these and no others. */
export const STATE_TABLE: TableDefinition = {
  partitionKey: PARTITION_KEY,
  sortKey: SORT_KEY,
  indexes: [{ name: DUE_INDEX, partitionKey: { name: 'due', type: 'S' }, sortKey: { name: 'dueAt', type: 'N' } }],
  timeToLiveAttribute: 'expiresAt',
};

export const AUDIT_TABLE: TableDefinition = {
  partitionKey: PARTITION_KEY,
  sortKey: SORT_KEY,
  indexes: [],
  timeToLiveAttribute: null,
};
