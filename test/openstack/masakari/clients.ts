import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(new URL('./', import.meta.url));
const INSTALL_MS = 15 * 60_000;

/** masakari-monitors, the openstack command and libvirtd, as they are in PyPI and Debian. */
export interface Clients {
  /** Runs a program of the venv to its end. @throws with what it printed when it fails */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Runs one that goes on until it is stopped. `folder` gets its log. */
  start(
    program: string,
    args: readonly string[],
    folder: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<Running>;
}

export interface Running {
  /** What it has printed up to now. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Installs them when they are not there, within minutes. */
export async function ensureClients(): Promise<Clients> {
  const { stdout } = await promisify(execFile)(`${here}install.sh`, [], { timeout: INSTALL_MS });
  const bin = join(stdout.trim().split('\n').at(-1) ?? '', 'bin');
  const pathOf = (program: string) => (program.startsWith('/') ? program : join(bin, program));
  const quiet = { PYTHONWARNINGS: 'ignore', PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` };
  return {
    run: async (program, args, env = {}) => {
      const running = promisify(execFile)(pathOf(program), args, { env: { ...quiet, ...env }, timeout: 120_000 });
      return (await running).stdout;
    },
    start: async (program, args, folder, env = {}) => {
      const file = join(folder, `${program.split('/').at(-1)}.log`);
      const log = createWriteStream(file, { flags: 'a' });
      await once(log, 'open');
      const child = spawn(pathOf(program), args, {
        env: { ...quiet, ...env },
        stdio: ['ignore', log, log],
        detached: true,
      });
      await once(child, 'spawn');
      return {
        log: () => readFile(file, 'utf8'),
        stop: async () => {
          await stop(child);
          log.close();
        },
      };
    },
  };
}

/** The whole group: monitors have children of their own. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
