import { CfnOutput, Fn, Lazy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { type FunctionName, QUEUES, type QueueName, SCHEDULES, type ScheduleName } from '#events/catalog.ts';
import { POLICY_FILE } from '#infra/bundle.ts';
import type { EnvironmentText } from '#shared/lambda/environment.ts';
import { Alarms } from './alarms.ts';
import { addDashboard } from './dashboard.ts';
import type { Deployment } from './deployment.ts';
import { EndpointFunction } from './endpoint-function.ts';
import { FenceWorker, type WorkerRequestQueues, workerQueues } from './fence-workers.ts';
import { addHeartbeatAlarm } from './heartbeat-alarm.ts';
import { addIncidentAlarms } from './incident-alarms.ts';
import { QueueFunction } from './queue-function.ts';
import type { NetworkPlace, SharedParts } from './salvor-function.ts';
import { ScheduledFunction } from './scheduled-function.ts';
import { Tables } from './tables.ts';
import { WorkQueue, type WorkQueues } from './work-queue.ts';

export interface SalvorStackProps extends StackProps {
  readonly deployment: Deployment;
  /** The bundle of a function. */
  readonly codeOf: (name: FunctionName) => Code;
}

/** One salvor: tables, queues with their functions in the order of the flow, schedules, alarms. */
export class SalvorStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, codeOf, ...props }: SalvorStackProps) {
    super(scope, id, props);
    const topic = alarmTopic(this, deployment);
    const alarms = new Alarms({ topic, prefix: this.stackName, runbookUrl: deployment.runbookUrl });
    const tables = new Tables(this, 'Tables', deployment);
    const queues = workQueues(new Construct(this, 'Queues'));
    const ofWorkers = workerQueues(new Construct(this, 'FenceRequests'), workersOf(deployment));
    const ownPrincipals: string[] = [];
    const shared = {
      deployment,
      tables,
      queues,
      workerQueues: ofWorkers,
      alarms,
      codeOf,
      ownPrincipals,
      environment: environmentOf(this, deployment, tables, { queues, ofWorkers }, ownPrincipals),
      network: networkOf(this, deployment),
    };

    const logGroups = new Map<FunctionName, LogGroup>();
    for (const name of Object.keys(QUEUES) as QueueName[])
      logGroups.set(QUEUES[name].function, new QueueFunction(this, name, QUEUES[name], shared).logGroup);
    for (const name of Object.keys(SCHEDULES) as ScheduleName[])
      logGroups.set(SCHEDULES[name].function, new ScheduledFunction(this, name, shared).logGroup);
    const ingest = new EndpointFunction(this, 'http-ingest', shared);
    logGroups.set('http-ingest', ingest.logGroup);
    const api = apiOf(this, shared);
    if (api !== undefined) logGroups.set('http-api', api.logGroup);
    const fenceWorkers = new Construct(this, 'FenceWorkers');
    for (const [worker, requests] of ofWorkers) new FenceWorker(fenceWorkers, worker, requests, queues, alarms);
    addIncidentAlarms(new Construct(this, 'Incidents'), logGroups, alarms);
    const told = logGroups.get('notify');
    if (told !== undefined) addHeartbeatAlarm(this, told, alarms);
    addDashboard(this, { alarms: alarms.made, runbookUrl: deployment.runbookUrl });

    const hostEvents = queues['host-events'].queue;
    output(this, 'HostEventsQueueUrl', hostEvents.queueUrl, 'Where agents send host events');
    output(this, 'HostEventsQueueArn', hostEvents.queueArn, 'For the IAM policy of the agents: sqs:SendMessage');
    output(this, 'HttpIngestUrl', ingest.url, 'Where reports are sent by HTTP, with a token of the policy');
    if (api !== undefined)
      output(this, 'HttpApiUrl', api.url, 'The console and the API, for whom the policy lets in (access)');
    const { queueUrl } = queues['operator-commands'].queue;
    output(this, 'OperatorQueueUrl', queueUrl, 'For what operators tell salvor, and redrive: --queue-url');
    output(this, 'StateTableName', tables.state.tableName, 'Hosts, incidents and evacuation tasks');
    output(this, 'AuditTableName', tables.audit.tableName, 'The audit log');
    output(this, 'AlarmTopicArn', topic.topicArn, 'Where alarms go');
  }
}

