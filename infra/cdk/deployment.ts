import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { readPolicy } from '#infra/site/policy-file.ts';
import { fencingWorkersOf, restartWorkersOf } from '#shared/domain/fence-workers.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { signInOf } from '#shared/domain/policy-access.ts';
import { mapDevices } from '#shared/domain/policy-devices.ts';
import { type Way, waysOf } from '#shared/domain/ways.ts';
import { PermanentError } from '#shared/errors.ts';

/** What the operator asked for can't be deployed. The message is for the operator. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}

const EXAMPLE_POLICY = fileURLToPath(new URL('../policy.example.yaml', import.meta.url));

/** The retention periods that CloudWatch Logs knows (API reference, PutRetentionPolicy). */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const awsId = (kind: string) =>
  z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `an id such as ${kind}-0a1b2c3d`);
const awsIds = (kind: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((id) => id.trim()))
    .pipe(z.array(awsId(kind)));

/** The CDK context that salvor reads: `cdk deploy -c stage=lab -c policy=policy.yaml`, or "context" in cdk.json. */
const contextSchema = z
  .object({
    /** Part of every name, so that several salvors fit into one account and region. */
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, 'small letters, digits and "-"; 20 at most')
      .default('prod'),
    /** Path of the policy, YAML or JSON. The example is in shadow mode: it touches nothing. */
    policy: z.string().min(1).default(EXAMPLE_POLICY),
    /** Full name or ARN of the secret with the cloud's credentials. */
    cloudSecret: z.string().min(1).max(2048).default('salvor/cloud'),
    /** Stands before the name of each fence device's credentials. The functions that confirm and that fence may read all under it. */
    secretPrefix: z
      .string()
      .regex(/^[A-Za-z0-9/_+=.@-]{1,256}$/, 'letters, digits and /_+=.@- only, and not empty')
      .default('salvor/'),
    alarmEmail: z.email().optional(),
    /** Alarms go to this topic in place of one of the stack's own. */
    alarmTopicArn: z
      .string()
      .regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:\S+$/, 'the ARN of an SNS topic')
      .optional(),
    /** Lambda's name of the processor; LocalStack without Docker runs what its own machine runs. */
    architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
    /**
     * A principal besides salvor's functions whose messages are believed to say themselves whose word they carry. LocalStack
     * gives every sender its account's id, so that it can not tell salvor's own from others.
     */
    trustedPrincipal: z
      .string()
      .regex(/^\w{12,128}$/, 'a unique id of IAM, such as AROAEXAMPLEID')
      .optional(),
    /** Keep state and audit log when the stack is deleted, and refuse their deletion. */
    retainData: z.union([z.boolean(), z.stringbool()]).default(true),
    logRetentionDays: z.coerce
      .number()
      .pipe(z.literal(LOG_RETENTION_DAYS, `one of ${LOG_RETENTION_DAYS.join(', ')}`))
      .default(90),
    /** Who is let to the function of the API: everybody, as it finds out itself who is who; or who signs requests to AWS. */
    apiAuth: z.enum(['none', 'iam']).default('none'),
    /** Where people find infra/RUNBOOK.md; alarms link to it. */
    runbookUrl: z.string().min(1).max(300).default('infra/RUNBOOK.md'),
    /** The network from which Nova and the fence devices are reached, when that is not the internet. */
    vpcId: awsId('vpc').optional(),
    subnetIds: awsIds('subnet').optional(),
    securityGroupIds: awsIds('sg').optional(),
  })
  .superRefine(({ alarmEmail, alarmTopicArn, vpcId, subnetIds, securityGroupIds }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (alarmEmail !== undefined && alarmTopicArn !== undefined)
      refuse('alarmEmail', 'give alarmEmail or alarmTopicArn: a topic has subscribers of its own');
    const given = [vpcId, subnetIds, securityGroupIds].filter((value) => value !== undefined).length;
    if (given > 0 && given < 3) refuse('vpcId', 'vpcId, subnetIds and securityGroupIds go together');
  });

