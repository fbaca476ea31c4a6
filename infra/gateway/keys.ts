import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';

/** Half a digest: less could be guessed, and 32 bytes are usual. */
const MIN_KEY_BYTES = 16;

/**
 * The fields `key` and, while keys change, `previousKey` of a secret: hexadecimal digits, as in the sender's key file.
 * @throws PermanentError that says what is missing, and never what is there
 */
export async function hexKeys(secrets: Secrets, name: string): Promise<readonly Buffer[]> {
  const { key, previousKey } = await secrets.get(name);
  if (key === undefined) throw new PermanentError(`secret ${name} needs key`);
  return [key, ...(previousKey === undefined ? [] : [previousKey])].map((text) => {
    const digits = text.trim();
    if (!/^([0-9a-f]{2})+$/i.test(digits) || digits.length < 2 * MIN_KEY_BYTES)
      throw new PermanentError(`the keys of secret ${name} are hexadecimal digits, ${2 * MIN_KEY_BYTES} at least`);
    return Buffer.from(digits, 'hex');
  });
}
