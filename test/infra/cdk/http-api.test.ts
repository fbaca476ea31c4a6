/** The function of the API: there only for whom the policy lets in, and with no more than people need. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Deployment, readDeployment } from '#infra/cdk/deployment.ts';
import { resourcesOf, synthesize } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'salvor-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TOKEN = { people: { ann: { token: 'of-ann', role: 'approver' } } };
const IAM = { iam: { 'arn:aws:iam::111122223333:user/ann': { role: 'approver' } } };
function read(access: object | undefined, apiAuth?: string, more: object = {}): Deployment {
  const path = join(folder, 'policy.json');
  const segments = [{ name: 'a', hosts: { names: ['c1'] } }];
  writeFileSync(path, JSON.stringify({ version: 1, segments, fenceDevices: {}, ...(access && { access }), ...more }));
  const context: Record<string, unknown> = { policy: path, apiAuth };
  return readDeployment((key) => context[key]).deployment;
}

interface UrlProperties {
  readonly AuthType: string;
}
interface PolicyProperties {
  readonly PolicyDocument: {
    readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Condition?: object }[];
  };
}
const made = (changes: Partial<Deployment>) => {
  const { template } = synthesize({}, changes);
  const named = (id: string) => id.startsWith('httpapi');
  const urls = [...resourcesOf<UrlProperties>(template, 'AWS::Lambda::Url')].filter(([id]) => named(id));
  const policies = [...resourcesOf<PolicyProperties>(template, 'AWS::IAM::Policy')].filter(([id]) => named(id));
  return {
    outputs: Object.keys(template.findOutputs('*')),
    authTypes: urls.map(([, { Properties }]) => Properties.AuthType),
    statements: policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement),
  };
};

describe('the function of the API', () => {
  it('is not there where the policy lets nobody in: it has no address that anybody could ask', () => {
    const { outputs, authTypes, statements } = made({ ways: read(undefined).ways });
    expect(outputs).not.toContain('HttpApiUrl');
    expect([authTypes, statements]).toEqual([[], []]);
  });

  it('finds out itself who is who, or has AWS check signatures', () => {
    expect(made(read(TOKEN)).authTypes).toEqual(['NONE']);
    const signed = made(read(IAM, 'iam'));
    expect(signed.authTypes).toEqual(['AWS_IAM']);
    expect(signed.outputs).toContain('HttpApiUrl');
  });

  it.each([
    [TOKEN, 'iam', 'nobody is let in by token'],
    [IAM, 'none', 'nobody is let in by iam'],
  ])('with %j and apiAuth=%s would let nobody in, and is not deployed', (access, apiAuth, message) => {
    expect(() => read(access, apiAuth)).toThrow(message);
  });

  it('is not deployed where AWS checks signatures and people were to come back from an issuer', () => {
    const oidc = { issuer: 'https://login.test', audience: 'a', roles: { a: 'viewer' }, signIn: {} };
    const more = { notify: { consoleUrl: 'https://salvor.test' } };
    expect(read({ ...TOKEN, oidc }, 'none', more).ways).toEqual(['token', 'oidc']);
    expect(() => read({ ...IAM, oidc }, 'iam', more)).toThrow('access.oidc.signIn: with apiAuth=iam');
  });

  it('writes sessions and nothing else, and reads the cloud’s secret only to ask Keystone', () => {
    const { statements } = made({ ways: ['token'] });
    const writes = statements.filter(({ Action }) =>
      [Action].flat().some((each) => /^dynamodb:(Put|Delete|Update|Batch)/.test(each)),
    );
    expect(writes).toMatchObject([
      {
        Action: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['session#*'] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
    ]);
    const secretsOf = (ways: Deployment['ways']) =>
      made({ ways }).statements.filter(({ Action }) => Action === 'secretsmanager:GetSecretValue').length;
    expect([secretsOf(['token']), secretsOf(['keystone'])]).toEqual([1, 2]);
  });
});
