import { Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type FunctionName, QUEUES } from '#events/catalog.ts';
import { ALARM_PERIOD, type AlarmSpec, type Alarms } from './alarms.ts';

export interface IncidentAlarm extends Pick<AlarmSpec, 'says' | 'errorImpact' | 'tellsEnd'> {
  /** Of the log lines (CloudWatch Logs User Guide, "Filter pattern syntax"). They are JSON, as powertools writes it. */
  readonly pattern: IFilterPattern;
  /** Every function that may write such a line. */
  readonly loggedBy: readonly FunctionName[];
  /** The alarm rings if this many of the last minutes have such a line. */
  readonly minutes: { readonly of: number; readonly atLeast: number };
}

const text = (field: string, value: string) => FilterPattern.stringValue(`$.${field}`, '=', value);
const atLeast = (field: string, value: number) => FilterPattern.numberValue(`$.${field}`, '>=', value);

/** A hold is short while Nova only is late to see the host down; its default `service_down_time` is 60 s. */
const HELD_SECONDS = 120;
/** The first tries may meet a device that is busy or restarts. */
const FENCE_FAILURES = 3;

/** What people are woken for: not that a function fails, but what becomes of a host. It is read from the functions' logs. */
export const INCIDENT_ALARMS: Readonly<Record<string, IncidentAlarm>> = {
  'incident-stopped': {
    errorImpact: 'Nothing of the segment is recovered until a person has looked, the other hosts included.',
    says: 'A host and its fence device contradict each other: the incident and its segment are stopped.',
    // The transition itself, and then each minute what sweep sees.
    pattern: FilterPattern.any(text('to', 'stopped'), text('fact', 'stopped')),
    loggedBy: ['fence-host', 'sweep'],
    minutes: { of: 3, atLeast: 1 },
  },
  disarmed: {
    errorImpact: 'Dead hosts are not recovered while salvor is switched off.',
    says: 'An operator has disarmed a segment or all of salvor.',
    pattern: text('fact', 'disarmed'),
    loggedBy: ['sweep'],
    minutes: { of: 3, atLeast: 1 },
  },
  'state-unreadable': {
    errorImpact: 'A recovery stands still: its state can not be read.',
    says: 'An item of the state that is due is not of the form that this salvor knows.',
    pattern: text('fact', 'unreadable'),
    loggedBy: ['sweep'],
    minutes: { of: 3, atLeast: 1 },
  },
  'host-held': {
    errorImpact: 'A host that is reported down is not recovered: its instances may be down.',
    says: `A guard has held a host for ${HELD_SECONDS} s or longer. A host in maintenance does not count.`,
    pattern: FilterPattern.all(
      text('fact', 'held'),
      atLeast('heldSeconds', HELD_SECONDS),
      FilterPattern.stringValue('$.closedGates', '!=', 'in-service'),
    ),
    loggedBy: ['confirm-host-down'],
    minutes: { of: 3, atLeast: 1 },
  },
  'fencing-fails': {
    errorImpact: 'A dead host is not proven off: none of its instances are evacuated.',
    says: `Powering a host off, or telling Nova of it, has failed ${FENCE_FAILURES} times in a row or more. It is tried until the deadline.`,
    pattern: FilterPattern.all(
      FilterPattern.any(text('fact', 'fence-failed'), text('fact', 'force-down-failed')),
      atLeast('failures', FENCE_FAILURES),
    ),
    loggedBy: ['fence-host'],
    // Tries are up to fencing.retryMaxSeconds apart, 300 by default.
    minutes: { of: 10, atLeast: 1 },
  },
  'instances-left': {
    errorImpact: 'Instances of a dead host are still down, and nobody but a person brings them back.',
    says: 'An incident was closed with instances that could not be recovered, or wait for a person.',
    pattern: text('outcome', 'partly-recovered'),
    loggedBy: ['follow-evacuations'],
    minutes: { of: 1, atLeast: 1 },
    tellsEnd: false,
  },
  'incident-overdue': {
    errorImpact: 'A recovery stands still, although it is pushed on each minute.',
    says: 'An incident was past its deadline in three of five minutes.',
    pattern: FilterPattern.any(
      text('fact', 'overdue'),
      text('fact', 'instance-overdue'),
      text('fact', 'process-overdue'),
    ),
    loggedBy: ['sweep'],
    minutes: { of: 5, atLeast: 3 },
  },
  'instance-storm': {
    errorImpact: 'Instances of a host that lives are down, and are not restarted: the host may be sick.',
    says: 'More instances of a host or a segment fail within the window than the policy lets salvor act on.',
    pattern: text('fact', 'instance-storm'),
    loggedBy: ['recover-instance'],
    // It is said once of each instance.
    minutes: { of: 15, atLeast: 1 },
    tellsEnd: false,
  },
  'instance-for-a-person': {
    errorImpact: 'An instance is down, and nobody but a person brings it back.',
    says: 'An instance of a host that lives could not be restarted or moved, or may not be any more.',
    pattern: text('fact', 'instance-for-a-person'),
    loggedBy: ['recover-instance'],
    minutes: { of: 1, atLeast: 1 },
    tellsEnd: false,
  },
  'hosts-not-fenceable': {
    errorImpact: 'If one of these hosts dies now, it can not be proven off, and none of its instances are evacuated.',
    says: 'There are hosts whose fence devices do not answer, refuse the credentials, or are not their own.',
    pattern: text('fact', 'not-fenceable'),
    loggedBy: ['survey-devices'],
    minutes: { of: 3, atLeast: 1 },
  },
  'fencing-weakened': {
    errorImpact: 'A host can still be fenced, but not if one more thing fails.',
    says: 'One of several fence devices of a host does not answer, or its certificate or credentials end soon.',
    pattern: text('fact', 'fencing-weak'),
    loggedBy: ['survey-devices'],
    minutes: { of: 3, atLeast: 1 },
  },
  'access-ending': {
    errorImpact: 'From its end on salvor sees and recovers nothing, or nobody can report to it.',
    says: "A certificate of the cloud's services or salvor's own, or its account, ends soon or is refused.",
    pattern: text('fact', 'access-ending'),
    loggedBy: ['survey-devices'],
    minutes: { of: 3, atLeast: 1 },
  },
  'capacity-short': {
    errorImpact: 'If a host of this segment dies now, some of its instances stay down for want of room.',
    says: 'A segment can not take up the instances of one of its hosts.',
    pattern: text('fact', 'capacity-short'),
    loggedBy: ['mirror-instances'],
    minutes: { of: 3, atLeast: 1 },
  },
  'people-not-told': {
    errorImpact: 'Somebody who should know of a dead host, or is needed, was not told by one of the channels.',
    says: 'A notice could not be delivered, or was given up, or what it is made from could not be read.',
    pattern: FilterPattern.any(
      text('fact', 'notify-failed'),
      text('fact', 'notice-lost'),
      text('fact', 'notice-unreadable'),
    ),
    loggedBy: ['notify'],
    // A channel that fails is tried every five minutes at least.
    minutes: { of: 15, atLeast: 1 },
  },
  'messages-parked': {
    errorImpact: 'Somebody reports what salvor can not act on: a host that is in need may not be recovered.',
    says: 'Messages were parked: malformed, of an unknown or unprotected host, or refused.',
    pattern: text('fact', 'message-parked'),
    loggedBy: [...Object.values(QUEUES).map((spec) => spec.function), 'http-ingest'],
    // A reporter that keeps on is one alarm, not one each minute.
    minutes: { of: 15, atLeast: 1 },
    tellsEnd: false,
  },
};

/** One metric for each, in a namespace of the stack's name, and the alarm on it. */
export function addIncidentAlarms(
  scope: Construct,
  logGroups: ReadonlyMap<FunctionName, LogGroup>,
  alarms: Alarms,
): void {
  const metricNamespace = Stack.of(scope).stackName;
  for (const [name, { pattern: filterPattern, loggedBy, minutes, ...spec }] of Object.entries(INCIDENT_ALARMS)) {
    const own = new Construct(scope, name);
    for (const [writer, logGroup] of logGroups)
      if (loggedBy.includes(writer))
        new MetricFilter(own, writer, { logGroup, filterPattern, metricNamespace, metricName: name });
    alarms.add(own, {
      ...spec,
      name,
      look: `open incidents, and the logs of ${logsOf(loggedBy)}`,
      metric: new Metric({
        namespace: metricNamespace,
        metricName: name,
        period: ALARM_PERIOD,
        statistic: 'Sum',
      }),
      breaches: minutes,
    });
  }
}

/** A description of CloudWatch's has no room for the names of all. */
const logsOf = (functions: readonly string[]): string =>
  functions.length > NAMED_AT_MOST ? 'every function that reads a queue or a request' : functions.join(', ');
const NAMED_AT_MOST = 8;
