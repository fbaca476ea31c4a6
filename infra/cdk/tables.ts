import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { AUDIT_TABLE, type KeyAttribute, STATE_TABLE, type TableDefinition } from '#shared/adapters/dynamodb/tables.ts';

export interface TablesProps {
  /** Keep the data when the stack goes, and refuse to delete a table. */
  readonly retainData: boolean;
}

/** The state and the audit log, as the DynamoDB adapter defines them. */
export class Tables extends Construct {
  readonly state: Table;
  readonly audit: Table;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    this.state = addTable(this, 'State', STATE_TABLE, props);
    this.audit = addTable(this, 'Audit', AUDIT_TABLE, props);
  }
}

function addTable(scope: Construct, id: string, definition: TableDefinition, { retainData }: TablesProps): Table {
  const { indexes, timeToLiveAttribute } = definition;
  const table = new Table(scope, id, {
    ...keysOf(definition),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: retainData,
    removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...(timeToLiveAttribute === null ? {} : { timeToLiveAttribute }),
  });
  for (const index of indexes) table.addGlobalSecondaryIndex({ indexName: index.name, ...keysOf(index) });
  return table;
}

const TYPES = { S: AttributeType.STRING, N: AttributeType.NUMBER } as const;

const attribute = ({ name, type }: KeyAttribute) => ({ name, type: TYPES[type] });

const keysOf = ({ partitionKey, sortKey }: Pick<TableDefinition, 'partitionKey' | 'sortKey'>) => ({
  partitionKey: attribute(partitionKey),
  sortKey: attribute(sortKey),
});
