import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import type { SimulatedCloud } from '#sim/controls.ts';
import { asLogin } from '#test/support/logins.ts';

export const SALVOR = join(import.meta.dirname, '../../cli/salvor.mjs');

/** A folder as an operator would have it: clouds.yaml, policy.yaml and secrets.yaml. */
export interface SiteFolder {
  readonly path: string;
  write(name: string, content: unknown, mode?: number): void;
}

/** @param cacert the path of the CA of a cloud that speaks TLS */
export function siteFolder(cloud: SimulatedCloud, cacert?: string): SiteFolder {
  const path = mkdtempSync(join(tmpdir(), 'salvor-site-'));
  const write = (name: string, content: unknown, mode = 0o600): void => {
    const file = join(path, name);
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    chmodSync(file, mode);
  };
  const { id, secret } = cloud.credentials.applicationCredential;
  write('clouds.yaml', {
    clouds: {
      lab: {
        auth_type: 'v3applicationcredential',
        auth: { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret },
        region_name: cloud.region,
        ...(cacert === undefined ? {} : { cacert }),
      },
    },
  });
  write('secrets.yaml', { bmc: cloud.bmcCredentials });
  write('policy.yaml', policyOf(cloud));
  return { path, write };
}

export function policyOf(cloud: SimulatedCloud, segment: object = {}) {
  const device = (host: string) => ({
    driver: 'redfish' as const,
    url: `${cloud.bmcUrl(host)}${cloud.bmcSystemPath(host)}`,
    credentials: 'bmc',
  });
  return {
    version: 1 as const,
    cloud: { name: 'lab', region: cloud.region },
    settling: { pauseSeconds: 0 },
    watch: { everySeconds: 0 },
    segments: [
      {
        name: 'az-nova',
        hosts: { availabilityZone: 'nova' },
        graceSeconds: 1,
        requireNovaDown: false,
        instances: { sharedInstanceStorage: true },
        evacuation: { maxInFlight: 5, settleSeconds: 3, pollSeconds: 1, retryBaseSeconds: 1 },
        ...segment,
      },
    ],
    fenceDevices: Object.fromEntries(cloud.hosts().map(({ name }) => [name, device(name)])),
  };
}

/** Without what would lead to another cloud, site or account. */
export const environment = (): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(([name]) => !/^(OS_|SALVOR_|AWS_)/.test(name));
  return { ...Object.fromEntries(kept), HOME: '/nonexistent', NODE_NO_WARNINGS: '1' };
};

/** What became of a command. */
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the CLI to its end. */
export const salvor = (folder: SiteFolder, ...args: readonly string[]): Promise<Ran> =>
  run(folder, process.execPath, [SALVOR, ...args]);

/** The same, by a person who has come in with the login `uid`. */
export const salvorOf = (uid: number, folder: SiteFolder, ...args: readonly string[]): Promise<Ran> =>
  run(folder, ...asLogin(uid, process.execPath, SALVOR, ...args));

function run({ path }: SiteFolder, file: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd: path, env: environment() }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

export interface Running {
  readonly child: ChildProcess;
  readonly queueUrl: string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** `salvor up`, once it says where events go. */
export async function startSalvor({ path }: SiteFolder, ...options: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [SALVOR, 'up', '--port', '0', '--http-port', '0', ...options], {
    cwd: path,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  for await (const line of createInterface({ input: child.stdout })) {
    const queueUrl = /events go to (\S+)/.exec(line)?.[1];
    if (queueUrl === undefined) continue;
    child.stdout.resume();
    return {
      child,
      queueUrl,
      kill: (signal) => {
        child.kill(signal);
        return exited;
      },
    };
  }
  throw new Error(`salvor up ended: ${errors}`);
}
