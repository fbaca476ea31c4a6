import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';
import type { Keys } from './signature.ts';

/** Whoever guesses it can say that a host is off: 32 characters are 128 bits of hexadecimal digits. */
const SHORTEST_KEY = 32;

/**
 * `key` and, while keys change, `previousKey` of a secret.
 * @throws PermanentError that says what is missing, and never what is there
 */
export async function keysIn(secrets: Secrets, secret: string): Promise<Keys> {
  const { key, previousKey } = await secrets.get(secret);
  if (key === undefined) throw new PermanentError(`secret ${secret} has no key`);
  const keys: Keys = previousKey === undefined ? [key] : [key, previousKey];
  if (keys.some((each) => each.length < SHORTEST_KEY))
    throw new PermanentError(`the keys of secret ${secret} have ${SHORTEST_KEY} characters or more each`);
  return keys;
}
