import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { deadLetterQueueOf, ENDPOINTS, QUEUES, type QueueName, SCHEDULES } from '#events/catalog.ts';
import { FUNCTION_NAMES } from '#infra/bundle.ts';
import { ACCESS } from '#infra/cdk/access.ts';
import { AUDIT_TABLE, DUE_INDEX, STATE_TABLE } from '#shared/adapters/dynamodb/tables.ts';
import { readEnvironment } from '#shared/lambda/environment.ts';
import { functionNamed, functionsOf, logicalId, queuesOf, type Reference, resourcesOf, synthesize } from './support.ts';

const { stack, template } = synthesize();
const queues = queuesOf(template);
const functions = functionsOf(template);
const eventSources = [
  ...resourcesOf<{ EventSourceArn: Reference; FunctionName: Reference }>(
    template,
    'AWS::Lambda::EventSourceMapping',
  ).values(),
];

interface RuleProperties {
  readonly ScheduleExpression: string;
  readonly Targets: readonly { readonly Arn: Reference }[];
}

const queueNamed = (name: string) => {
  const found = [...queues].find(([, { Properties }]) => Properties.QueueName === `salvor-test-${name}`);
  if (found === undefined) throw new Error(`the stack has no queue ${name}`);
  const [id, { Properties }] = found;
  return { id, ...Properties };
};

