import { Validations } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { QueueName, QueueSpec } from '#events/catalog.ts';
import { ACCESS } from './access.ts';
import { ALARM_PERIOD, functionAlarm } from './alarms.ts';
import { SalvorFunction, type SharedParts } from './salvor-function.ts';

/** The longest delay that SQS takes. Whether its metric counts a delay into a message's age is not documented. */
const MAX_DELAY_SECONDS = 900;
const AGE_MARGIN_SECONDS = 60;

/** The function of a queue: event source, alarms on both of its queues, and what every function has. */
export class QueueFunction extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, queueName: QueueName, spec: QueueSpec, shared: SharedParts) {
    super(scope, spec.function);
    const sendsToItself = ACCESS[spec.function].sendsTo.includes(queueName);
    const { lambda, logGroup } = new SalvorFunction(this, spec.function, {
      timeoutSeconds: spec.functionTimeoutSeconds,
      memoryMb: spec.memoryMb,
      errorImpact: spec.errorImpact,
      sendsToItself,
      shared,
    });
    this.logGroup = logGroup;
    lambda.addEventSource(
      new SqsEventSource(shared.queues[queueName].queue, {
        batchSize: spec.batchSize,
        maxConcurrency: spec.concurrency,
        reportBatchItemFailures: true,
      }),
    );
    Validations.of(lambda).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'A dead-letter queue of the function is for asynchronous calls; this one is called by its queue, which has one.',
      },
      {
        id: 'Serverless-LambdaEventSourceMappingDestination',
        reason: "A queue's failed messages go by its own redrive policy.",
      },
    );
    addQueueAlarms(this, queueName, spec, shared);
  }
}

function addQueueAlarms(scope: Construct, name: QueueName, spec: QueueSpec, { queues, alarms }: SharedParts): void {
  const { queue, deadLetters } = queues[name];
  const common = { errorImpact: spec.errorImpact };
  const metric = { period: ALARM_PERIOD, statistic: 'Maximum' };
  alarms.add(scope, {
    ...common,
    ...functionAlarm(spec.function, 'dead-letters'),
    look: `queue ${deadLetters.queueName}`,
    metric: deadLetters.metricApproximateNumberOfMessagesVisible(metric),
  });
  alarms.add(scope, {
    ...common,
    ...functionAlarm(spec.function, 'oldest-message'),
    look: `queue ${queue.queueName}`,
    metric: queue.metricApproximateAgeOfOldestMessage(metric),
    threshold: {
      threshold: oldestMessageSeconds(spec, isDelayed(name)),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    },
  });
}

/** Agents, workers and operators send without delay, and an attempt is granted when it is due; the other commands are timers too. */
const isDelayed = (name: QueueName): boolean =>
  !['host-events', 'fence-answers', 'operator-commands', 'evacuate-instance'].includes(name);

/** No message gets older than this if the queue is read and at most one attempt on it fails. */
const oldestMessageSeconds = (spec: QueueSpec, delayed: boolean): number =>
  (delayed ? MAX_DELAY_SECONDS : 0) + spec.visibilityTimeoutSeconds + AGE_MARGIN_SECONDS;
