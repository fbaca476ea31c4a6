import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forkCloud } from './cloud-client.ts';
import type { CloudAddress } from './cloud-process.ts';
import type { HttpStart } from './http-process.ts';
import { type Load, type LoadFigures, notificationBody, putLoad } from './load.ts';

/** Notifications and events a second at the HTTP endpoint of one site, the pipeline behind it at work. */
export interface HttpFigures {
  readonly hosts: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Of the same load before it, which are not counted: a server that has just started compiles itself. */
  readonly warmUpSeconds: number;
  readonly notifications: LoadFigures;
  /** Each on a connection of its own. */
  readonly reconnecting: LoadFigures;
  readonly events: LoadFigures;
}

const TOKEN = 'token-of-the-bench';
const WARM_UP_SECONDS = 10;

export async function measureHttp(
  hosts: number,
  perSecond: number,
  seconds: number,
  connections: number,
): Promise<HttpFigures> {
  const cloud = await forkCloud({ hosts });
  const stateDir = mkdtempSync(join(tmpdir(), 'salvor-http-'));
  const child = fork(fileURLToPath(new URL('./http-process.ts', import.meta.url)), { stdio: 'inherit' });
  try {
    child.send({ cloud: cloud.address, stateDir, token: TOKEN } satisfies HttpStart);
    const [url] = (await once(child, 'message')) as [string];
    const common = { url, perSecond, seconds, connections };
    const hostOf = (index: number): string => `compute-${1 + (index % hosts)}`;
    const json = { 'content-type': 'application/json' };
    const notify = {
      ...common,
      path: '/v1/notifications',
      headers: { ...json, 'x-auth-token': await keystoneToken(cloud.address) },
      body: (index: number) => notificationBody(hostOf(index)),
    };
    const notifications = await putWarmLoad(notify);
    const reconnecting = await putWarmLoad({ ...notify, reconnect: true });
    const events = await putWarmLoad({
      ...common,
      path: '/v1/events',
      headers: { ...json, authorization: `Bearer ${TOKEN}` },
      body: (index) => instanceDown(hostOf(index), index),
    });
    return { hosts, perSecond, seconds, warmUpSeconds: WARM_UP_SECONDS, notifications, reconnecting, events };
  } finally {
    child.kill('SIGKILL');
    await cloud.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function putWarmLoad(load: Load): Promise<LoadFigures> {
  await putLoad({ ...load, seconds: WARM_UP_SECONDS });
  const said = WARM_UP_SECONDS * load.perSecond;
  return putLoad({ ...load, body: (index) => load.body(said + index) });
}

const instanceDown = (host: string, index: number): string =>
  JSON.stringify({
    specversion: '1.0',
    id: String(index),
    source: '/bench',
    type: 'instance.down',
    time: new Date().toISOString(),
    data: { host, instanceId: crypto.randomUUID() },
  });

/** As a monitor gets it: `POST /v3/auth/tokens`. */
async function keystoneToken({ authUrl, applicationCredential }: CloudAddress): Promise<string> {
  const identity = { methods: ['application_credential'], application_credential: applicationCredential };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity } }),
  });
  const token = answer.headers.get('x-subject-token');
  if (token === null) throw new Error(`Keystone gives no token: ${answer.status}`);
  return token;
}
