import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { synthesize } from './support.ts';

const PACKS: readonly [string, () => NagPack][] = [
  ['AwsSolutions', () => new AwsSolutionsChecks()],
  ['Serverless', () => new ServerlessChecks()],
];

const WITH_WORKERS = { fenceWorkers: { fencing: ['rack-a', 'rack-b'], restarting: ['rack-b', 'edge-1'] } };
const CONTEXTS = {
  'as it is by default': {},
  'with e-mail and a network': {
    alarmEmail: 'ops@cloud.example',
    vpcId: 'vpc-0a1b2c3d',
    subnetIds: 'subnet-0a1b2c3d',
    securityGroupIds: 'sg-0a1b2c3d',
    secretPrefix: 'other/',
  },
};

/** Each finding with where it was found. */
const findingsOf = (pack: NagPack, scope: ReturnType<typeof synthesize>['stack']): readonly string[] =>
  pack
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );

describe.each(PACKS)('the checks of %s', (_, pack) => {
  it.each(Object.entries(CONTEXTS))('find nothing in the stack %s', (_name, context) => {
    expect(findingsOf(pack(), synthesize(context).stack)).toEqual([]);
  });

  it('find nothing in the stack with fence workers', () => {
    expect(findingsOf(pack(), synthesize({}, WITH_WORKERS).stack)).toEqual([]);
  });

  it('find a queue without dead letters', () => {
    const { stack } = synthesize();
    new Queue(stack, 'Plain');
    expect(findingsOf(pack(), stack).join('\n')).toContain('at salvor-test/Plain/Resource');
  });
});
