import { Aws, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { DUE_INDEX } from '#shared/adapters/dynamodb/tables.ts';
import { NOTIFY_PREFIX, PEOPLE_PREFIX, REPORTERS_PREFIX } from '#shared/lambda/environment.ts';
import { SESSIONS } from '#shared/state/sessions.ts';
import type { Access } from './access.ts';
import type { Deployment } from './deployment.ts';
import type { WorkerRequestQueues } from './fence-workers.ts';
import type { Tables } from './tables.ts';
import type { WorkQueue, WorkQueues } from './work-queue.ts';

export interface Grantable {
  readonly tables: Tables;
  readonly queues: WorkQueues;
  readonly workerQueues: WorkerRequestQueues;
  readonly deployment: Pick<
    Deployment,
    'cloudSecret' | 'secretPrefix' | 'fenceWorkers' | 'ways' | 'notifyTopics' | 'approvalKey'
  >;
}

const READ_STATE = ['dynamodb:GetItem', 'dynamodb:Query'];
/** A transaction needs the permissions of its parts (Developer Guide, "IAM with transactions"). */
const WRITE_ACTIONS: Readonly<Record<Access['state'][number], string>> = {
  put: 'dynamodb:PutItem',
  check: 'dynamodb:ConditionCheckItem',
  delete: 'dynamodb:DeleteItem',
};

/** Gives a function's role what the function uses, and no more. */
export function grantAccess(role: Role, access: Access, grantable: Grantable): void {
  const { tables, queues, workerQueues, deployment } = grantable;
  const allow = (actions: readonly string[], ...resources: readonly string[]) =>
    role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));

  allow([...READ_STATE, ...access.state.map((kind) => WRITE_ACTIONS[kind])], tables.state.tableArn);
  if (access.readsDue) allow(['dynamodb:Query'], `${tables.state.tableArn}/index/${DUE_INDEX}`);
  // Without UpdateItem and DeleteItem. That a put replaces no record is the condition of the write itself.
  if (access.appendsAudit) allow(['dynamodb:PutItem'], tables.audit.tableArn);
  if (access.readsAudit) allow(['dynamodb:Query'], tables.audit.tableArn);
  if (access.sendsTo.length > 0)
    allow(['sqs:SendMessage'], ...access.sendsTo.map((name) => queues[name].queue.queueArn));
  if (access.looksAtQueues) allow(['sqs:GetQueueAttributes'], ...Object.values(queues).flatMap((each) => arnsOf(each)));
  const { fencing, restarting } = deployment.fenceWorkers;
  const workers = new Set([...(access.fences ? fencing : []), ...(access.restarts ? restarting : [])]);
  const requests = [...workerQueues].filter(([worker]) => workers.has(worker)).map(([, { queueArn }]) => queueArn);
  if (requests.length > 0) allow(['sqs:SendMessage'], ...requests);
  if (access.keepsSessions) role.addToPolicy(ofSessions(tables.state.tableArn));
  const asksKeystone = access.asksKeystone && deployment.ways.includes('keystone');
  if (access.callsNova || asksKeystone)
    allow(['secretsmanager:GetSecretValue'], cloudSecretArn(deployment.cloudSecret));
  if (access.notifies && deployment.notifyTopics.length > 0) allow(['sns:Publish'], ...deployment.notifyTopics);
  if (access.answersLinks && deployment.approvalKey !== undefined)
    allow(
      ['secretsmanager:GetSecretValue'],
      secretArn(`${deployment.secretPrefix}${NOTIFY_PREFIX}${deployment.approvalKey}-??????`),
    );
  const below = prefixFor(access);
  if (below !== undefined) {
    const secrets = secretArn(`${deployment.secretPrefix}${below}*`);
    allow(['secretsmanager:GetSecretValue'], secrets);
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${flat(secrets)}]`,
      reason:
        'One secret for each fence device, reporter, person or channel, under the one prefix that the operator has set aside for them.',
    });
  }
}

/** Below the deployment's own prefix, of the secrets that a function reads; undefined: it reads none there. */
function prefixFor({ fences, notifies, tokensOf }: Access): string | undefined {
  if (fences) return '';
  if (notifies) return NOTIFY_PREFIX;
  return tokensOf === null ? undefined : TOKENS[tokensOf];
}

const TOKENS = { reporters: REPORTERS_PREFIX, people: PEOPLE_PREFIX } as const;

/** Of items whose partition is a session's, and of no other (Developer Guide, "Using IAM policy conditions"). */
const ofSessions = (tableArn: string): PolicyStatement =>
  new PolicyStatement({
    actions: [WRITE_ACTIONS.put, WRITE_ACTIONS.delete],
    resources: [tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${SESSIONS}*`] },
      // Of nothing, for all is true.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });

const arnsOf = ({ queue, deadLetters }: WorkQueue): readonly string[] => [queue.queueArn, deadLetters.queueArn];

const secretArn = (name: string): string =>
  `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${name}`;

/** Secrets Manager adds a hyphen and six characters to a secret's name in its ARN. */
const cloudSecretArn = (nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn : secretArn(`${nameOrArn}-??????`);

/** An ARN as cdk-nag writes it in a finding. */
const flat = (arn: string): string =>
  arn
    .replace(Aws.PARTITION, '<AWS::Partition>')
    .replace(Aws.REGION, '<AWS::Region>')
    .replace(Aws.ACCOUNT_ID, '<AWS::AccountId>');
