import { readFile } from 'node:fs/promises';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDeviceConfig, Secrets } from '#shared/ports.ts';
import type { DeviceTls } from './transport.ts';

/** What several drivers read of their part of the policy. */

export type ConfigOf<D extends FenceDeviceConfig['driver']> = Extract<FenceDeviceConfig, { readonly driver: D }>;

type WebConfig = Pick<ConfigOf<'redfish'>, 'caFile' | 'certificateSha256' | 'insecureTls'>;

/** @throws PermanentError that says what is wrong with the address */
export function addressIn(text: string, { certificateSha256 }: WebConfig): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new PermanentError('the url of a fence device is not an http(s) address');
  if (url.username !== '' || url.password !== '')
    throw new PermanentError(
      'the url of a fence device holds credentials; put them into the secret that "credentials" names',
    );
  if (certificateSha256 !== undefined && url.protocol !== 'https:')
    throw new PermanentError('the url of a fence device is not https, and certificateSha256 asks for a certificate');
  return url;
}

/** @throws PermanentError when the CA can't be read */
export async function tlsIn({ caFile, certificateSha256, insecureTls }: WebConfig): Promise<DeviceTls> {
  return {
    ...(caFile === undefined ? {} : { caPem: await pemOf(caFile) }),
    ...(certificateSha256 === undefined ? {} : { certificateSha256 }),
    ...(insecureTls === undefined ? {} : { insecureTls }),
  };
}

/** @throws PermanentError that names the secret and the field, and never what is there */
export async function fieldsIn<F extends string>(
  secrets: Secrets,
  secret: string,
  fields: readonly F[],
): Promise<Readonly<Record<F, string>>> {
  const found = await secrets.get(secret);
  const missing = fields.find((field) => found[field] === undefined);
  if (missing !== undefined) throw new PermanentError(`secret ${secret} has no ${missing}`);
  return found as Readonly<Record<F, string>>;
}

/** What each driver takes as it stands. */
export const boundsIn = ({ systemUuid, timeoutSeconds }: Pick<FenceDeviceConfig, 'systemUuid' | 'timeoutSeconds'>) => ({
  timeoutSeconds,
  ...(systemUuid === undefined ? {} : { systemUuid }),
});

async function pemOf(caFile: string): Promise<string> {
  if (caFile.includes('-----BEGIN')) return caFile;
  try {
    return await readFile(caFile, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`the CA file ${caFile} of a fence device can't be read (${code})`);
  }
}
