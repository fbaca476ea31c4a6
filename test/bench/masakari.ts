import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { openRig, type Rig } from '#test/openstack/rig.ts';
import { type LoadFigures, notificationBody, putLoad } from './load.ts';

/** The same load on the API of Masakari itself, with its defaults, beside a real Keystone, MariaDB and RabbitMQ. */
export interface MasakariFigures {
  readonly version: string;
  readonly workers: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly notifications: LoadFigures;
}

const PORT = 25868;
const WORKERS = 2;
const HOSTS = 3;
const UP_MS = 600_000;
const CONSTRAINTS = fileURLToPath(new URL('./masakari-api/constraints.txt', import.meta.url));

export async function measureMasakari(
  perSecond: number,
  seconds: number,
  connections: number,
): Promise<MasakariFigures> {
  const rig = await openRig({ computes: HOSTS });
  const folder = mkdtempSync(join(tmpdir(), 'salvor-masakari-'));
  let api: ChildProcess | undefined;
  try {
    const [mysql, rabbit] = [rig.address.env.RIG_PORT_MYSQL ?? '13306', rig.address.env.RIG_PORT_RABBIT ?? '15673'];
    const template = readFileSync(new URL('./masakari-api/masakari.conf', import.meta.url), 'utf8');
    const values: Record<string, string> = {
      PASSWORD: rig.accounts.ha.password,
      KEYSTONE: rig.authUrl,
      REGION: rig.address.env.RIG_REGION ?? 'RegionOne',
      FOLDER: folder,
      PORT: String(PORT),
      MYSQL: mysql,
      RABBIT: rabbit,
    };
    const conf = template.replace(/@([A-Z]+)@/g, (all, name: string) => values[name] ?? all);
    writeFileSync(join(folder, 'masakari.conf'), conf);
    const grant = `grant all on masakari.* to rig@'127.0.0.1' identified by '${rig.accounts.ha.password}'`;
    await rig.sql('nova', `create database if not exists masakari character set utf8mb3; ${grant};`);
    const run = fileURLToPath(new URL('./masakari-api/run.sh', import.meta.url));
    api = spawn(run, [folder], { stdio: 'inherit', detached: true });
    const token = await tokenOf(rig);
    await prepare(token);
    const notifications = await putLoad({
      url: `http://127.0.0.1:${PORT}`,
      path: '/v1/notifications',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      perSecond,
      seconds,
      connections,
      body: (index) => notificationBody(`compute-${1 + (index % HOSTS)}`),
    });
    const version = /^masakari==(.*)$/m.exec(readFileSync(CONSTRAINTS, 'utf8'))?.[1] ?? 'unknown';
    return { version, workers: WORKERS, perSecond, seconds, notifications };
  } finally {
    if (api?.pid !== undefined) process.kill(-api.pid, 'SIGTERM');
    await rig.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tokenOf({ authUrl, accounts: { ha } }: Rig): Promise<string> {
  const domain = { name: 'Default' };
  const password = { user: { name: ha.user, domain, password: ha.password } };
  const scope = { project: { name: ha.project, domain } };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password }, scope } }),
  });
  return answer.headers.get('x-subject-token') ?? '';
}

const made = z.object({ segment: z.object({ uuid: z.string() }) });

/** Waits for the API, and makes one segment with every host. */
async function prepare(token: string): Promise<void> {
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${PORT}/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      body: JSON.stringify(body),
    });
  const untilMs = Date.now() + UP_MS;
  const segment = { name: 'bench', recovery_method: 'auto', service_type: 'COMPUTE' };
  for (;;) {
    const answer = await post('/segments', { segment }).catch(() => undefined);
    if (answer?.status === 201) {
      const { uuid } = made.parse(await answer.json()).segment;
      for (let host = 1; host <= HOSTS; host += 1) {
        const added = await post(`/segments/${uuid}/hosts`, {
          host: { name: `compute-${host}`, type: 'COMPUTE', control_attributes: 'SSH' },
        });
        if (added.status !== 201) throw new Error(`Masakari does not take compute-${host}: ${await added.text()}`);
      }
      return;
    }
    if (Date.now() > untilMs)
      throw new Error(`Masakari's API does not come up: ${answer?.status} ${await answer?.text()}`);
    await pause(1000);
  }
}
