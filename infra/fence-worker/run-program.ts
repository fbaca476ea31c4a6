import { spawn } from 'node:child_process';

/** What became of a program. */
export interface Ran {
  /** Null when it was cut off, or ended by a signal. */
  readonly code: number | null;
  /** Not even begun: why. */
  readonly notBegun?: string;
  readonly cutOff: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** Written to its standard input: secrets don't stand in the list of processes. */
  readonly input: string;
  /** Then it is killed. */
  readonly limitMs: number;
}

/** Of each output; the end of it is what tells. */
const KEPT_CHARS = 32_768;
/** What has left its process group may hold its outputs open. */
const AFTER_END_MS = 500;
/** Nothing of the worker's own: its environment may hold the keys of a cloud account. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  PYTHONWARNINGS: 'ignore',
};

/**
 * Never throws, and ends soon after the limit whatever the program does. Nothing of its process group lives on behind it: who
 * was given an answer must not be struck by what the program has left behind.
 */
export function runProgram({ file, args, input, limitMs }: Program): Promise<Ran> {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const outputs = { stdout: '', stderr: '' };
    let cutOff = false;
    const end = (code: number | null, notBegun?: string): void => {
      clearTimeout(limit);
      child.stdout.destroy();
      child.stderr.destroy();
      const durationMs = Math.round(performance.now() - startMs);
      resolve({ code: cutOff ? null : code, cutOff, ...outputs, durationMs, ...(notBegun && { notBegun }) });
    };
    const child = spawn(file, args, { cwd: '/', env: ENVIRONMENT, detached: true, stdio: 'pipe' });
    const limit = setTimeout(() => {
      cutOff = true;
      killGroup(child.pid);
      // Even when it hangs in the kernel.
      setTimeout(end, AFTER_END_MS, null);
    }, limitMs);
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        outputs[name] = (outputs[name] + chunk).slice(-KEPT_CHARS);
      });
    child.once('error', (error) => end(null, error.message));
    child.once('close', (code) => end(code));
    child.once('exit', (code) => {
      // What it has done is done: nothing is cut off any more.
      clearTimeout(limit);
      killGroup(child.pid);
      setTimeout(end, AFTER_END_MS, code);
    });
    // It may end without having read all of it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended by itself.
  }
}
