import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FENCE_REQUESTS } from '#events/catalog.ts';
import { FUNCTION_NAMES } from '#infra/bundle.ts';
import { ACCESS } from '#infra/cdk/access.ts';
import { readDeployment } from '#infra/cdk/deployment.ts';
import { functionNamed, logicalId, queuesOf, type Reference, resourcesOf, synthesize } from './support.ts';

interface PolicyProperties {
  readonly Roles?: readonly Reference[];
  readonly PolicyDocument: {
    readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: unknown }[];
  };
}

const { template } = synthesize({}, { fenceWorkers: { fencing: ['rack-a'], restarting: ['rack-b'] } });
const queues = queuesOf(template);
const nameOf = (resource: unknown): string | undefined =>
  queues.get(logicalId(resource as Reference))?.Properties.QueueName;
const asList = <T>(value: T | readonly T[]): readonly T[] => [value].flat() as T[];
const queueNamed = (name: string) => [...queues.values()].find(({ Properties }) => Properties.QueueName === name);

it('are those that the policy names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-workers-'));
  const path = join(folder, 'policy.json');
  const device = (worker?: string) => ({
    ...{ driver: 'agent', agent: 'fence_ipmilan', credentials: 'bmc', worker },
    parameters: { ip: '{host}.bmc.example.org' },
  });
  const fenceDevices = { '*': { levels: [device('rack-b'), [device(), device('rack-a')]] } };
  const restarts = (worker: string, restart = ['nova-compute']) => ({ processRecovery: { worker, restart } });
  const segments = [
    { name: 'a', hosts: { names: ['c1'] }, ...restarts('rack-a') },
    { name: 'b', hosts: { names: ['c2'] }, ...restarts('idle', []) },
  ];
  const masakari = { segmentDefaults: restarts('edge-1') };
  writeFileSync(path, JSON.stringify({ version: 1, segments, masakari, fenceDevices }));
  const { deployment } = readDeployment((key) => (key === 'policy' ? path : undefined));
  rmSync(folder, { recursive: true });
  expect(deployment.fenceWorkers).toEqual({
    fencing: ['default', 'rack-a', 'rack-b'],
    restarting: ['edge-1', 'rack-a'],
  });
});

describe('the queue of a worker', () => {
  it.each(['rack-a', 'rack-b'])('of %s forgets soon, and keeps no dead letters', (worker) => {
    const queue = queueNamed(`salvor-test-fence-requests-${worker}`)?.Properties;
    expect(queue).toMatchObject({
      MessageRetentionPeriod: FENCE_REQUESTS.retentionSeconds,
      VisibilityTimeout: FENCE_REQUESTS.visibilityTimeoutSeconds,
      SqsManagedSseEnabled: true,
    });
    expect(queue).not.toHaveProperty('RedrivePolicy');
  });

  it('shows a request again only when none can be valid any more', () => {
    const schema = FENCE_REQUESTS.schema;
    const request = (validSeconds: number) => ({
      ...{ type: 'restart-service', version: 1, id: '00000000-0000-4000-8000-000000000001', validSeconds },
      ...{ time: '2026-01-01T00:00:00Z', host: 'compute-1', service: 'nova-compute' },
    });
    expect(schema.safeParse(request(15)).success).toBe(true);
    expect(schema.safeParse(request(FENCE_REQUESTS.visibilityTimeoutSeconds)).success).toBe(false);
  });

  it('is there for the functions that fence or restart by it, and they alone send to it', () => {
    const statements = (role: string) =>
      [...resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy').values()]
        .filter(({ Properties }) => Properties.Roles?.map(logicalId).includes(role))
        .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const senders = (worker: string) =>
      FUNCTION_NAMES.filter((name) =>
        statements(logicalId(functionNamed(template, name).Properties.Role)).some(
          ({ Action, Resource }) =>
            asList(Action).includes('sqs:SendMessage') &&
            asList(Resource).some((each) => nameOf(each) === `salvor-test-fence-requests-${worker}`),
        ),
      );
    expect(senders('rack-a')).toEqual(FUNCTION_NAMES.filter((name) => ACCESS[name].fences));
    expect(senders('rack-b')).toEqual(['recover-process']);
    const { FENCE_REQUEST_URLS } = functionNamed(template, 'fence-host').Properties.Environment.Variables;
    expect(JSON.stringify(FENCE_REQUEST_URLS)).toContain('rack-a');
  });
});

describe('the policy of a worker', () => {
  const policies = [...resourcesOf<PolicyProperties>(template, 'AWS::IAM::ManagedPolicy').values()];

  it('lets it read its own queue, and answer', () => {
    const allowed = policies.map(({ Properties }) =>
      Properties.PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
        asList(Action).flatMap((action) => asList(Resource).map((each) => `${action} ${nameOf(each)}`)),
      ),
    );
    expect(allowed).toEqual(
      ['rack-a', 'rack-b'].map((worker) => [
        `sqs:ReceiveMessage salvor-test-fence-requests-${worker}`,
        `sqs:DeleteMessage salvor-test-fence-requests-${worker}`,
        'sqs:SendMessage salvor-test-fence-answers',
      ]),
    );
  });

  it('and its queue are outputs of the stack', () => {
    const outputs = Object.keys(template.findOutputs('*')).filter((name) => name.startsWith('FenceWorker'));
    expect(outputs.sort()).toEqual([
      'FenceWorkerRackAPolicyArn',
      'FenceWorkerRackAQueueUrl',
      'FenceWorkerRackBPolicyArn',
      'FenceWorkerRackBQueueUrl',
    ]);
  });
});
