import { setTimeout as sleep } from 'node:timers/promises';

/** No LocalStack can run here. The message says why, in one line. */
export class LocalStackUnavailable extends Error {
  override readonly name = 'LocalStackUnavailable';
}

const REQUEST_TIMEOUT_MS = 2000;
const POLL_INTERVAL_MS = 100;

/** True if a LocalStack answers at the endpoint. Never throws. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return response.ok;
  } catch {
    return false;
  }
}

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
