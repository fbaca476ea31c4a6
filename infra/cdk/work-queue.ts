import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deadLetterQueueOf, type QueueName, type QueueSpec } from '#events/catalog.ts';

/** The longest that SQS keeps a message. Dead letters keep the age they had. */
const DEAD_LETTER_RETENTION = Duration.days(14);
const RETENTION = Duration.days(4);

/** A queue of the catalogue with its dead-letter queue. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, name: QueueName, spec: QueueSpec) {
    super(scope, name);
    const { stackName } = Stack.of(this);
    const secured = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...secured,
      queueName: `${stackName}-${deadLetterQueueOf(name)}`,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'This is where failed messages end: an alarm calls a person.',
    });
    this.queue = new Queue(this, 'Queue', {
      ...secured,
      queueName: `${stackName}-${name}`,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(spec.visibilityTimeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: spec.maxReceiveCount },
    });
  }
}

export type WorkQueues = Readonly<Record<QueueName, WorkQueue>>;
