import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** What a browser sends by itself, and from which page. */

const COOKIE = 'salvor';

/** TLS may end at a proxy. Who says so wrongly gets a cookie that is sent over TLS only. */
const isSecure = (c: Context): boolean =>
  new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';

export const sessionOf = (c: Context): string | undefined =>
  (isSecure(c) ? getCookie(c, COOKIE, 'host') : getCookie(c, COOKIE)) || undefined;

/** No script reads it, no other site's page has it sent; with TLS no other host can set it (`__Host-`, RFC 6265bis). */
export function setSession(c: Context, secret: string, lastsSeconds: number): void {
  const secure = isSecure(c);
  setCookie(c, COOKIE, secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: lastsSeconds,
    secure,
    ...(secure ? { prefix: 'host' as const } : {}),
  });
}

export const isRead = ({ req: { method } }: Context): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/**
 * From a page of which site a browser sends this: `nobody` where it is no browser, or one that does not tell. By what no page
 * can write: `Sec-Fetch-Site` (Fetch Metadata), which is sent over TLS and to this machine, else `Origin`.
 */
export function pageOf(c: Context): 'own' | 'foreign' | 'nobody' {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' ? 'own' : 'foreign';
  const origin = c.req.header('origin');
  if (origin === undefined) return 'nobody';
  return URL.parse(origin)?.host === c.req.header('host') ? 'own' : 'foreign';
}
