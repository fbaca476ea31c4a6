import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { type Reply, serve } from './server.ts';

describe('the secrets file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'salvor-secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(text: string, mode = 0o600): string {
    const path = join(folder, 'secrets.yaml');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }
  async function refused(path: string, name: string, text: string): Promise<Error> {
    const error: unknown = await fileSecrets(path)
      .get(name)
      .catch((failure: unknown) => failure);
    if (!(error instanceof PermanentError)) throw new Error(`not a PermanentError: ${String(error)}`);
    expect(error.message).toContain(text);
    return error;
  }

  it('holds named records of text, in YAML or JSON', async () => {
    const yaml = file('bmc:\n  username: root\n  password: 0123\n');
    expect(await fileSecrets(yaml).get('bmc')).toEqual({ username: 'root', password: '0123' });
    const json = file('{"bmc": {"username": "root", "password": "p\\u00e4ss"}}');
    expect(await fileSecrets(json).get('bmc')).toEqual({ username: 'root', password: 'päss' });
  });

  it('is read again when it changes', async () => {
    const secrets = fileSecrets(file('a: {password: old}'));
    expect(await secrets.get('a')).toEqual({ password: 'old' });
    file('a: {password: new}');
    expect(await secrets.get('a')).toEqual({ password: 'new' });
  });

  it('may hold a cloud', async () => {
    const path = file(
      'lab:\n  auth: {auth_url: "http://k", username: u, password: p, project_name: x}\n  region_name: R\n',
    );
    expect(cloudFromSecret(await fileSecrets(path).get('lab'), 'lab')).toMatchObject({
      authUrl: 'http://k/v3',
      regionName: 'R',
    });
  });

  it.each([0o640, 0o604, 0o660, 0o601])('is refused with mode %o', async (mode) => {
    const path = file('a: {password: p}', mode);
    await refused(path, 'a', `${path} is open to others (mode ${mode.toString(8)}): run chmod 600 ${path}`);
  });

  it('is refused with the place of the fault, and without its text', async () => {
    const path = file('a: {password: p}');
    await refused(path, 'b', `there is no secret b in ${path}`);
    await refused(path, 'constructor', 'there is no secret constructor');
    await refused(join(folder, 'none'), 'a', `the secrets file ${join(folder, 'none')} can't be read (ENOENT)`);
    await refused(file('- a'), 'a', 'is not a mapping from the names of secrets to their fields');
    await refused(file('a: text'), 'a', 'secret a in');
    const broken = await refused(file('a:\n  password: "geheim\nb: c'), 'a', `${path} is not valid YAML (line `);
    expect(String(broken.stack) + String(broken.cause)).not.toContain('geheim');
  });
});

describe('Secrets Manager', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function setup(reply: (call: number) => Reply, changes: { prefix?: string } = {}) {
    const server = await serve((_request, index) => reply(index));
    const client = new SecretsManagerClient({
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    closers.push(server.close, async () => client.destroy());
    const clock = { nowMs: 1_000_000 };
    return { server, clock, secrets: secretsManagerSecrets({ client, now: () => clock.nowMs, ...changes }) };
  }
  const secret = (value: unknown): Reply => ({
    body: { SecretString: typeof value === 'string' ? value : JSON.stringify(value) },
  });
  const failure = (type: string, status = 400): Reply => ({ status, body: { __type: type, message: 'geheim' } });

  it('is asked for the name with its prefix', async () => {
    const { secrets, server } = await setup(() => secret({ username: 'u', auth: { a: 1 } }), { prefix: 'salvor/' });
    expect(await secrets.get('bmc')).toEqual({ username: 'u', auth: '{"a":1}' });
    expect(server.requests[0]?.body).toBe('{"SecretId":"salvor/bmc"}');
    expect(server.requests[0]?.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
  });

  it('is asked once in five minutes, also by many at once', async () => {
    const { secrets, server, clock } = await setup((call) => secret({ call: String(call) }));
    const all = await Promise.all(Array.from({ length: 20 }, () => secrets.get('bmc')));
    expect(new Set(all.map((each) => each.call))).toEqual(new Set(['0']));
    clock.nowMs += 299_999;
    expect(await secrets.get('bmc')).toEqual({ call: '0' });
    clock.nowMs += 1;
    expect(await secrets.get('bmc')).toEqual({ call: '1' });
    expect(server.requests).toHaveLength(2);
  });

  it('does not remember a failure', async () => {
    const { secrets } = await setup((call) => (call === 0 ? failure('InternalServiceError', 500) : secret({ a: 'b' })));
    await expect(secrets.get('bmc')).rejects.toBeInstanceOf(RetryableError);
    expect(await secrets.get('bmc')).toEqual({ a: 'b' });
  });

  it.each<[string, Reply, new (message: string) => Error, string]>([
    [
      'it does not exist',
      failure('ResourceNotFoundException'),
      PermanentError,
      "secret bmc of Secrets Manager can't be read: ResourceNotFoundException",
    ],
    ['it is not allowed', failure('AccessDeniedException'), PermanentError, 'AccessDeniedException'],
    [
      'AWS is throttled',
      failure('ThrottlingException'),
      RetryableError,
      "secret bmc of Secrets Manager can't be read now: ThrottlingException",
    ],
    ['AWS fails', failure('InternalServiceError', 500), RetryableError, 'InternalServiceError'],
    [
      'it is binary',
      { body: { SecretBinary: 'AAAA' } },
      PermanentError,
      'is binary; a JSON object of strings is needed',
    ],
    ['it is no JSON', secret('geheim'), PermanentError, 'is not JSON; a JSON object of strings is needed'],
    ['it is no object', secret(['geheim']), PermanentError, 'is not a JSON object of strings'],
  ])('says so, without quoting it, when %s', async (_name, reply, kind, text) => {
    const { secrets } = await setup(() => reply);
    const error: unknown = await secrets.get('bmc').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toContain(text);
    expect(String(error)).not.toContain('geheim');
  });
});
