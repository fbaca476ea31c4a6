/** A CDK app with one of each part that salvor deploys, to find out whether an emulator runs it. */
import { fileURLToPath } from 'node:url';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { LOCALSTACK_ENVIRONMENT } from '#infra/localstack/endpoint.ts';

const stack = new Stack(new App(), 'Smoke', { env: LOCALSTACK_ENVIRONMENT });

const table = new Table(stack, 'Table', {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  removalPolicy: RemovalPolicy.DESTROY,
});
const deadLetters = new Queue(stack, 'DeadLetters');
const queue = new Queue(stack, 'Queue', {
  visibilityTimeout: Duration.seconds(5),
  deadLetterQueue: { queue: deadLetters, maxReceiveCount: 2 },
});
const secret = new Secret(stack, 'Secret', { generateSecretString: { passwordLength: 24 } });

function addFunction(handler: string): NodejsFunction {
  const made = new NodejsFunction(stack, handler, {
    entry: fileURLToPath(new URL('./functions.ts', import.meta.url)),
    handler,
    runtime: Runtime.NODEJS_24_X,
    timeout: Duration.seconds(5),
    memorySize: 256,
    environment: { TABLE: table.tableName },
    bundling: { externalModules: [] },
  });
  table.grantWriteData(made);
  return made;
}

addFunction('work').addEventSource(new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true }));
new Rule(stack, 'EveryMinute', {
  schedule: Schedule.rate(Duration.minutes(1)),
  targets: [new LambdaFunction(addFunction('tick'))],
});

new CfnOutput(stack, 'TableName', { value: table.tableName });
new CfnOutput(stack, 'QueueUrl', { value: queue.queueUrl });
new CfnOutput(stack, 'DeadLettersUrl', { value: deadLetters.queueUrl });
new CfnOutput(stack, 'SecretArn', { value: secret.secretArn });
