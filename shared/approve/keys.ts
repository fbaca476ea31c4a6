import type { ApprovalKeys } from '#shared/domain/notify/approval.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';

/** Whoever guesses it can approve in anybody's name: 32 characters are 128 bits of hexadecimal digits. */
const SHORTEST_KEY = 32;

/** `key` of the secret and, while it changes, `previousKey`. @throws PermanentError that never says what is there */
export async function approvalKeys(secrets: Secrets, secret: string): Promise<ApprovalKeys> {
  const { key, previousKey } = await secrets.get(secret);
  if (key === undefined) throw new PermanentError(`secret ${secret} needs key`);
  const keys: ApprovalKeys = previousKey === undefined ? [key] : [key, previousKey];
  if (keys.some((each) => each.length < SHORTEST_KEY))
    throw new PermanentError(`the keys of secret ${secret} have ${SHORTEST_KEY} characters or more each`);
  return keys;
}
