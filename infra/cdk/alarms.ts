import { Duration } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { FunctionName } from '#events/catalog.ts';

/** Each kind of alarm that functions have, and what it says. */
const SAYS = {
  'dead-letters': 'Messages failed too often and lie in the dead-letter queue.',
  'oldest-message': 'The oldest message is older than its delay and one retry explain.',
  errors: 'The function throws or runs into its timeout.',
  throttles: 'Lambda does not start the function: the concurrency of the account is used up.',
  'not-running': 'The function has not run for five of its periods.',
} as const;

/** Name and meaning of a function's alarm. */
export const functionAlarm = (name: FunctionName, kind: keyof typeof SAYS) => ({
  name: `${name}-${kind}`,
  says: SAYS[kind],
});

export interface AlarmSpec {
  /** The end of the alarm's name. */
  readonly name: string;
  /** The chapter of RUNBOOK.md; default: the name. */
  readonly chapter?: string;
  /** What has happened, in one sentence. */
  readonly says: string;
  /** What it means for the cloud. */
  readonly errorImpact: string;
  /** Where to look first: the names of queues and log groups. */
  readonly look: string;
  readonly metric: AlarmProps['metric'];
  /** Default: 1 or more. */
  readonly threshold?: Pick<AlarmProps, 'threshold' | 'comparisonOperator'>;
  /** Periods that must breach, of those that are looked at; default 1 of 1. */
  readonly breaches?: { readonly of: number; readonly atLeast: number };
  /** What no data means; default: nothing is wrong. */
  readonly missingData?: TreatMissingData;
  /** Whether its end is news; default true. Of what has happened once, it would say that all is well again. */
  readonly tellsEnd?: boolean;
}

export const ALARM_PERIOD = Duration.minutes(1);

/** Makes alarms that all have a name, the harm, a chapter of the runbook, and go to one topic. */
export class Alarms {
  readonly #topic: ITopic;
  readonly #prefix: string;
  readonly #runbookUrl: string;
  readonly #made: Alarm[] = [];

  constructor(options: { readonly topic: ITopic; readonly prefix: string; readonly runbookUrl: string }) {
    this.#topic = options.topic;
    this.#prefix = options.prefix;
    this.#runbookUrl = options.runbookUrl;
  }

  /** In the order in which they were made. */
  get made(): readonly Alarm[] {
    return this.#made;
  }

  add(scope: Construct, spec: AlarmSpec): Alarm {
    const {
      name,
      chapter = name,
      says,
      errorImpact,
      look,
      metric,
      breaches = { of: 1, atLeast: 1 },
      tellsEnd = true,
    } = spec;
    const alarm = new Alarm(scope, `Alarm-${name}`, {
      alarmName: `${this.#prefix}-${name}`,
      alarmDescription: `${errorImpact} ${says} Look: ${look}. Do: ${this.#runbookUrl}#${chapter}`,
      metric,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      ...spec.threshold,
      evaluationPeriods: breaches.of,
      datapointsToAlarm: breaches.atLeast,
      treatMissingData: spec.missingData ?? TreatMissingData.NOT_BREACHING,
    });
    this.#made.push(alarm);
    alarm.addAlarmAction(new SnsAction(this.#topic));
    if (tellsEnd) alarm.addOkAction(new SnsAction(this.#topic));
    return alarm;
  }
}
