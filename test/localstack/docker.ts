/**
 * Runs LocalStack as a container. Untried: no machine of the authors has a Docker engine. A function in a container does
 * not reach a queue by the URL that LocalStack gave for it, so SQS clients need `useQueueUrlAsEndpoint: false`.
 */
import { untilHealthy } from './health.ts';
import type { Emulator } from './localstack.ts';
import { freePort, lastLine, run } from './run.ts';

const IMAGE = 'localstack/localstack:4.14.0';
const START_TIMEOUT_SECONDS = 90;

/** Starts a container on a free port; undefined if there is no engine, or it does not hold the image already. */
export async function openInDocker(): Promise<Emulator | undefined> {
  const image = await run('docker', ['image', 'inspect', IMAGE]);
  if (image.exitCode !== 0) return undefined;

  const port = await freePort();
  const started = await run('docker', containerArguments(port));
  if (started.exitCode !== 0) return undefined;
  const container = lastLine(started.stdout);
  const stop = async () => {
    // LocalStack removes the containers of its functions when it is stopped, not when it is killed.
    await run('docker', ['stop', container]);
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(endpoint, START_TIMEOUT_SECONDS, () => undefined);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

function containerArguments(port: number): string[] {
  const settings = [
    `LOCALSTACK_HOST=127.0.0.1:${port}`,
    'SQS_ENDPOINT_STRATEGY=path',
    'DISABLE_EVENTS=1',
    'LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC=0.1',
    'LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC=0.5',
  ];
  return [
    ...['run', '--rm', '--detach', '--publish', `127.0.0.1:${port}:4566`],
    ...['--volume', '/var/run/docker.sock:/var/run/docker.sock'],
    ...settings.flatMap((setting) => ['--env', setting]),
    IMAGE,
  ];
}
