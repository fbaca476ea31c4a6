import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

/**
 * A sign-in at the issuer that is under way. Only the browser keeps it: whoever comes back may reach another process, and
 * strangers must not be able to write into the state. All that the issuer and the code are held against is made of it.
 */
export interface Begun {
  /** 256 bits of chance, for this sign-in alone. */
  readonly chance: string;
  readonly endsAtMs: number;
  /** The page of the console to go to. */
  readonly to: string;
}

/** What the authorization request has, or its hash. Nobody tells one from another, nor the chance from all of them. */
export interface SignInKeys {
  /** Comes back by the browser (RFC 6749, 10.12). Of the end and the page too, so that neither can be changed meanwhile. */
  readonly state: string;
  /** Comes back in the ID token (OpenID Connect Core, 15.5.2: the hash of what a cookie has). */
  readonly nonce: string;
  /** Proves to the issuer that who has the code has asked for it (RFC 7636). */
  readonly verifier: string;
}

/** Enough for a second factor, and little for whoever finds the browser open. */
export const SIGN_IN_LASTS_SECONDS = 600;

export function keysOf({ chance, endsAtMs, to }: Begun): SignInKeys {
  const from = (what: string): string => createHmac('sha256', chance).update(what).digest('base64url');
  return { state: from(`state ${endsAtMs} ${to}`), nonce: from('nonce'), verifier: from('verifier') };
}

export const asCookie = (begun: Begun): string => Buffer.from(JSON.stringify(begun)).toString('base64url');

const kept = z.strictObject({ chance: z.string().min(43), endsAtMs: z.int(), to: z.string() });

/** Undefined where it is nothing that `asCookie` has made. */
export function fromCookie(text: string): Begun | undefined {
  try {
    return kept.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Whether what comes back belongs to what was begun, in time. */
export function isOf(begun: Begun, state: string | null, nowMs: number): boolean {
  const [given, wanted] = [Buffer.from(state ?? ''), Buffer.from(keysOf(begun).state)];
  return given.length === wanted.length && timingSafeEqual(given, wanted) && nowMs < begun.endsAtMs;
}

const START = '/console/';
/** A browser drops a cookie of more than 4 KiB (RFC 6265, 6.1). */
const MOST_CHARACTERS = 1000;

/** The page of the console that this names, or else the first: never another site, and nothing but a page. */
export function consolePage(named: string | undefined): string {
  const here = 'https://here.invalid';
  const url = named?.startsWith(START) ? URL.parse(named, here) : null;
  const page = url?.origin === here && url.pathname.startsWith(START) ? `${url.pathname}${url.search}` : START;
  return page.length > MOST_CHARACTERS ? START : page;
}