/** Where the policy lets nobody in there is nothing to ask, and no address that anybody could. */
const apiOf = (stack: Stack, shared: SharedParts): EndpointFunction | undefined =>
  shared.deployment.ways.length === 0
    ? undefined
    : new EndpointFunction(stack, 'http-api', shared, shared.deployment.apiAuth);

/** One worker may be asked for both. */
const workersOf = ({ fenceWorkers: { fencing, restarting } }: Deployment): readonly string[] => [
  ...new Set([...fencing, ...restarting]),
];

function workQueues(scope: Construct): WorkQueues {
  const names = Object.keys(QUEUES) as QueueName[];
  return Object.fromEntries(names.map((name) => [name, new WorkQueue(scope, name, QUEUES[name])])) as WorkQueues;
}

function environmentOf(
  stack: Stack,
  { cloudSecret, secretPrefix, trustedPrincipal }: Deployment,
  tables: Tables,
  { queues, ofWorkers }: { readonly queues: WorkQueues; readonly ofWorkers: WorkerRequestQueues },
  ownPrincipals: readonly string[],
): EnvironmentText {
  const urls = Object.entries(queues).map(([name, { queue }]) => [name, queue.queueUrl]);
  return {
    STATE_TABLE: tables.state.tableName,
    AUDIT_TABLE: tables.audit.tableName,
    QUEUE_URLS: stack.toJsonString(Object.fromEntries(urls)),
    FENCE_REQUEST_URLS: stack.toJsonString(
      Object.fromEntries([...ofWorkers].map(([worker, { queueUrl }]) => [worker, queueUrl])),
    ),
    // Complete only when every function is made.
    OWN_PRINCIPALS: Lazy.string({
      produce: () => Fn.join(',', [...ownPrincipals, ...(trustedPrincipal === undefined ? [] : [trustedPrincipal])]),
    }),
    CLOUD_SECRET: cloudSecret,
    SECRET_PREFIX: secretPrefix,
    POLICY_FILE,
  };
}

/**
 * The topic is not encrypted with a key: CloudWatch may not use the AWS-managed one, and an alarm's text holds no secret.
 */
function alarmTopic(stack: Stack, { alarmEmail, alarmTopicArn }: Deployment): ITopic {
  if (alarmTopicArn !== undefined) return Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn);
  const topic = new Topic(stack, 'AlarmTopic', { topicName: `${stack.stackName}-alarms`, enforceSSL: true });
  if (alarmEmail === undefined) return topic;
  const subscription = topic.addSubscription(new EmailSubscription(alarmEmail));
  Validations.of(subscription).acknowledge({
    id: 'Serverless-SNSRedrivePolicy',
    reason: 'Mail that can not be delivered bounces; the alarm itself stays visible in CloudWatch.',
  });
  return topic;
}

function networkOf(stack: Stack, { network }: Deployment): NetworkPlace | undefined {
  if (network === undefined) return undefined;
  const { vpcId, subnetIds, securityGroupIds } = network;
  // CDK wants a zone for each subnet; none of them comes into the template.
  const availabilityZones = subnetIds.map((_, index) => `zone-${index}`);
  const vpc = Vpc.fromVpcAttributes(stack, 'Network', { vpcId, availabilityZones, privateSubnetIds: [...subnetIds] });
  Validations.of(vpc).acknowledge({
    id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'Functions are put into the subnets; nobody asks for their routes.',
  });
  return {
    vpc,
    securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(stack, id, id, { mutable: false })),
  };
}

const output = (stack: Stack, id: string, value: string, description: string): CfnOutput =>
  new CfnOutput(stack, id, { value, description });
