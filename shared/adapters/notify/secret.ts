import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';

type Fields = Readonly<Record<string, string>>;

/** @throws PermanentError that names the secret and the field, and never what is there */
export async function fieldOf(secrets: Secrets, name: string, field: string): Promise<string> {
  const value = (await secrets.get(name))[field];
  if (value === undefined || value === '') throw new PermanentError(`secret ${name} needs ${field}`);
  return value;
}

/** The address of an incoming webhook, and the whole secret. @throws PermanentError as above */
export async function webhookOf(
  secrets: Secrets,
  name: string,
): Promise<{ readonly url: URL; readonly fields: Fields }> {
  const text = await fieldOf(secrets, name, 'url');
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new PermanentError(`the url of secret ${name} is not an http(s) address`);
  return { url, fields: await secrets.get(name) };
}
