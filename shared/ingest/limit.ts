import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';

/**
 * Refuses a body of more bytes. Where its length is said beforehand, as nearly everybody says it, the server holds the
 * sender to it (RFC 9112, section 6.3): the body is left alone then, as a stream of it for each request costs more than
 * all else that is done for a report.
 */
export function limitBody(maxSize: number, tooLarge: () => Response) {
  const counted = bodyLimit({ maxSize, onError: tooLarge });
  return createMiddleware(async (c, next) => {
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return counted(c, next);
    return Number(length) <= maxSize ? next() : tooLarge();
  });
}
