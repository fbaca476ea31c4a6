import { awsEnvironment } from '#infra/localstack/endpoint.ts';
import { fencingWorkersOf, restartWorkersOf } from '#shared/domain/fence-workers.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Outputs, Target } from './run.ts';

export interface Plan {
  readonly stack: string;
  readonly context: Readonly<Record<string, string>>;
  readonly policy: Policy;
  readonly target: Target;
}

/** What is about to happen, before it does. */
export function planText({ stack, context, policy, target }: Plan): string {
  const { segments, fenceDevices, cloud } = policy;
  const modes = segments.map(({ name, mode }) => `${name} (${mode})`).join(', ');
  const workers = [...new Set([...fencingWorkersOf(policy), ...restartWorkersOf(policy)])];
  const rest = Object.entries(context).filter(([key]) => key !== 'policy' && key !== 'stage');
  return [
    `stack     ${stack}, ${target.kind === 'aws' ? 'in the account and region of your AWS credentials' : `on the LocalStack at ${target.endpoint}`}`,
    `policy    ${context.policy}: well`,
    `cloud     ${cloud.name}, region ${cloud.region}`,
    `segments  ${modes}`,
    `fencing   ${Object.keys(fenceDevices).length} entries${workers.length === 0 ? '' : `; queues for the fence workers ${workers.join(', ')}`}`,
    ...rest.map(([key, value]) => `${key}  ${value}`),
    segments.some(({ mode }) => mode === 'enforce')
      ? 'A segment in mode enforce powers hosts off as soon as salvor runs.'
      : 'No segment enforces: nothing is powered off.',
  ].join('\n');
}

interface Done {
  readonly outputs: Outputs;
  readonly target: Target;
  readonly cloudSecret: string;
}

/** The outputs, and what is to be done with them. */
export function nextSteps({ outputs, target, cloudSecret }: Done): string {
  const of = (name: string): string => outputs[name] ?? `<${name}>`;
  const widest = Math.max(0, ...Object.keys(outputs).map((name) => name.length));
  const environment = {
    ...(target.kind === 'localstack' ? awsEnvironment(target.endpoint) : {}),
    SALVOR_STATE_TABLE: of('StateTableName'),
    SALVOR_AUDIT_TABLE: of('AuditTableName'),
    SALVOR_QUEUE_URL: of('OperatorQueueUrl'),
  };
  return [
    '',
    'Outputs:',
    ...Object.entries(outputs).map(([name, value]) => `  ${name.padEnd(widest)}  ${value}`),
    '',
    'Next:',
    `  1. See to it that the secret ${cloudSecret} has the cloud's credentials: docs/aws.md.`,
    '  2. Let every salvor command speak to this stack:',
    ...Object.entries(environment).map(([name, value]) => `       export ${name}=${value}`),
    '  3. After two minutes: salvor doctor, salvor status.',
    `  4. Let reporters send to ${of('HttpIngestUrl')}, or to the queue ${of('HostEventsQueueUrl')}: docs/sources.md.`,
  ].join('\n');
}
