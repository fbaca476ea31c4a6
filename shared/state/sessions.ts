import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import * as z from 'zod';
import { ConflictError } from '#shared/errors.ts';
import type { ItemKey, StateReader, StateStore } from '#shared/ports.ts';
import { load, put } from './items.ts';

/**
 * What somebody has signed in with, for as long as a session lasts. It is sealed by a secret that only the browser has, so
 * that whoever reads the state can neither take a session nor what is in it.
 */

/** What partitions of sessions begin with: the function of the API may write these and nothing else. */
export const SESSIONS = 'session#';

export const credential = z.strictObject({ kind: z.enum(['bearer', 'keystone', 'id-token']), value: z.string() });
/** What proves to be somebody, in a request or at the start of a session. An ID token only there: no request carries one. */
export type Credential = z.infer<typeof credential>;

interface Session {
  readonly endsAtMs: number;
  readonly sealed: string;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param secret at least 256 bits of chance, which are used once */
export async function openSession(
  state: StateStore,
  secret: string,
  signedInWith: Credential,
  endsAtMs: number,
): Promise<void> {
  const session: Session = { endsAtMs, sealed: seal(secret, JSON.stringify(signedInWith)) };
  await state.transact([put(keyOf(secret), 'absent', session, { expiresAtMs: endsAtMs })]);
}

/** Undefined when there is none, or it has ended. */
export async function loadSession(state: StateReader, secret: string, nowMs: number): Promise<Credential | undefined> {
  const found = (await load<Session>(state, keyOf(secret)))?.value;
  if (found === undefined || found.endsAtMs <= nowMs) return undefined;
  return credential.parse(JSON.parse(unseal(secret, found.sealed)));
}

export async function closeSession(state: StateStore, secret: string): Promise<void> {
  const key = keyOf(secret);
  const found = await state.get(key);
  if (found === undefined) return;
  try {
    await state.transact([{ kind: 'delete', ...key, expect: found.version }]);
  } catch (error) {
    // Sessions are not changed: somebody else has closed it.
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Whoever knows the key of the item does not know the secret. */
const keyOf = (secret: string): ItemKey => ({
  partition: `${SESSIONS}${createHash('sha256').update(`salvor session ${secret}`).digest('base64url')}`,
  sort: 'state',
});

/** A secret seals once: its key is used with one IV, which therefore may be all zeros (NIST SP 800-38D, section 8). */
const IV = Buffer.alloc(IV_BYTES);
const keyFrom = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'salvor session', 32));

function seal(secret: string, text: string): string {
  const cipher = createCipheriv(CIPHER, keyFrom(secret), IV);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function unseal(secret: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(CIPHER, keyFrom(secret), IV, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}
