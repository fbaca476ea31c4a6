/** Runs the LocalStack of the kit as a child of this process, with `kit/up.sh`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LocalStackUnavailable, untilHealthy } from './health.ts';
import type { Emulator } from './localstack.ts';
import { freePort, lastLine, run } from './run.ts';

const UP = fileURLToPath(new URL('./kit/up.sh', import.meta.url));
const START_TIMEOUT_SECONDS = 90;
/** What is kept of its output, to say why it ended. */
const KEPT_OUTPUT_CHARACTERS = 4000;

/**
 * Installs what is missing (shown on standard error, minutes the first time) and starts LocalStack on a free port. It
 * ends with this process, however that ends.
 * @throws LocalStackUnavailable
 */
export async function openKit(): Promise<Emulator> {
  const installed = await run(UP, ['install'], { echo: true });
  if (installed.exitCode !== 0)
    throw new LocalStackUnavailable(lastLine(installed.stderr).replace(/^LocalStack: /, ''));

  const port = await freePort();
  const env = { ...process.env, SALVOR_LOCALSTACK_PORT: String(port) };
  const child = spawn(UP, ['run'], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = watch(child);
  const stop = async () => {
    await run(UP, ['stop'], { env });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(endpoint, START_TIMEOUT_SECONDS, failed);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

/** Empties the child's pipes, and tells why it ended, once it has. */
function watch(child: ChildProcess): () => string | undefined {
  let output = '';
  let ended: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT_CHARACTERS);
    });
  }
  child.on('error', (error) => {
    ended = `LocalStack could not be started: ${error.message}`;
  });
  child.on('close', (code) => {
    ended = `LocalStack ended with code ${code}: ${lastLine(output)}`;
  });
  return () => ended;
}
