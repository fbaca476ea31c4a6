import { CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { FENCE_REQUESTS, fenceRequestsOf } from '#events/catalog.ts';
import type { Alarms } from './alarms.ts';
import type { WorkQueues } from './work-queue.ts';

/** The queues of the fence workers, by the workers' names. */
export type WorkerRequestQueues = ReadonlyMap<string, Queue>;

/** A queue for each. Without dead letters: nothing may come of a request once nobody waits for its answer. */
export function workerQueues(scope: Construct, workers: readonly string[]): WorkerRequestQueues {
  const { stackName } = Stack.of(scope);
  const { visibilityTimeoutSeconds, retentionSeconds } = FENCE_REQUESTS;
  const reason = 'A request that was not taken within seconds is void: it must be gone, not kept.';
  return new Map(
    workers.map((worker) => {
      const queue = new Queue(scope, worker, {
        queueName: `${stackName}-${fenceRequestsOf(worker)}`,
        encryption: QueueEncryption.SQS_MANAGED,
        enforceSSL: true,
        visibilityTimeout: Duration.seconds(visibilityTimeoutSeconds),
        retentionPeriod: Duration.seconds(retentionSeconds),
      });
      Validations.of(queue).acknowledge(
        { id: 'Serverless-SQSRedrivePolicy', reason },
        { id: 'AwsSolutions-SQS3', reason },
      );
      return [worker, queue];
    }),
  );
}

/** The metrics of a queue that is read are there every minute, whether it holds anything or not. */
const SILENT = Duration.minutes(5);

/** What a worker of this name is allowed, for the role or user that it runs as; and an alarm when nobody reads its queue. */
export class FenceWorker extends Construct {
  constructor(
    scope: Construct,
    worker: string,
    requests: Queue,
    { 'fence-answers': answers }: WorkQueues,
    alarms: Alarms,
  ) {
    super(scope, worker);
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `What salvor's fence worker ${worker} does: it reads its own queue, and answers`,
      statements: [
        new PolicyStatement({
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
          resources: [requests.queueArn],
        }),
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [answers.queue.queueArn] }),
      ],
    });
    const name = worker.replace(/(^|-+)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());
    const output = (id: string, value: string, description: string) =>
      new CfnOutput(this, id, { value, description }).overrideLogicalId(`FenceWorker${name}${id}`);
    output('QueueUrl', requests.queueUrl, `For salvor fence-worker of ${worker}: --queue-url`);
    output('PolicyArn', policy.managedPolicyArn, `For the role or user of the fence worker ${worker}`);

    const sum = { period: SILENT, statistic: 'Sum' };
    alarms.add(this, {
      name: `fence-worker-silent-${worker}`,
      chapter: 'fence-worker-silent',
      says: `Fence worker ${worker} has not asked for work for five minutes.`,
      errorImpact: FENCE_REQUESTS.errorImpact,
      look: `queue ${requests.queueName}`,
      metric: new MathExpression({
        expression: 'FILL(empty, 0) + FILL(received, 0)',
        label: 'receives',
        period: SILENT,
        usingMetrics: {
          empty: requests.metricNumberOfEmptyReceives(sum),
          received: requests.metricNumberOfMessagesReceived(sum),
        },
      }),
      threshold: { threshold: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD },
      missingData: TreatMissingData.BREACHING,
    });
  }
}
