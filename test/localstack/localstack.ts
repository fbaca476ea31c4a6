/**
 * A LocalStack for tests, from wherever one is to be had:
 * 1. the one that AWS_ENDPOINT_URL names, for a faster round while developing (`kit/up.sh start`) or in CI;
 * 2. a Docker engine that already holds the image (never tried by the authors: their machines have no engine);
 * 3. the kit beside this file: no Docker, but minutes of installing the first time (`kit/up.sh`).
 */
import { awsEnvironment, isHealthy } from '#infra/localstack/endpoint.ts';
import { openInDocker } from './docker.ts';
import { LocalStackUnavailable } from './health.ts';
import { openKit } from './kit.ts';

export interface LocalStack {
  /** Where all services answer, without a slash at the end. */
  readonly endpoint: string;
  /** The AWS_* variables that make an SDK or the CDK CLI talk to it. Give them to child processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it and all its processes. One that was given by AWS_ENDPOINT_URL is left alone. */
  stop(): Promise<void>;
}

/** Something that answers at an endpoint, and how to end it. */
export interface Emulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Opens a LocalStack on 127.0.0.1, on a free port. Its state is empty, unless it was given by AWS_ENDPOINT_URL.
 * @throws LocalStackUnavailable with the reason in one line, if none can run here.
 */
export async function openLocalStack(env: NodeJS.ProcessEnv = process.env): Promise<LocalStack> {
  const given = env.AWS_ENDPOINT_URL;
  const emulator = given ? await useGiven(given) : ((await openInDocker()) ?? (await openKit()));
  return { ...emulator, env: awsEnvironment(emulator.endpoint) };
}

/** Only an emulator answers the health request, so that tests can't reach a real account by accident. */
async function useGiven(url: string): Promise<Emulator> {
  const endpoint = url.replace(/\/+$/, '');
  if (!(await isHealthy(endpoint))) {
    throw new LocalStackUnavailable(`AWS_ENDPOINT_URL is set, but no LocalStack answers at ${endpoint}`);
  }
  return { endpoint, stop: async () => {} };
}
