import { readFile } from 'node:fs/promises';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDevice, Fencing, Secrets } from '#shared/ports.ts';
import { redfishDevice } from './redfish.ts';

export interface FencingOptions {
  readonly secrets: Secrets;
  /** For the User-Agent header. */
  readonly version: string;
}

type Driver = (config: FenceDeviceConfig, options: FencingOptions) => Promise<FenceDevice>;

/** Every driver by its name in the policy. A new one is a function here, a room beside `redfish.ts`, and the contract suite. */
const DRIVERS: Readonly<Record<FenceDeviceConfig['driver'], Driver>> = { redfish };

export function fencing(options: FencingOptions): Fencing {
  const drivers = new Map<string, Driver>(Object.entries(DRIVERS));
  return {
    device: async (config) => {
      const driver = drivers.get(config.driver);
      if (driver !== undefined) return driver(config, options);
      throw new PermanentError(`fence driver ${config.driver} is unknown; there is ${[...drivers.keys()].join(', ')}`);
    },
  };
}

async function redfish(config: FenceDeviceConfig, { secrets, version }: FencingOptions): Promise<FenceDevice> {
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
