import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IWidget,
  Metric,
  PeriodOverride,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { deadLetterQueueOf, ENDPOINTS, QUEUES, type QueueName, SCHEDULES } from '#events/catalog.ts';
import { NOT_ALIVE } from './heartbeat-alarm.ts';
import { INCIDENT_ALARMS } from './incident-alarms.ts';

const PERIOD = Duration.minutes(1);
/** As many as one widget takes (Dashboard body, "alarm"). */
const ALARMS_PER_WIDGET = 100;
const WIDE = 24;

interface Shown {
  readonly alarms: readonly Alarm[];
  readonly runbookUrl: string;
}

/**
 * One page for people: is anything wrong, what becomes of hosts, and does salvor itself work. Of nothing but the metrics that
 * alarms look at, and those that SQS and Lambda have anyway.
 */
export function addDashboard(scope: Construct, { alarms, runbookUrl }: Shown): Dashboard {
  const { stackName } = Stack.of(scope);
  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: stackName,
    defaultInterval: Duration.hours(12),
    periodOverride: PeriodOverride.INHERIT,
  });
  const ofFunctions = [...Object.values(QUEUES), ...Object.values(SCHEDULES), ...Object.values(ENDPOINTS)];
  const own = (metricName: string): Metric =>
    new Metric({ namespace: stackName, metricName, period: PERIOD, statistic: 'Sum', label: metricName });
  const lambda =
    (metricName: string, statistic: string) =>
    (name: string): Metric =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName,
        dimensionsMap: { FunctionName: `${stackName}-${name}` },
        period: PERIOD,
        statistic,
        label: name,
      });
  const queue =
    (metricName: string) =>
    (name: string): Metric =>
      new Metric({
        namespace: 'AWS/SQS',
        metricName,
        dimensionsMap: { QueueName: `${stackName}-${name}` },
        period: PERIOD,
        statistic: 'Maximum',
        label: name,
      });
  const graph = (title: string, left: readonly Metric[], width = WIDE / 2): IWidget =>
    new GraphWidget({ title, left: [...left], width, height: 6, leftYAxis: { min: 0 } });
  const names = Object.keys(QUEUES) as QueueName[];
  const functionNames = ofFunctions.map((spec) => spec.function);
  dashboard.addWidgets(
    new TextWidget({ markdown: `# ${stackName}\nEach alarm has a chapter: ${runbookUrl}`, width: 12, height: 3 }),
    new SingleValueWidget({
      title: 'Minutes alive of the last five',
      metrics: [own('alive').with({ period: Duration.minutes(5) })],
      width: 12,
      height: 3,
    }),
  );
  for (let from = 0; from < alarms.length; from += ALARMS_PER_WIDGET)
    dashboard.addWidgets(
      new AlarmStatusWidget({
        title: 'Alarms',
        alarms: [...alarms.slice(from, from + ALARMS_PER_WIDGET)],
        width: WIDE,
        height: 8,
      }),
    );
  dashboard.addWidgets(
    graph('What becomes of hosts', Object.keys(INCIDENT_ALARMS).map(own)),
    graph(`Alive (its absence is ${NOT_ALIVE.name})`, [own('alive')]),
  );
  dashboard.addWidgets(
    graph('Age of the oldest message, s', names.map(queue('ApproximateAgeOfOldestMessage'))),
    graph(
      'Dead letters',
      names.map((name) => queue('ApproximateNumberOfMessagesVisible')(deadLetterQueueOf(name))),
    ),
  );
  dashboard.addWidgets(
    graph('Errors', functionNames.map(lambda('Errors', 'Sum')), WIDE / 3),
    graph('Throttles', functionNames.map(lambda('Throttles', 'Sum')), WIDE / 3),
    graph('Duration, 99 %, ms', functionNames.map(lambda('Duration', 'p99')), WIDE / 3),
  );
  return dashboard;
}
