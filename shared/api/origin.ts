import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** What a browser sends by itself, and from which page. */

const COOKIE = 'salvor';
/** Of a sign-in at the issuer that is under way. */
const BEGUN = 'salvor-sign-in';

/** TLS may end at a proxy. Who says so wrongly gets a cookie that is sent over TLS only. */
const isSecure = (c: Context): boolean =>
  new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';

const cookieOf = (c: Context, name: string): string | undefined =>
  (isSecure(c) ? getCookie(c, name, 'host') : getCookie(c, name)) || undefined;
export const sessionOf = (c: Context): string | undefined => cookieOf(c, COOKIE);
export const begunOf = (c: Context): string | undefined => cookieOf(c, BEGUN);

/** No script reads it, no other site's page has it sent; with TLS no other host can set it (`__Host-`, RFC 6265bis). */
export const setSession = (c: Context, secret: string, lastsSeconds: number): void =>
  set(c, COOKIE, secret, lastsSeconds, 'Strict');

/** The same, but for one that a browser sends where it is led by another site: it comes back from the issuer's. */
export const setBegun = (c: Context, begun: string, lastsSeconds: number): void =>
  set(c, BEGUN, begun, lastsSeconds, 'Lax');

function set(c: Context, name: string, value: string, maxAge: number, sameSite: 'Strict' | 'Lax'): void {
  const secure = isSecure(c);
  const host = secure ? { prefix: 'host' as const } : {};
  setCookie(c, name, value, { httpOnly: true, sameSite, path: '/', maxAge, secure, ...host });
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
  return URL.parse(origin)?.host === (c.req.header('host') ?? new URL(c.req.url).host) ? 'own' : 'foreign';
}
