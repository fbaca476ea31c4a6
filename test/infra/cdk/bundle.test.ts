import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionName } from '#events/catalog.ts';
import { type Bundle, bundleFunctions, FUNCTION_NAMES } from '#infra/bundle.ts';
import { readDeployment } from '#infra/cdk/deployment.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';

const BUDGET_BYTES = 1_000_000;
const BUDGETS: Readonly<Partial<Record<FunctionName, number>>> = {
  // People wait for it and no recovery does: its schemas, of which OpenAPI is made, bring in all of zod.
  'http-api': 1_900_000,
  // It alone speaks SMTP and to SNS, and loads either when it is used first.
  notify: 1_250_000,
};
const { policy } = readDeployment(() => undefined);
let folder: string;
let bundles: readonly Bundle[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'salvor-bundle-'));
  bundles = await bundleFunctions(folder, policy);
});
afterAll(() => rm(folder, { recursive: true }));

/** Calls the handler of a bundle in a process of its own, as Lambda does, with just this environment. */
async function invoke(name: string, event: unknown, env: Readonly<Record<string, string>>): Promise<unknown> {
  const bundle = bundles.find((each) => each.name === name);
  if (bundle === undefined) throw new Error(`there is no bundle ${name}`);
  const program = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(join(bundle.folder, 'index.mjs')).href)});
    const answer = await handler(${JSON.stringify(event)}, {}).then(
      (value) => ({ value }),
      (error) => ({ error: error.name + ': ' + error.message }),
    );
    process.stdout.write('\\n' + JSON.stringify(answer));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: bundle.folder,
    env,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

describe('bundles', () => {
  it('are made of every function, each within its budget', () => {
    expect(bundles.map(({ name }) => name)).toEqual(FUNCTION_NAMES);
    for (const { name, bytes, packages } of bundles)
      expect(bytes, `${name}: ${JSON.stringify(packages.slice(0, 5))}`).toBeLessThan(BUDGETS[name] ?? BUDGET_BYTES);
  });

  it('have the checked policy beside them', async () => {
    for (const bundle of bundles) {
      const text = await readFile(join(bundle.folder, 'policy.json'), 'utf8');
      expect(policySchema.parse(JSON.parse(text))).toEqual(policy);
    }
  });

  it('are the same bytes again', async () => {
    const read = () => Promise.all(bundles.map((bundle) => readFile(join(bundle.folder, 'index.mjs'), 'utf8')));
    const before = await read();
    await bundleFunctions(folder, policy);
    expect(await read()).toEqual(before);
  });

  it.each(FUNCTION_NAMES)('%s loads, and reads its environment only when it is called', async (name) => {
    expect(await invoke(name, { Records: [] }, {})).toEqual({
      error: expect.stringMatching(/^PermanentError: the function's environment is wrong:[\s\S]*STATE_TABLE/),
    });
  });
});

describe('a bundle at work', () => {
  let cloud: SimulatedCloud;
  let aws: Server;
  const requests: string[] = [];

  beforeAll(async () => {
    cloud = await startSimulatedCloud({ hosts: 3 });
    const { username, password, projectName, userDomainName, projectDomainName } = cloud.credentials.admin;
    const secret = {
      auth_url: cloud.authUrl,
      username,
      password,
      project_name: projectName,
      user_domain_name: userDomainName,
      project_domain_name: projectDomainName,
    };
    aws = createServer((request, response) => {
      const target = String(request.headers['x-amz-target']);
      requests.push(target);
      const isSecret = target === 'secretsmanager.GetSecretValue';
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(isSecret ? { SecretString: JSON.stringify(secret) } : {}));
      });
    });
    await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    aws.closeAllConnections();
    aws.close();
    await cloud.stop();
  });

  it('reads its secret, its policy and Nova, and writes its tables: nothing that it needs was left out', async () => {
    const { port } = aws.address() as AddressInfo;
    const urls = [
      'host-events',
      'confirm-host-down',
      'fence-host',
      'plan-evacuation',
      'evacuate-instance',
      'follow-evacuations',
      'return-host',
      'maintain-host',
      'recover-instance',
      'recover-process',
      'operator-commands',
      'watch-hosts',
      'fence-answers',
    ];
    const answer = await invoke(
      'mirror-inventory',
      {},
      {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        STATE_TABLE: 'state',
        AUDIT_TABLE: 'audit',
        QUEUE_URLS: JSON.stringify(Object.fromEntries(urls.map((name) => [name, `http://127.0.0.1:${port}/${name}`]))),
        FENCE_REQUEST_URLS: '{}',
        OWN_PRINCIPALS: '',
        CLOUD_SECRET: 'salvor/cloud',
        SECRET_PREFIX: 'salvor/',
        POLICY_FILE: 'policy.json',
      },
    );
    expect(answer).toEqual({});
    expect(requests).toEqual([
      'secretsmanager.GetSecretValue',
      'DynamoDB_20120810.Query',
      'DynamoDB_20120810.TransactWriteItems',
      // Whether each of the three new hosts was reported before it was known.
      ...Array.from({ length: 3 }, () => 'DynamoDB_20120810.GetItem'),
      // None was: they have joined.
      'DynamoDB_20120810.TransactWriteItems',
    ]);
  });
});
