import { Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ALARM_PERIOD, type Alarms } from './alarms.ts';

/** The dead-man's signal of the stack itself. Its heading in RUNBOOK.md is its name. */
export const NOT_ALIVE = {
  name: 'not-alive',
  errorImpact: 'A host that dies now is not seen, or not recovered.',
  says: 'salvor has not said for five minutes that it can do its work.',
} as const;

/**
 * A metric that is 1 for each minute in which salvor could do its work, and the alarm on its absence: whatever keeps it from
 * saying so (a blind watcher, a timer chain that has broken, a function that does not run) rings it.
 */
export function addHeartbeatAlarm(scope: Construct, logGroup: LogGroup, alarms: Alarms): void {
  const own = new Construct(scope, NOT_ALIVE.name);
  const metric = { metricNamespace: Stack.of(scope).stackName, metricName: 'alive' };
  new MetricFilter(own, 'notify', {
    logGroup,
    filterPattern: FilterPattern.stringValue('$.fact', '=', 'alive'),
    ...metric,
  });
  alarms.add(own, {
    ...NOT_ALIVE,
    look: `salvor doctor, and the log of notify (${logGroup.logGroupName}): field because`,
    metric: new Metric({
      namespace: metric.metricNamespace,
      metricName: metric.metricName,
      period: ALARM_PERIOD,
      statistic: 'Sum',
    }),
    threshold: { threshold: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD },
    breaches: { of: 5, atLeast: 5 },
    missingData: TreatMissingData.BREACHING,
  });
}
