import { Validations } from 'aws-cdk-lib';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENDPOINTS, type EndpointName } from '#events/catalog.ts';
import { SalvorFunction, type SharedParts } from './salvor-function.ts';

const AUTH = { none: FunctionUrlAuthType.NONE, iam: FunctionUrlAuthType.AWS_IAM } as const;
export type UrlAuth = 'none' | 'iam';

/**
 * A function that answers HTTP requests at an address of its own. With `none` AWS lets everybody in: who is who, the function
 * finds out itself, by tokens that programs know which can't sign requests. A flood of strangers takes its own concurrency only.
 */
export class EndpointFunction extends Construct {
  readonly logGroup: LogGroup;
  readonly url: string;

  constructor(scope: Construct, name: EndpointName, shared: SharedParts, auth: UrlAuth = 'none') {
    const spec = ENDPOINTS[name];
    super(scope, spec.function);
    const { lambda, logGroup } = new SalvorFunction(this, spec.function, {
      timeoutSeconds: spec.functionTimeoutSeconds,
      memoryMb: spec.memoryMb,
      errorImpact: spec.errorImpact,
      sendsToItself: false,
      reservedConcurrency: spec.concurrency,
      shared,
    });
    this.logGroup = logGroup;
    this.url = lambda.addFunctionUrl({ authType: AUTH[auth] }).url;
    const reason = 'It is called by requests, whose senders are told of each failure and try again.';
    Validations.of(lambda).acknowledge(
      { id: 'Serverless-LambdaDLQ', reason },
      { id: 'Serverless-LambdaAsyncFailureDestination', reason },
    );
  }
}
