import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '#events/catalog.ts';
import { HANDLER } from '#infra/bundle.ts';
import type { EnvironmentText } from '#shared/lambda/environment.ts';
import { ACCESS } from './access.ts';
import { ALARM_PERIOD, type Alarms, functionAlarm } from './alarms.ts';
import type { Deployment } from './deployment.ts';
import { type Grantable, grantAccess } from './grants.ts';

/** What all functions of a stack share. */
export interface SharedParts extends Grantable {
  readonly deployment: Deployment;
  readonly environment: EnvironmentText;
  readonly alarms: Alarms;
  readonly codeOf: (name: FunctionName) => Code;
  /** The unique ids of the roles that send host events. Each function that does adds its own. */
  readonly ownPrincipals: string[];
  /** Where functions that call Nova or fence devices stand. */
  readonly network: NetworkPlace | undefined;
}

export interface NetworkPlace {
  readonly vpc: IVpc;
  readonly securityGroups: ISecurityGroup[];
}

export interface SalvorFunctionProps {
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly errorImpact: string;
  /** Messages of its own queue come, in the end, from itself: timers. */
  readonly sendsToItself: boolean;
  /** Runs so often at the same time and no more, and nobody else takes that of it; by default what the account has left. */
  readonly reservedConcurrency?: number;
  readonly shared: SharedParts;
}

/** One file of `functions/` as a Lambda function, with a role of its own, its log group, and alarms on errors and throttles. */
export class SalvorFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, name: FunctionName, props: SalvorFunctionProps) {
    super(scope, 'Function');
    const { deployment, environment, codeOf, network } = props.shared;
    const access = ACCESS[name];
    const asksKeystone = access.asksKeystone && deployment.ways.includes('keystone');
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: deployment.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    grantAccess(role, access, props.shared);
    // Of these it says itself whose word they carry.
    if (access.sendsTo.includes('host-events') || access.sendsTo.includes('operator-commands'))
      props.shared.ownPrincipals.push(role.roleId);

    this.lambda = new LambdaFunction(this, 'Lambda', {
      functionName: `${Stack.of(this).stackName}-${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: deployment.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      code: codeOf(name),
      handler: HANDLER,
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMb,
      environment: { ...environment },
      logGroup: this.logGroup,
      role,
      tracing: Tracing.ACTIVE,
      ...(props.sendsToItself ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(access.callsNova || access.fences || asksKeystone ? network : {}),
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray has no resources to name: PutTraceSegments and PutTelemetryRecords take "*" only.',
    });
    if (network !== undefined)
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
        reason: 'Lambda asks for this policy on the network interfaces that it makes; these have no names beforehand.',
      });
    addFunctionAlarms(this, name, props);
  }
}

/** One failure is a passing fault, which the queue or the next tick repeats; several in five minutes are not. */
function addFunctionAlarms(
  scope: SalvorFunction,
  name: FunctionName,
  { errorImpact, shared }: SalvorFunctionProps,
): void {
  const { lambda, logGroup } = scope;
  const common = { errorImpact, look: `log group ${logGroup.logGroupName}` };
  const metric = { period: ALARM_PERIOD, statistic: 'Sum' };
  shared.alarms.add(scope, {
    ...common,
    ...functionAlarm(name, 'errors'),
    metric: lambda.metricErrors(metric),
    breaches: { of: 5, atLeast: 2 },
  });
  shared.alarms.add(scope, {
    ...common,
    ...functionAlarm(name, 'throttles'),
    metric: lambda.metricThrottles(metric),
    breaches: { of: 5, atLeast: 2 },
  });
}
