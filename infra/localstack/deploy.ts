import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { bootstrap, type CdkOptions, cdk } from './cdk.ts';
import { awsEnvironment, LOCALSTACK_ENVIRONMENT } from './endpoint.ts';

export interface LocalStackDeployment {
  /** Where all services of LocalStack answer, without a slash at the end. */
  readonly endpoint: string;
  /** A folder for the cloud assembly; what is in it may be overwritten. */
  readonly output: string;
  readonly stage: string;
  /** Path of the policy; default: the example. */
  readonly policy?: string;
  /** Further CDK context: see `infra/cdk/deployment.ts`. */
  readonly context?: Readonly<Record<string, string>>;
  readonly echo?: boolean;
}

const stackOutputs = z.object({
  HostEventsQueueUrl: z.string(),
  HostEventsQueueArn: z.string(),
  HttpIngestUrl: z.string(),
  /** Only where the policy has `access`. */
  HttpApiUrl: z.string().optional(),
  StateTableName: z.string(),
  AuditTableName: z.string(),
  AlarmTopicArn: z.string(),
});

/** The outputs of the stack. */
export type StackOutputs = z.infer<typeof stackOutputs>;

/**
 * Deploys salvor to a LocalStack, the bootstrap included. Functions run on the processor of this machine, and the
 * data go with the stack.
 * @throws Error with all that the CDK CLI printed, if it failed.
 */
export async function deployToLocalStack(deployment: LocalStackDeployment): Promise<StackOutputs> {
  const { endpoint, output, stage, policy, echo = false } = deployment;
  const options: CdkOptions = { env: awsEnvironment(endpoint), output, echo };
  const context = {
    stage,
    ...(policy === undefined ? {} : { policy }),
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    retainData: 'false',
    trustedPrincipal: LOCALSTACK_ENVIRONMENT.account,
    ...deployment.context,
  };
  const outputsFile = join(output, 'outputs.json');
  await bootstrap(options);
  await cdk(
    [
      'deploy',
      ...Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]),
      '--require-approval',
      'never',
      '--outputs-file',
      outputsFile,
    ],
    options,
  );
  const written = z.record(z.string(), stackOutputs).parse(JSON.parse(await readFile(outputsFile, 'utf8')));
  const outputs = written[`salvor-${stage}`];
  if (outputs === undefined) throw new Error(`cdk deploy wrote no outputs of salvor-${stage}`);
  return outputs;
}