describe('the stack is the catalogue', () => {
  const names = Object.keys(QUEUES) as QueueName[];

  it('has its queues with their dead-letter queues, and no others', () => {
    const expected = names.flatMap((name) => [`salvor-test-${name}`, `salvor-test-${deadLetterQueueOf(name)}`]);
    expect([...queues.values()].map(({ Properties }) => Properties.QueueName).sort()).toEqual(expected.sort());
  });

  it('has its functions, and no others', () => {
    const expected = [...Object.values(QUEUES), ...Object.values(SCHEDULES), ...Object.values(ENDPOINTS)].map(
      (spec) => `salvor-test-${spec.function}`,
    );
    expect([...functions.values()].map(({ Properties }) => Properties.FunctionName).sort()).toEqual(expected.sort());
  });

  it.each(names)('%s: visibility, receives, batch and concurrency', (name) => {
    const spec = QUEUES[name];
    const queue = queueNamed(name);
    expect(queue.VisibilityTimeout).toBe(6 * spec.functionTimeoutSeconds);
    expect(queue.RedrivePolicy.maxReceiveCount).toBe(spec.maxReceiveCount);
    expect(logicalId(queue.RedrivePolicy.deadLetterTargetArn)).toBe(queueNamed(deadLetterQueueOf(name)).id);
    const sources = eventSources.filter(({ Properties }) => logicalId(Properties.EventSourceArn) === queue.id);
    expect(sources).toHaveLength(1);
    const source = sources[0]?.Properties;
    expect(functions.get(logicalId(source?.FunctionName))?.Properties).toMatchObject({
      FunctionName: `salvor-test-${spec.function}`,
      Timeout: spec.functionTimeoutSeconds,
      MemorySize: spec.memoryMb,
    });
    expect(source).toMatchObject({
      BatchSize: spec.batchSize,
      ScalingConfig: { MaximumConcurrency: spec.concurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it.each(Object.values(SCHEDULES))('$function runs by a rule', (spec) => {
    const rules = [...resourcesOf<RuleProperties>(template, 'AWS::Events::Rule').values()].filter(({ Properties }) =>
      Properties.Targets.some(
        (target) => functions.get(logicalId(target.Arn))?.Properties.FunctionName === `salvor-test-${spec.function}`,
      ),
    );
    expect(rules.map(({ Properties }) => Properties.ScheduleExpression)).toEqual(['rate(1 minute)']);
    expect(functionNamed(template, spec.function).Properties).toMatchObject({
      Timeout: spec.functionTimeoutSeconds,
      MemorySize: spec.memoryMb,
    });
  });
});

describe('the address that lets everybody in', () => {
  it.each(Object.values(ENDPOINTS))('$function takes no concurrency from the others', (spec) => {
    const { ReservedConcurrentExecutions } = functionNamed(template, spec.function).Properties;
    expect(ReservedConcurrentExecutions).toBe(spec.concurrency);
    expect(ReservedConcurrentExecutions).toBeLessThanOrEqual(50);
    const reserved = [...functions.values()].filter(({ Properties }) => 'ReservedConcurrentExecutions' in Properties);
    expect(reserved).toHaveLength(Object.keys(ENDPOINTS).length);
  });
});

describe('queues', () => {
  it('are encrypted, refuse plain HTTP, and keep dead letters longer than messages', () => {
    const closed = new Set(
      [...resourcesOf<{ Queues: Reference[]; PolicyDocument: object }>(template, 'AWS::SQS::QueuePolicy').values()]
        .filter(({ Properties }) => JSON.stringify(Properties.PolicyDocument).includes('"aws:SecureTransport":"false"'))
        .flatMap(({ Properties }) => Properties.Queues.map(logicalId)),
    );
    for (const [id, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled, id).toBe(true);
      expect(closed, id).toContain(id);
    }
    const kept = (name: string): number => queueNamed(name).MessageRetentionPeriod;
    for (const name of Object.keys(QUEUES) as QueueName[])
      expect(kept(deadLetterQueueOf(name))).toBeGreaterThan(kept(name));
  });
});

describe('functions', () => {
  it.each([...functions])(
    '%s runs on Node 24 and ARM, is traced, and its log is kept for a while',
    (_, { Properties }) => {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        Handler: 'index.handler',
      });
      const logs = resourcesOf<{ RetentionInDays: number }>(template, 'AWS::Logs::LogGroup').get(
        logicalId(Properties.LoggingConfig.LogGroup),
      );
      expect(logs?.Properties.RetentionInDays).toBe(90);
    },
  );

  it.each([...functions])('%s gets an environment that it can read', (_, { Properties }) => {
    const { Variables } = Properties.Environment;
    const urls = Variables.QUEUE_URLS['Fn::Join'][1].map((part) =>
      typeof part === 'string' ? part : `https://sqs.example/${queues.get(logicalId(part))?.Properties.QueueName}`,
    );
    const environment = readEnvironment({
      ...Variables,
      STATE_TABLE: logicalId(Variables.STATE_TABLE),
      AUDIT_TABLE: logicalId(Variables.AUDIT_TABLE),
      QUEUE_URLS: urls.join(''),
      FENCE_REQUEST_URLS: '{}',
      OWN_PRINCIPALS: 'AROAEXAMPLE',
    });
    expect(environment).toMatchObject({
      CLOUD_SECRET: 'salvor/cloud',
      SECRET_PREFIX: 'salvor/',
      POLICY_FILE: 'policy.json',
    });
    expect(environment.STATE_TABLE).not.toBe(environment.AUDIT_TABLE);
    for (const [name, url] of Object.entries(environment.QUEUE_URLS))
      expect(url).toBe(`https://sqs.example/salvor-test-${name}`);
  });

  it('are believed to say whose word it is only where they send host events themselves', () => {
    const queuesOfOthers = ['host-events', 'operator-commands'] as const;
    const senders = FUNCTION_NAMES.filter((name) =>
      queuesOfOthers.some((queue) => ACCESS[name].sendsTo.includes(queue)),
    );
    const roles = senders.map((name) => logicalId(functionNamed(template, name).Properties.Role));
    for (const { Properties } of functions.values())
      expect(Properties.Environment.Variables.OWN_PRINCIPALS).toEqual(
        roles.length === 1
          ? { 'Fn::GetAtt': [roles[0], 'RoleId'] }
          : { 'Fn::Join': [',', roles.map((role) => ({ 'Fn::GetAtt': [role, 'RoleId'] }))] },
      );
  });

  it('may send to themselves again and again, where that is how they wait, and nowhere else', () => {
    const looping = [...functions.values()]
      .filter(({ Properties }) => Properties.RecursiveLoop === 'Allow')
      .map(({ Properties }) => Properties.FunctionName);
    const timed = ['confirm-host-down', 'fence-host', 'follow-evacuations', 'plan-evacuation'];
    const expected = [...timed, 'maintain-host', 'recover-instance', 'recover-process', 'return-host'];
    expect(looping.sort()).toEqual(expected.map((name) => `salvor-test-${name}`).sort());
  });
});

describe('tables', () => {
  const tables = [...resourcesOf<object>(template, 'AWS::DynamoDB::Table').values()];

  it('have the keys and the index of the adapter', () => {
    const keysOf = ({ partitionKey, sortKey }: Pick<typeof STATE_TABLE, 'partitionKey' | 'sortKey'>) => [
      { AttributeName: partitionKey.name, KeyType: 'HASH' },
      { AttributeName: sortKey.name, KeyType: 'RANGE' },
    ];
    const [due] = STATE_TABLE.indexes;
    const [state, audit] = tables;
    expect(tables).toHaveLength(2);
    expect(state?.Properties).toMatchObject({
      KeySchema: keysOf(STATE_TABLE),
      GlobalSecondaryIndexes: [
        { IndexName: DUE_INDEX, KeySchema: due && keysOf(due), Projection: { ProjectionType: 'ALL' } },
      ],
      TimeToLiveSpecification: { AttributeName: STATE_TABLE.timeToLiveAttribute, Enabled: true },
    });
    expect(audit?.Properties).toMatchObject({ KeySchema: keysOf(AUDIT_TABLE) });
    expect(audit?.Properties).not.toHaveProperty('TimeToLiveSpecification');
    expect(audit?.Properties).not.toHaveProperty('GlobalSecondaryIndexes');
  });

  it('can be restored, and outlive the stack', () => {
    for (const table of tables)
      expect(table).toMatchObject({
        DeletionPolicy: 'Retain',
        Properties: {
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true },
          DeletionProtectionEnabled: true,
        },
      });
  });
});

it('says where agents send events and where alarms go', () => {
  const outputs = template.findOutputs('*');
  expect(Object.keys(outputs).sort()).toEqual([
    'AlarmTopicArn',
    'AuditTableName',
    'HostEventsQueueArn',
    'HostEventsQueueUrl',
    'HttpApiUrl',
    'HttpIngestUrl',
    'OperatorQueueUrl',
    'StateTableName',
  ]);
  expect(logicalId(outputs.HostEventsQueueUrl?.Value)).toBe(queueNamed('host-events').id);
});

it('synthesizes without a warning', () => {
  expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});
