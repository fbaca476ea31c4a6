import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** What a browser sends by itself, and from which page. */

const COOKIE = 'salvor';
/** Of a sign-in at the issuer that is under way. */
const BEGUN = 'salvor-sign-in';

/** TLS may end at a proxy. Who says so wrongly gets a cookie that is sent over TLS only. */
const isSecure = (c: Context): boolean =>
  new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';

export const sessionOf = (c: Context): string | undefined => read(c, COOKIE, isSecure(c));

function read(c: Context, name: string, secure: boolean): string | undefined {
  return (secure ? getCookie(c, name, 'host') : getCookie(c, name)) || undefined;
}

/** No script reads it, no other site's page has it sent; with TLS no other host can set it (`__Host-`, RFC 6265bis). */
export const setSession = (c: Context, secret: string, lastsSeconds: number): void =>
  set(c, COOKIE, secret, { maxAge: lastsSeconds, sameSite: 'Strict', secure: isSecure(c) });

/**
 * The same, but for one that a browser sends where it is led by another site: it comes back from the issuer's.
 * @param site to which it is led: with TLS, whatever a proxy says, nobody else can have set it
 */
export const setBegun = (c: Context, begun: string, lastsSeconds: number, site: string): void =>
  set(c, BEGUN, begun, { maxAge: lastsSeconds, sameSite: 'Lax', secure: isTls(site) });

export const begunOf = (c: Context, site: string): string | undefined => read(c, BEGUN, isTls(site));

const isTls = (site: string): boolean => new URL(site).protocol === 'https:';

interface Lasting {
  readonly maxAge: number;
  readonly sameSite: 'Strict' | 'Lax';
  readonly secure: boolean;
}

function set(c: Context, name: string, value: string, how: Lasting): void {
  setCookie(c, name, value, { httpOnly: true, path: '/', ...how, ...(how.secure ? { prefix: 'host' as const } : {}) });
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
