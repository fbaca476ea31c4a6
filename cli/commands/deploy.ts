import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { DeploymentError, readDeployment } from '#infra/cdk/deployment.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Target } from '../deploy/run.ts';
import { nextSteps, planText } from '../deploy/words.ts';
import { UsageError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { policyOption } from './site-options.ts';

interface Options {
  readonly policy: string;
  readonly stage?: string;
  readonly cloudSecret?: string;
  readonly alarmEmail?: string;
  readonly context?: readonly string[];
  readonly localstack?: string | true;
  readonly bootstrap?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const LOCALSTACK = 'http://127.0.0.1:4566';

/** `salvor deploy`: `cdk deploy` of the stack, with the CDK that package.json pins. */
export function deployCommand(): Command {
  return new Command('deploy')
    .description('deploy the stack to AWS, or to a LocalStack: SQS, Lambda, DynamoDB; checks the policy first')
    .addOption(policyOption())
    .option('--stage <name>', 'the stack is salvor-<name>; prod unless given, local on a LocalStack')
    .option(
      '--cloud-secret <name>',
      "secret of Secrets Manager with the cloud's credentials; salvor/cloud unless given",
    )
    .option('--alarm-email <address>', 'where alarms go')
    .option('--context <key=value...>', 'any other key of the CDK context: docs/aws.md has them')
    .addOption(
      new Option('--localstack [endpoint]', `to this LocalStack, not to AWS; ${LOCALSTACK} or AWS_ENDPOINT_URL`),
    )
    .option('--bootstrap', 'first make what the CDK needs in the account, once for each account and region')
    .option('--yes', "don't ask before permissions are widened")
    .option('--dry-run', 'check everything, say what would be done, and end')
    .option('--json', 'print one JSON document instead')
    .action(async (options: Options) => {
      const { localstack, json, dryRun, yes, bootstrap } = options;
      const target: Target =
        localstack === undefined
          ? { kind: 'aws', yes: yes === true, bootstrap: bootstrap === true }
          : { kind: 'localstack', endpoint: endpointOf(localstack) };
      const context = contextOf(options);
      const { policy, deployment } = checked(context);
      const stack = `salvor-${deployment.stage}`;
      if (json !== true) print(planText({ stack, context, policy, target }));
      const outputs = dryRun === true ? null : await deploy(target, deployment.stage, context);
      if (json === true) printJson({ stack, context, outputs });
      else if (outputs !== null) print(nextSteps({ outputs, target, cloudSecret: deployment.cloudSecret }));
    });
}

/** Loaded when it is needed: the CDK is there for those who develop or deploy, and not for a site. */
const deploy: typeof import('../deploy/run.ts').deployStack = async (...of) =>
  (await import('../deploy/run.ts')).deployStack(...of);

const endpointOf = (given: string | true): string =>
  (given === true ? (process.env.AWS_ENDPOINT_URL ?? LOCALSTACK) : given).replace(/\/+$/, '');

/** What the CDK app is given: paths are from here, as it runs elsewhere. */
function contextOf({ policy, stage, cloudSecret, alarmEmail, context = [], localstack }: Options) {
  const others = context.map((each) => {
    const [key = '', ...value] = each.split('=');
    if (key === '' || value.length === 0) throw new UsageError(`--context is key=value, and not ${each}`);
    return [key, value.join('=')] as const;
  });
  return {
    policy: resolve(policy),
    stage: stage ?? (localstack === undefined ? 'prod' : 'local'),
    ...(cloudSecret === undefined ? {} : { cloudSecret }),
    ...(alarmEmail === undefined ? {} : { alarmEmail }),
    ...Object.fromEntries(others),
  };
}

/** As the CDK app will read it, but before anything is bundled or sent. */
function checked(context: Readonly<Record<string, string>>): ReturnType<typeof readDeployment> {
  const asked = new Set<string>();
  try {
    const read = readDeployment((key) => {
      asked.add(key);
      return context[key];
    });
    const unknown = Object.keys(context).filter((key) => !asked.has(key));
    if (unknown.length > 0)
      throw new UsageError(`--context has no ${unknown.join(', ')}, but ${[...asked].join(', ')}`);
    return read;
  } catch (error) {
    if (error instanceof DeploymentError) throw new PermanentError(error.message, { cause: error });
    throw error;
  }
}
