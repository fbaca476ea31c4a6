import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type Deployment, readDeployment } from '#infra/cdk/deployment.ts';
import { SalvorStack } from '#infra/cdk/salvor-stack.ts';

export interface Synthesized {
  readonly app: App;
  readonly stack: SalvorStack;
  readonly template: Template;
}

/** The example lets nobody in, and has no API. */
const EVERY_WAY: Deployment['ways'] = ['token', 'keystone', 'oidc'];

/** The stack `salvor-test` with this CDK context, and these changes of what comes of it. Its functions have no code, so that nothing is bundled. */
export function synthesize(
  context: Readonly<Record<string, unknown>> = {},
  changes: Partial<Deployment> = {},
): Synthesized {
  const app = new App();
  const { deployment: read } = readDeployment((key) => context[key]);
  const deployment = { ...read, ways: EVERY_WAY, ...changes };
  const codeOf = () => Code.fromInline('export const handler = () => {};');
  const stack = new SalvorStack(app, 'salvor-test', { deployment, codeOf });
  return { app, stack, template: Template.fromStack(stack) };
}

/** A resource of a template, with those of its properties that a test reads. */
export interface Resource<Properties> {
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
}

export interface Reference {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
}

/** A text with references in it. */
export interface Join {
  readonly 'Fn::Join': readonly [separator: string, parts: readonly (string | Reference)[]];
}

export interface QueueProperties {
  readonly QueueName: string;
  readonly VisibilityTimeout: number;
  readonly MessageRetentionPeriod: number;
  readonly SqsManagedSseEnabled: boolean;
  readonly RedrivePolicy: { readonly maxReceiveCount: number; readonly deadLetterTargetArn: Reference };
}

export interface FunctionProperties {
  readonly ReservedConcurrentExecutions?: number;
  readonly FunctionName: string;
  readonly Role: Reference;
  readonly Architectures: readonly string[];
  readonly RecursiveLoop?: string;
  readonly VpcConfig?: object;
  readonly LoggingConfig: { readonly LogGroup: Reference };
  readonly Environment: {
    readonly Variables: Readonly<Record<'CLOUD_SECRET' | 'SECRET_PREFIX' | 'POLICY_FILE', string>> &
      Readonly<Record<'STATE_TABLE' | 'AUDIT_TABLE', Reference>> & {
        readonly QUEUE_URLS: Join;
        readonly FENCE_REQUEST_URLS: Join | string;
        readonly OWN_PRINCIPALS: unknown;
      };
  };
}

/** The resources of a type, by their logical ids. */
export const resourcesOf = <Properties>(template: Template, type: string): ReadonlyMap<string, Resource<Properties>> =>
  new Map(Object.entries(template.findResources(type)) as [string, Resource<Properties>][]);

export const queuesOf = (template: Template) => resourcesOf<QueueProperties>(template, 'AWS::SQS::Queue');
export const functionsOf = (template: Template) => resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');

/** The properties of the function with this name in the catalogue. */
export function functionNamed(template: Template, name: string): Resource<FunctionProperties> {
  const found = [...functionsOf(template).values()].find(
    ({ Properties }) => Properties.FunctionName === `salvor-test-${name}`,
  );
  if (found === undefined) throw new Error(`the stack has no function ${name}`);
  return found;
}

/** What a `Ref` or `Fn::GetAtt` points to. */
export function logicalId(reference: Reference | undefined): string {
  const id = reference?.Ref ?? reference?.['Fn::GetAtt']?.[0];
  if (id === undefined) throw new Error(`not a reference: ${JSON.stringify(reference)}`);
  return id;
}
