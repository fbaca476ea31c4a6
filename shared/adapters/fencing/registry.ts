import { readFile } from 'node:fs/promises';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDevice, Fencing, Secrets } from '#shared/ports.ts';
import { ipmiFromPolicy } from './ipmi/from-policy.ts';
import { redfishDevice } from './redfish.ts';

export interface FencingOptions {
  readonly secrets: Secrets;
  /** For the User-Agent header. */
  readonly version: string;
}

/** Every driver by its name in the policy. A new one is a case and a function here, a room of its own, and the contract suite. */
const DRIVERS = ['redfish', 'ipmi'] as const;

export function fencing(options: FencingOptions): Fencing {
  return {
    device: async (config) => {
      switch (config.driver) {
        case 'redfish':
          return redfish(config, options);
        case 'ipmi':
          return ipmiFromPolicy(config, options.secrets);
        default:
          throw unknownDriver(config);
      }
    },
  };
}

/** A policy that was checked has none; a deployed one may be newer than the functions. */
const unknownDriver = ({ driver }: { readonly driver: string }) =>
  new PermanentError(`fence driver ${driver} is unknown; there is ${DRIVERS.join(', ')}`);

async function redfish(
  config: Extract<FenceDeviceConfig, { driver: 'redfish' }>,
  { secrets, version }: FencingOptions,
): Promise<FenceDevice> {
  const url = URL.parse(config.url);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new PermanentError('the url of a fence device is not an http(s) address');
  if (url.username !== '' || url.password !== '')
    throw new PermanentError(
      'the url of a fence device holds credentials; put them into the secret that "credentials" names',
    );
  const { username, password } = await secrets.get(config.credentials);
  if (username === undefined || password === undefined)
    throw new PermanentError(`secret ${config.credentials} has no ${username === undefined ? 'username' : 'password'}`);
  const caPem = config.caFile === undefined ? undefined : await pemOf(config.caFile);
  return redfishDevice({
    url,
    username,
    password,
    version,
    timeoutSeconds: config.timeoutSeconds,
    ...(config.systemUuid === undefined ? {} : { systemUuid: config.systemUuid }),
    ...(caPem === undefined ? {} : { caPem }),
    ...(config.insecureTls === undefined ? {} : { insecureTls: config.insecureTls }),
  });
}

async function pemOf(caFile: string): Promise<string> {
  if (caFile.includes('-----BEGIN')) return caFile;
  try {
    return await readFile(caFile, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`the CA file ${caFile} of a fence device can't be read (${code})`);
  }
}
