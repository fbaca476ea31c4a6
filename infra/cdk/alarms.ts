import { Duration } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { FunctionName } from '#events/catalog.ts';

/** Each kind of alarm, and what it says. */
const SAYS = {
  'dead-letters': 'Messages failed too often and lie in the dead-letter queue.',
  'oldest-message': 'The oldest message is older than its delay and one retry explain.',
  errors: 'The function throws or runs into its timeout.',
  throttles: 'Lambda does not start the function: the concurrency of the account is used up.',
  'not-running': 'The function has not run for five of its periods.',
} as const;

export type AlarmKind = keyof typeof SAYS;

export interface AlarmSpec {
  readonly function: FunctionName;
  readonly kind: AlarmKind;
  /** What it means for the cloud, from the catalogue. */
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
}

export const ALARM_PERIOD = Duration.minutes(1);

/** The chapter of RUNBOOK.md, and the end of the alarm's name. */
export const chapterOf = (spec: Pick<AlarmSpec, 'function' | 'kind'>): string => `${spec.function}-${spec.kind}`;

/** Makes alarms that all have a name, the harm, a chapter of the runbook, and go to one topic. */
export class Alarms {
  readonly #topic: ITopic;
  readonly #prefix: string;
  readonly #runbookUrl: string;

  constructor(options: { readonly topic: ITopic; readonly prefix: string; readonly runbookUrl: string }) {
    this.#topic = options.topic;
    this.#prefix = options.prefix;
    this.#runbookUrl = options.runbookUrl;
  }

  add(scope: Construct, spec: AlarmSpec): Alarm {
    const { kind, errorImpact, look, metric, breaches = { of: 1, atLeast: 1 } } = spec;
    const alarm = new Alarm(scope, `Alarm-${kind}`, {
      alarmName: `${this.#prefix}-${chapterOf(spec)}`,
      alarmDescription: `${errorImpact} ${SAYS[kind]} Look: ${look}. Do: ${this.#runbookUrl}#${chapterOf(spec)}`,
      metric,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      ...spec.threshold,
      evaluationPeriods: breaches.of,
      datapointsToAlarm: breaches.atLeast,
      treatMissingData: spec.missingData ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.#topic));
    alarm.addOkAction(new SnsAction(this.#topic));
    return alarm;
  }
}
