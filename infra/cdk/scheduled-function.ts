import { Duration, Validations } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SCHEDULES, type ScheduleName } from '#events/catalog.ts';
import { functionAlarm } from './alarms.ts';
import { SalvorFunction, type SharedParts } from './salvor-function.ts';

/** A function that runs by the clock. By an EventBridge rule: the Scheduler of LocalStack never fires. */
export class ScheduledFunction extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, name: ScheduleName, shared: SharedParts) {
    const spec = SCHEDULES[name];
    super(scope, spec.function);
    const every = Duration.seconds(spec.everySeconds);
    const { lambda, logGroup } = new SalvorFunction(this, spec.function, {
      timeoutSeconds: spec.functionTimeoutSeconds,
      memoryMb: spec.memoryMb,
      errorImpact: spec.errorImpact,
      sendsToItself: false,
      shared,
    });
    this.logGroup = logGroup;
    // The next tick is the retry: a late one beside it would only do the same work twice.
    lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: every });
    const rule = new Rule(this, 'Rule', {
      // A rule's rate has minutes as its smallest unit.
      schedule: Schedule.rate(Duration.minutes(every.toMinutes())),
      targets: [new LambdaFunction(lambda, { retryAttempts: 0, maxEventAge: every })],
    });
    const reason = 'A tick that is lost is made good by the next; the alarms on errors and on not running see it.';
    Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason });
    Validations.of(lambda).acknowledge(
      { id: 'Serverless-LambdaDLQ', reason },
      { id: 'Serverless-LambdaAsyncFailureDestination', reason },
    );
    shared.alarms.add(this, {
      ...functionAlarm(spec.function, 'not-running'),
      errorImpact: spec.errorImpact,
      look: `rule ${rule.ruleName} and log group ${logGroup.logGroupName}`,
      metric: lambda.metricInvocations({ period: every, statistic: 'Sum' }),
      threshold: { threshold: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD },
      breaches: { of: 5, atLeast: 5 },
      missingData: TreatMissingData.BREACHING,
    });
  }
}
