import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../agents/free-port.ts';
import { type Running, run, withSbin } from '../agents/program.ts';
import { until } from '../openstack/poll.ts';
import { type Certificate, certificate } from '../support/tls.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const venv = execFileSync(join(here, 'install.sh'), ['venv'], { encoding: 'utf8' }).trim();

export const ACCOUNT = { username: 'admin', password: 'rig' } as const;
/** Of the two systems of an emulator. */
export const SYSTEMS = ['27946b59-9e44-4fa7-8e91-f3527a1ef094', '27946b59-9e44-4fa7-8e91-f3527a1ef095'] as const;

/** Why there are no peers here; undefined where there are. */
export const missingPeers = (): string | undefined =>
  existsSync(join(venv, '.complete')) ? undefined : 'there is no sushy-tools and no Ironic';

export const program = (name: string): string => join(venv, 'bin', name);

/** The account, as a line of a password file. */
export function htpasswd(): string {
  const script = 'import bcrypt, sys; print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())';
  const hash = execFileSync(program('python'), ['-c', script, ACCOUNT.password], { encoding: 'utf8' }).trim();
  return `${ACCOUNT.username}:${hash}\n`;
}

/** A program that can be stopped, made to stand still, and started again at the same address. */
export interface Peer {
  readonly url: string;
  /** It keeps its connections and says nothing, until it is to go on. */
  standStill(still: boolean): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE = { timeoutMs: 60_000, intervalMs: 200 };

export async function peer(url: string, command: () => Running, folder: string): Promise<Peer> {
  let running: Running | undefined;
  const start = async () => {
    if (running !== undefined) return;
    const started = command();
    running = started;
    await until(`an answer at ${url}`, async () => (isUp(url) ? true : undefined), PATIENCE).catch((error: Error) => {
      throw new Error(`${error.message}; ${started.output()}`);
    });
  };
  const stop = async () => {
    running?.process.kill('SIGCONT');
    await running?.stop();
    running = undefined;
  };
  await start();
  return {
    url,
    start,
    stop,
    standStill: (still) => running?.process.kill(still ? 'SIGSTOP' : 'SIGCONT'),
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isUp(url: string): boolean {
  try {
    execFileSync('curl', ['-ksS', '-o', '/dev/null', '--max-time', '2', url], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface Emulator extends Peer {
  readonly tls: Certificate | undefined;
  /** What its BMC holds of a system, asked by another client than ours; one that stands still goes on. */
  power(uuid: string): Promise<'on' | 'off'>;
  setPower(uuid: string, type: 'On' | 'ForceOff'): Promise<void>;
}

/** sushy-tools' emulator with two systems that are on. */
export async function startEmulator(
  options: { readonly tls?: boolean; readonly powerSeconds?: number } = {},
): Promise<Emulator> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-sushy-'));
  const path = (name: string) => join(folder, name);
  const port = await freePort();
  const tls = options.tls === true ? certificate() : undefined;
  mkdirSync(path('state'));
  writeFileSync(path('htpasswd'), htpasswd(), { mode: 0o600 });
  const systems = SYSTEMS.map((uuid, index) => ({ uuid, name: `compute-${index + 1}`, power_state: 'On', nics: [] }));
  const configuration = [
    'SUSHY_EMULATOR_FAKE_DRIVER = True',
    `SUSHY_EMULATOR_AUTH_FILE = ${JSON.stringify(path('htpasswd'))}`,
    `SUSHY_EMULATOR_STATE_DIR = ${JSON.stringify(path('state'))}`,
    `SUSHY_EMULATOR_FAKE_SYSTEMS = ${JSON.stringify(systems)}`,
  ];
  writeFileSync(path('conf.py'), `${configuration.join('\n')}\n`);
  const args = [
    join(here, 'emulator.py'),
    '--config',
    path('conf.py'),
    '--interface',
    '127.0.0.1',
    '--port',
    String(port),
  ];
  if (tls !== undefined) {
    writeFileSync(path('cert.pem'), tls.cert);
    writeFileSync(path('key.pem'), tls.key, { mode: 0o600 });
    args.push('--ssl-certificate', path('cert.pem'), '--ssl-key', path('key.pem'));
  }
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const env = { ...withSbin(), POWER_SECONDS: String(options.powerSeconds ?? 0), PYTHONDONTWRITEBYTECODE: '1' };
  const started = await peer(url, () => run(program('python'), args, env), folder);
  const curl = async (at: string, ...more: readonly string[]): Promise<string> => {
    started.standStill(false);
    const who = ['--user', `${ACCOUNT.username}:${ACCOUNT.password}`];
    const options = { timeout: 20_000 };
    return (await promisify(execFile)('curl', ['-ksS', '--fail', ...who, ...more, `${url}${at}`], options)).stdout;
  };
  const json = ['--header', 'content-type: application/json', '--data'];
  return {
    ...started,
    tls,
    power: async (uuid) => (JSON.parse(await curl(`/redfish/v1/Systems/${uuid}`)).PowerState === 'On' ? 'on' : 'off'),
    setPower: async (uuid, ResetType) => {
      await curl(`/redfish/v1/Systems/${uuid}/Actions/ComputerSystem.Reset`, ...json, JSON.stringify({ ResetType }));
    },
  };
}