export interface Network {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export type Deployment = Omit<z.infer<typeof contextSchema>, 'policy' | keyof Network> & {
  readonly network: Network | undefined;
  /** By which the policy lets people in; none where it has no `access`. */
  readonly ways: readonly Way[];
  /** The fence workers that the policy names: for devices, and for restarts of services. One may be both. */
  readonly fenceWorkers: { readonly fencing: readonly string[]; readonly restarting: readonly string[] };
  /** ARNs of the SNS topics by which the policy has people told. */
  readonly notifyTopics: readonly string[];
  /** Name of the secret whose key signs links to approve; undefined: there are none. */
  readonly approvalKey: string | undefined;
};

const CONTEXT_KEYS = Object.keys(contextSchema.shape);

/**
 * @param contextOf gives the value of a context key, or undefined.
 * @throws DeploymentError that names every key that is wrong, or what is wrong with the policy.
 */
export function readDeployment(contextOf: (key: string) => unknown): { deployment: Deployment; policy: Policy } {
  const given = Object.fromEntries(CONTEXT_KEYS.map((key) => [key, contextOf(key)]));
  const parsed = contextSchema.safeParse(given);
  if (!parsed.success) throw new DeploymentError(`the CDK context is wrong:\n${z.prettifyError(parsed.error)}`);
  const { policy, vpcId, subnetIds, securityGroupIds, ...deployment } = parsed.data;
  const network =
    vpcId !== undefined && subnetIds !== undefined && securityGroupIds !== undefined
      ? { vpcId, subnetIds, securityGroupIds }
      : undefined;
  const checked = policyForFunctions(policy);
  const ways = waysOf(checked.access);
  const approvalKey = checked.notify?.approvals?.key;
  refuseUseless(ways, deployment.apiAuth);
  if (approvalKey !== undefined) refuseLinks(ways, deployment.apiAuth);
  if (signInOf(checked) !== undefined && deployment.apiAuth === 'iam')
    throw new DeploymentError(
      'access.oidc.signIn: with apiAuth=iam no browser comes back from the issuer: leave it out',
    );
  return {
    deployment: {
      ...deployment,
      network,
      ways,
      fenceWorkers: { fencing: fencingWorkersOf(checked), restarting: restartWorkersOf(checked) },
      notifyTopics: topicsOf(checked),
      approvalKey,
    },
    policy: checked,
  };
}

/** Of requests that AWS lets in for their signature no token is read, and of others there is no signature. */
function refuseUseless(ways: readonly Way[], apiAuth: 'none' | 'iam'): void {
  const useful = ways.filter((way) => (way === 'iam') === (apiAuth === 'iam'));
  if (ways.length > 0 && useful.length === 0)
    throw new DeploymentError(
      `with apiAuth=${apiAuth} nobody is let in by ${ways.join(', ')}: ${apiAuth === 'iam' ? 'give access.iam in the policy' : 'deploy with apiAuth=iam'}`,
    );
}

/** The function of the API answers them, and only where a browser reaches it. */
function refuseLinks(ways: readonly Way[], apiAuth: 'none' | 'iam'): void {
  if (ways.length === 0)
    throw new DeploymentError('notify.approvals: links to approve are answered by the API: give the policy access');
  if (apiAuth === 'iam')
    throw new DeploymentError('notify.approvals: with apiAuth=iam no browser can open a link: leave one of both out');
}

const topicsOf = ({ notify }: Policy): readonly string[] => [
  ...new Set(Object.values(notify?.channels ?? {}).flatMap((each) => (each.type === 'sns' ? [each.topicArn] : []))),
];

/** The policy as it goes beside the functions: checked, with its defaults, and with the CA files' text in it. */
function policyForFunctions(path: string): Policy {
  if (!existsSync(path)) throw new DeploymentError(`there is no policy at ${path} (context "policy")`);
  const policy = asDeploymentError(() => readPolicy(path));
  const fenceDevices = Object.entries(policy.fenceDevices).map(([host, entry]) => {
    const withText = mapDevices(entry, (device) => {
      if (!('caFile' in device) || device.caFile === undefined || device.caFile.includes('-----BEGIN')) return device;
      return { ...device, caFile: readCa(device.caFile, host) };
    });
    return [host, withText];
  });
  return { ...policy, fenceDevices: Object.fromEntries(fenceDevices) };
}

function asDeploymentError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PermanentError) throw new DeploymentError(error.message, { cause: error });
    throw error;
  }
}

function readCa(path: string, host: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new DeploymentError(`the caFile of fence device ${host} can't be read from ${path} (${code})`);
  }
}
