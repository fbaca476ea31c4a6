import { ipmiAddressOf } from '#shared/domain/ipmi-address.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDevice, Secrets } from '#shared/ports.ts';
import { ipmiDevice } from './device.ts';

/** @throws PermanentError when the address is none, or the secret is not there or holds no account */
export async function ipmiFromPolicy(
  config: Extract<FenceDeviceConfig, { driver: 'ipmi' }>,
  secrets: Secrets,
): Promise<FenceDevice> {
  const address = ipmiAddressOf(config.address);
  if (address === undefined)
    throw new PermanentError('the address of an IPMI device is not a name or an address, and perhaps a port');
  const { username, password, kg } = await secrets.get(config.credentials);
  if (username === undefined || password === undefined)
    throw new PermanentError(`secret ${config.credentials} has no ${username === undefined ? 'username' : 'password'}`);
  return ipmiDevice({
    ...address,
    username,
    password,
    ...(kg === undefined ? {} : { kg }),
    cipherSuite: config.cipherSuite,
    privilege: config.privilege,
    guidEncoding: config.guidEncoding,
    timeoutSeconds: config.timeoutSeconds,
    ...(config.systemUuid === undefined ? {} : { systemUuid: config.systemUuid }),
  });
}
