/** Leases over HTTP, and the script on a host that feeds its watchdog by them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { ingestApp } from '#shared/ingest/app.ts';
import { hostToken } from '#shared/ingest/authenticate.ts';
import { loadWatchdog } from '#shared/state/watchdog.ts';
import { HOST_KEY, uuid } from '#test/support/builders.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from './support.ts';

const KEY = 'a key for the tokens of hosts';
const SCRIPT = fileURLToPath(new URL('../../agents/salvor-watchdog', import.meta.url));
let services: FakeIngest;
let app: ReturnType<typeof ingestApp>;

beforeEach(async () => {
  const segments = [{ name: 'az1', hosts: { names: ['compute-1', 'compute-2'] }, fencing: { watchdog: {} } }];
  services = fakeIngest(
    { segments, reporters: { hosts: { hostTokens: 'hosts', self: true }, consul: { token: 'consul' } } },
    fakeSecrets({ hosts: { key: KEY }, consul: { token: 'a-token-of-consul-alone' } }),
  );
  await mirrorInventory(services);
  app = ingestApp(services);
});
afterEach(() => services.state.close());

const ask = (body: unknown, token = hostToken(KEY, 'compute-1')) =>
  app.request('/v1/watchdog', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const REQUEST = {
  version: 1,
  timeoutSeconds: 60,
  identity: 'iTCO_wdt',
  armed: true,
  boot: uuid(8, 1),
  uptimeMs: 60_000,
};
const leaseNow = async () => (await loadWatchdog(services.state, HOST_KEY))?.value;

describe('a lease', () => {
  it('is in the state when the answer comes', async () => {
    const response = await ask(REQUEST);
    expect([response.status, await response.json()]).toEqual([200, { feedWithinSeconds: 5 }]);
    expect(await leaseNow()).toMatchObject({ host: 'compute-1', armed: true, grantedAtMs: services.clock.now() });
  });

  it('is not taken for a newer one when it comes late: its host has disarmed since', async () => {
    await ask(REQUEST);
    expect((await ask({ ...REQUEST, armed: false, uptimeMs: 62_000 })).status).toBe(200);
    expect((await ask({ ...REQUEST, uptimeMs: 61_000 })).status).toBe(403);
    expect(await leaseNow()).toMatchObject({ armed: false });
    expect((await ask({ ...REQUEST, boot: uuid(8, 2), uptimeMs: 40_000 })).status).toBe(200);
    expect(await leaseNow()).toMatchObject({ armed: true });
  });

  it.each<[what: string, body: unknown, token: string | undefined, status: number]>([
    ['no token', REQUEST, 'wrong', 401],
    ['a token that is no host’s', REQUEST, 'a-token-of-consul-alone', 403],
    ['a host that nobody knows', REQUEST, hostToken(KEY, 'compute-99'), 403],
    ['softdog', { ...REQUEST, identity: 'Software Watchdog' }, undefined, 403],
    ['what is no JSON', '{', undefined, 400],
    ['a key that there is not', { ...REQUEST, host: 'compute-2' }, undefined, 400],
    ['no number', { ...REQUEST, timeoutSeconds: '60' }, undefined, 400],
  ])('is not given to %s', async (_, body, token, status) => {
    expect((await ask(body, token)).status).toBe(status);
    expect(await leaseNow()).toBeUndefined();
  });
});

const hasCurl = (): boolean => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(!hasCurl())('salvor-watchdog', () => {
  let folder: string;
  let server: Server;
  let child: ChildProcess | undefined;
  let refuses = false;
  const path = (name: string) => join(folder, name);
  const fed = () => readFileSync(path('watchdog0'), 'utf8');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'salvor-watchdog-'));
    refuses = false;
    const listener = getRequestListener(app.fetch);
    server = createServer((request, response) => {
      if (refuses) request.socket.destroy();
      else void listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(path('token'), hostToken(KEY, 'compute-1'), { mode: 0o600 });
    writeFileSync(
      path('agent.conf'),
      `url=http://127.0.0.1:${port}\ntoken_file=${path('token')}\nspool=${path('spool')}\n`,
    );
    mkdirSync(path('sys/watchdog0'), { recursive: true });
    hardware('iTCO_wdt', 16);
    writeFileSync(path('watchdog0'), '');
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const hardware = (identity: string, timeout: number): void => {
    writeFileSync(path('sys/watchdog0/identity'), `${identity}\n`);
    writeFileSync(path('sys/watchdog0/timeout'), `${timeout}\n`);
  };
  function start(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    const env = { ...process.env, SALVOR_CONFIG: path('agent.conf'), SALVOR_WATCHDOG_SYS: path('sys') };
    const started = spawn(SCRIPT, [path('watchdog0')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let stderr = '';
    started.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    return new Promise((resolve) => started.on('exit', (code) => resolve({ code, stderr })));
  }
  const PATIENCE = { timeout: 30_000, interval: 50 };

  it('feeds with a lease each, tells that it is armed, and disarms when it is stopped', {
    timeout: 60_000,
  }, async () => {
    const ended = start();
    await expect.poll(fed, PATIENCE).toMatch(/^\.\.+$/);
    expect(await leaseNow()).toMatchObject({ armed: true, timeoutSeconds: 16, identity: 'iTCO_wdt' });
    child?.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(fed()).toMatch(/^\.+V$/);
    expect(await leaseNow()).toMatchObject({ armed: false });
  });

  it('feeds no more when salvor is out of reach, and stays armed when it is stopped then', {
    timeout: 60_000,
  }, async () => {
    const ended = start();
    await expect.poll(fed, PATIENCE).toMatch(/^\.+$/);
    refuses = true;
    server.closeAllConnections();
    const before = fed().length;
    await new Promise((resolve) => setTimeout(resolve, 9000));
    expect(fed().length).toBeLessThanOrEqual(before + 1);
    child?.kill('SIGTERM');
    await ended;
    expect(fed()).not.toContain('V');
    expect(await leaseNow()).toMatchObject({ armed: true });
  });

  it.each([
    ['a software watchdog', 'Software Watchdog', 60, 'dies with the kernel'],
    ['one that fires too soon', 'iTCO_wdt', 10, 'too short'],
  ])('refuses %s', async (_, identity, timeout, because) => {
    hardware(identity, timeout);
    const { code, stderr } = await start();
    expect(code).toBe(1);
    expect(stderr).toContain(because);
    expect(fed()).toBe('');
  });
});
