import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Log } from '#shared/services.ts';

type Status = 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429 | 500 | 501 | 503;

const TITLES: Readonly<Record<Status, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** When it makes sense to try again, in seconds. */
const RETRY_AFTER: Partial<Record<Status, string>> = { 429: '10', 503: '5' };

/**
 * What went wrong and what to do about it (RFC 9457). It never repeats what was sent: that may hold a secret.
 * @param more members of the answer besides the standard's
 * @param headers in place of those that the status has by itself
 */
export function problem(
  status: Status,
  detail: string,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  const retryAfter = RETRY_AFTER[status];
  return new Response(JSON.stringify({ title: TITLES[status], status, detail, ...more }), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="salvor", Basic realm="salvor"' } : {}),
      ...headers,
    },
  });
}

/** Bad input is the sender's, everything temporary is told as such, and what nobody foresaw is logged. */
export const onError =
  (log: Log) =>
  (error: Error, c: Context): Response => {
    if (error instanceof PermanentError) return problem(400, error.message);
    if (error instanceof HTTPException && error.status < 500) return problem(400, 'the request can not be read');
    const path = new URL(c.req.url).pathname;
    if (error instanceof RetryableError) {
      log.warn('a report could not be taken now', { path, error: error.message });
      return problem(503, 'this can not be taken now: send it again');
    }
    log.error('a request failed', { path, error: error.stack ?? error.message });
    return problem(500, 'this is a fault of salvor: send it again');
  };
