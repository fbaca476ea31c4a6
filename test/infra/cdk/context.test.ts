import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DeploymentError, readDeployment } from '#infra/cdk/deployment.ts';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import { functionNamed, functionsOf, resourcesOf, synthesize } from './support.ts';

const read = (context: Readonly<Record<string, unknown>>) => readDeployment((key) => context[key]);

const folder = mkdtempSync(join(tmpdir(), 'salvor-context-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('the context of the CDK app', () => {
  it('has a default for everything, and the default policy touches nothing', () => {
    const { deployment, policy } = read({});
    expect(deployment).toMatchObject({ stage: 'prod', retainData: true, architecture: 'arm64' });
    expect(policy.segments.map(({ mode }) => mode)).toEqual(['shadow']);
  });

  it('takes text, as the command line gives it', () => {
    const { deployment } = read({ retainData: 'false', logRetentionDays: '7' });
    expect(deployment).toMatchObject({ retainData: false, logRetentionDays: 7 });
  });

  it.each([
    [{ stage: 'Prod' }, 'stage'],
    [{ secretPrefix: '' }, 'secretPrefix'],
    [{ secretPrefix: 'salvor/*' }, 'secretPrefix'],
    [{ retainData: 'perhaps' }, 'retainData'],
    [{ logRetentionDays: 2 }, 'logRetentionDays'],
    [{ alarmEmail: 'nobody' }, 'alarmEmail'],
    [{ alarmEmail: 'a@b.example', alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:ops' }, 'alarmEmail'],
    [{ vpcId: 'vpc-0a1b2c3d' }, 'vpcId'],
    [{ subnetIds: 'subnet-0a1b2c3d,nowhere' }, 'subnetIds[1]'],
  ])('refuses %j and names the key', (context, key) => {
    expect(() => read(context)).toThrow(DeploymentError);
    expect(() => read(context)).toThrow(`→ at ${key}`);
  });

  it('names every wrong key at once', () => {
    expect(() => read({ stage: 'X', alarmEmail: 'nobody' })).toThrow(/at stage[\s\S]*at alarmEmail/);
  });
});

describe('the policy', () => {
  const withCa = (caFile: string) =>
    JSON.stringify({
      version: 1,
      segments: [{ name: 'a', hosts: { names: ['c1'] } }],
      fenceDevices: { '*': { driver: 'redfish', url: 'https://{host}.bmc', credentials: 'bmc', caFile } },
    });

  it('is refused with the reason, before anything is deployed', () => {
    expect(() => read({ policy: join(folder, 'none.yaml') })).toThrow(/there is no policy at .*none\.yaml/);
    expect(() => read({ policy: write('bad.yaml', 'version: 1\nsegmnts: []\n') })).toThrow(/segmnts/);
    expect(() => read({ policy: write('broken.yaml', 'version: [1') })).toThrow(DeploymentError);
  });

  it('is refused with links to approve that nobody could open', () => {
    const policy = [
      'version: 1',
      'segments: [{ name: az1, hosts: { availabilityZone: nova } }]',
      "fenceDevices: { '*': { driver: ironic } }",
      'notify: { approvals: { key: approvals } }',
    ].join('\n');
    expect(() => read({ policy: write('links.yaml', policy) })).toThrow(/notify\.approvals.*access/);
  });

  it('takes the text of CA files along, since a function has no such files', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const { policy } = read({ policy: write('ca.json', withCa(write('ca.pem', pem))) });
    expect(fenceDeviceOf(policy, 'compute-1')).toMatchObject({ caFile: pem });
    expect(() => read({ policy: write('no-ca.json', withCa(join(folder, 'none.pem'))) })).toThrow(/caFile.*ENOENT/);
  });
});

describe('what the context makes of the stack', () => {
  it('LocalStack: this machine as the processor, and nothing is kept', () => {
    const { template } = synthesize({ architecture: 'x86_64', retainData: 'false' });
    expect(functionNamed(template, 'sweep').Properties.Architectures).toEqual(['x86_64']);
    for (const { Properties, DeletionPolicy } of resourcesOf<{ DeletionProtectionEnabled: boolean }>(
      template,
      'AWS::DynamoDB::Table',
    ).values()) {
      expect(Properties.DeletionProtectionEnabled).toBe(false);
      expect(DeletionPolicy).toBe('Delete');
    }
  });

  it('a network: only functions that call Nova or a fence device stand in it', () => {
    const network = {
      vpcId: 'vpc-0a1b2c3d',
      subnetIds: 'subnet-0a1b2c3d, subnet-0a1b2c3e',
      securityGroupIds: 'sg-0a1b2c3d',
    };
    const { template } = synthesize(network);
    expect(functionNamed(template, 'fence-host').Properties.VpcConfig).toEqual({
      SubnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'],
      SecurityGroupIds: ['sg-0a1b2c3d'],
    });
    const outside = [...functionsOf(template).values()]
      .filter(({ Properties }) => Properties.VpcConfig === undefined)
      .map(({ Properties }) => Properties.FunctionName);
    const names = ['notify', 'obey-operator', 'receive-fence-answer', 'receive-host-event', 'sweep'];
    expect(outside.sort()).toEqual(names.map((name) => `salvor-test-${name}`));
  });

  it('an e-mail address: it gets the alarms', () => {
    const { template } = synthesize({ alarmEmail: 'ops@cloud.example' });
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@cloud.example' });
  });

  it('a topic: alarms go there, and there is no other', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:123456789012:ops';
    const { template } = synthesize({ alarmTopicArn });
    template.resourceCountIs('AWS::SNS::Topic', 0);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarmTopicArn] });
  });
});
