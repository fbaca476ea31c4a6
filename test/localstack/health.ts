import { setTimeout as sleep } from 'node:timers/promises';
import { isHealthy } from '#infra/localstack/endpoint.ts';

/** No LocalStack can run here. The message says why, in one line. */
export class LocalStackUnavailable extends Error {
  override readonly name = 'LocalStackUnavailable';
}

const POLL_INTERVAL_MS = 100;

/**
 * Waits until a LocalStack answers. `failed` says in one line why it never will, or undefined.
 * @throws LocalStackUnavailable if it failed or took too long.
 */
export async function untilHealthy(
  endpoint: string,
  timeoutSeconds: number,
  failed: () => string | undefined,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutSeconds * 1000;
  while (!(await isHealthy(endpoint))) {
    const reason = failed();
    if (reason !== undefined) throw new LocalStackUnavailable(reason);
    if (performance.now() > deadlineMs) {
      throw new LocalStackUnavailable(`LocalStack did not answer at ${endpoint} within ${timeoutSeconds} s`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}
