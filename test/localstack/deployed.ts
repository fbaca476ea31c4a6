import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { deadLetterQueueOf, type FunctionName, QUEUES, type QueueName } from '#events/catalog.ts';
import { cdk } from '#infra/localstack/cdk.ts';
import { deployToLocalStack } from '#infra/localstack/deploy.ts';
import { dynamoStore } from '#shared/adapters/dynamodb/state-store.ts';
import type { policySchema } from '#shared/domain/policy.ts';
import type { StateReader } from '#shared/ports.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import type { LocalStack } from './localstack.ts';

/** A salvor that was deployed by `cdk deploy`, and what a test needs to look at it from outside. */
export interface Deployed {
  readonly queueUrl: (name: QueueName | ReturnType<typeof deadLetterQueueOf>) => string;
  readonly stateTable: string;
  readonly auditTable: string;
  /** Of the function that takes reports by HTTP. */
  readonly httpUrl: string;
  /** Of the one that serves the API and the console; undefined where the policy lets nobody in. */
  readonly apiUrl: string | undefined;
  /** Reads the deployed tables. */
  readonly state: StateReader;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  /** Messages in a queue: those that wait, are delayed, or are with a function. */
  messagesIn(name: QueueName | ReturnType<typeof deadLetterQueueOf>): Promise<number>;
  /** What a function has logged so far. LocalStack writes to Lambda's own log group, not to the stack's. */
  logLinesOf(name: FunctionName): Promise<readonly string[]>;
  /** Deletes the stack. */
  destroy(): Promise<void>;
}

/** Name of the secret that the policy gives to fence devices, without the prefix. */
export const BMC_SECRET = 'bmc';

/** Who may report by HTTP, and with which token. */
const HTTP_REPORTER = 'by-http';
export const HTTP_TOKEN = 'token-of-the-test';

/** Who is let in by the API, and with which token. */
export const PERSON = { ann: { token: 'of-ann', role: 'approver' } } as const;
export const PERSONS_TOKEN = 'token-of-ann-in-the-test';

export type PolicyInput = (typeof policySchema)['_zod']['input'];

/**
 * Puts the simulated cloud's credentials into Secrets Manager and deploys a salvor that serves it.
 * @param stage part of every name; new for each run, so that an emulator may be used again.
 */
export async function deployFor(
  cloud: SimulatedCloud,
  policy: PolicyInput,
  stage: string,
  { endpoint, env }: Pick<LocalStack, 'endpoint' | 'env'>,
): Promise<Deployed> {
  const folder = await mkdtemp(join(tmpdir(), 'salvor-deployed-'));
  const output = join(folder, 'cdk.out');
  const policyFile = join(folder, 'policy.json');
  const reporters = { [HTTP_REPORTER]: { token: HTTP_REPORTER } };
  await writeFile(policyFile, JSON.stringify({ ...policy, reporters }));
  const client = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  };
  const prefix = `${stage}/`;
  await createSecrets(new SecretsManagerClient(client), cloud, prefix);
  const context = { cloudSecret: `${prefix}cloud`, secretPrefix: prefix };
  const outputs = await deployToLocalStack({ endpoint, output, stage, policy: policyFile, context });

  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const dynamodb = new DynamoDBClient(client);
  const urls = await queueUrlsOf(sqs, `salvor-${stage}`);
  const queueUrl: Deployed['queueUrl'] = (name) => urls.get(name) ?? '';
  return {
    queueUrl,
    stateTable: outputs.StateTableName,
    auditTable: outputs.AuditTableName,
    httpUrl: outputs.HttpIngestUrl,
    apiUrl: outputs.HttpApiUrl,
    state: dynamoStore({ client: dynamodb, stateTable: outputs.StateTableName, auditTable: outputs.AuditTableName }),
    sqs,
    dynamodb,
    async messagesIn(name) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl(name), AttributeNames: ['All'] }),
      );
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible } =
        Attributes;
      return [
        ApproximateNumberOfMessages,
        ApproximateNumberOfMessagesDelayed,
        ApproximateNumberOfMessagesNotVisible,
      ].reduce((sum, count) => sum + Number(count), 0);
    },
    logLinesOf: (name) => logLines(endpoint, `/aws/lambda/salvor-${stage}-${name}`),
    async destroy() {
      const given = Object.entries({ stage, policy: policyFile, retainData: 'false', ...context });
      await cdk(['destroy', '--force', ...given.flatMap(([key, value]) => ['--context', `${key}=${value}`])], {
        env,
        output,
      });
      sqs.destroy();
      dynamodb.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

/** Where a function's address is reached, and by which name: one of LocalStack's own, which no resolver has to know. */
export function reachedAt(endpoint: string, functionUrl: string): { readonly url: string; readonly host: string } {
  // One that ends in an IP is no URL.
  const [, name = '', port = '', path = ''] = /^https?:\/\/([^/]+?)\.127\.0\.0\.1(:\d+)(\/.*)$/.exec(functionUrl) ?? [];
  return { url: `${endpoint}${path}`, host: `${name}.localhost.localstack.cloud${port}` };
}

/** FilterLogEvents (CloudWatch Logs API reference), without a client: the emulator checks no signature. */
async function logLines(endpoint: string, logGroupName: string): Promise<readonly string[]> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
    body: JSON.stringify({ logGroupName }),
  });
  const { events } = logEvents.parse(await response.json());
  return events.map(({ message }) => message);
}

const logEvents = z.object({ events: z.array(z.object({ message: z.string() })) });

async function createSecrets(client: SecretsManagerClient, cloud: SimulatedCloud, prefix: string): Promise<void> {
  const { id, secret } = cloud.credentials.applicationCredential;
  const auth = { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret };
  const secrets = {
    cloud: { auth, auth_type: 'v3applicationcredential', region_name: cloud.region },
    [BMC_SECRET]: cloud.bmcCredentials,
    [`reporters/${HTTP_REPORTER}`]: { token: HTTP_TOKEN },
    [`people/${PERSON.ann.token}`]: { token: PERSONS_TOKEN },
  };
  for (const [name, value] of Object.entries(secrets))
    await client.send(new CreateSecretCommand({ Name: `${prefix}${name}`, SecretString: JSON.stringify(value) }));
  client.destroy();
}

async function queueUrlsOf(sqs: SQSClient, stackName: string): Promise<ReadonlyMap<string, string>> {
  const names = (Object.keys(QUEUES) as QueueName[]).flatMap((name) => [name, deadLetterQueueOf(name)]);
  const urls = await Promise.all(
    names.map(async (name) => {
      const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${stackName}-${name}` }));
      return [name, QueueUrl] as const;
    }),
  );
  return new Map(urls);
}
