import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the rig's scripts are. Each says in its head what it does, needs and leaves. */
const rigFolder = fileURLToPath(new URL('./rig/', import.meta.url));

/** The environment of a rig's scripts; `rig/env.sh` names the knobs and their defaults. */
export type RigEnvironment = Readonly<Record<string, string>>;

const installTimeoutMs = 30 * 60_000;

/**
 * Runs one of the rig's scripts to its end.
 * @returns what it printed to standard output.
 * @throws when it failed, with the last lines that it printed.
 */
export async function runScript(
  script: string,
  args: readonly string[],
  env: RigEnvironment,
  options: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<string> {
  const running = promisify(execFile)(`${rigFolder}${script}`, args, {
    env: { ...process.env, ...env },
    timeout: options.timeoutMs ?? 5 * 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  // A script that ends without reading all its input is judged by its exit status.
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(options.input ?? '');
  try {
    return (await running).stdout;
  } catch (error) {
    throw new ScriptError(script, lastLines(error), { cause: error });
  }
}

/** A script of the rig failed; `printed` is the end of what it said. */
class ScriptError extends Error {
  readonly printed: string;
  constructor(script: string, printed: string, options: ErrorOptions) {
    super(`${script} failed: ${printed}`, options);
    this.printed = printed;
  }
}

function lastLines(error: unknown): string {
  const printed =
    error instanceof Error && 'stderr' in error && 'stdout' in error ? `${error.stdout}${error.stderr}` : '';
  return printed.trim().split('\n').slice(-5).join(' | ') || String(error);
}

/** The rig cannot run on this machine; the message says in one line why. */
export class RigUnavailable extends Error {
  override readonly name = 'RigUnavailable';
}

/**
 * Installs what is missing: nothing (in 0.1 s), or Debian packages and a venv (1 to 5 minutes).
 * @throws RigUnavailable where it is not installed and cannot be.
 */
export async function ensureInstalled(env: RigEnvironment = {}): Promise<void> {
  if (process.platform !== 'linux') throw new RigUnavailable(`it runs on Linux only, not on ${process.platform}`);
  try {
    await runScript('install.sh', ['check'], env);
    await runScript('install.sh', [], env, { timeoutMs: installTimeoutMs });
  } catch (error) {
    throw new RigUnavailable(error instanceof ScriptError ? error.printed : String(error), { cause: error });
  }
}
