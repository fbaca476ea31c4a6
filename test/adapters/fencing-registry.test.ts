import { expect, it } from 'vitest';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDeviceConfig, Secrets } from '#shared/ports.ts';

const CONFIG: FenceDeviceConfig = {
  driver: 'redfish',
  url: 'https://127.0.0.1/redfish/v1/Systems/1',
  credentials: 'bmc',
  timeoutSeconds: 1,
};
const secrets: Secrets = { get: async () => ({ username: 'root', password: 'geheim' }) };

async function refused(config: object, text: string, from: Secrets = secrets): Promise<void> {
  const made = fencing({ secrets: from, version: '0' }).device({ ...CONFIG, ...config });
  await expect(made).rejects.toBeInstanceOf(PermanentError);
  await expect(made).rejects.toThrow(text);
}

it('names what is wrong with a device before it is asked', async () => {
  await refused({ driver: 'ipmi' }, 'fence driver ipmi is unknown; there is redfish');
  await refused({ driver: 'toString' }, 'fence driver toString is unknown');
  await refused({ url: 'bmc-1' }, 'the url of a fence device is not an http(s) address');
  await refused({ url: 'https://root:geheim@127.0.0.1/' }, 'the url of a fence device holds credentials');
  await refused({ caFile: '/nowhere.pem' }, "the CA file /nowhere.pem of a fence device can't be read (ENOENT)");
  await refused({}, 'secret bmc has no username', { get: async () => ({ password: 'geheim' }) });
  await refused({}, 'secret bmc has no password', { get: async () => ({ username: 'root' }) });
});

it('passes on that a secret does not exist', async () => {
  await refused({}, 'there is no secret bmc', {
    get: () => Promise.reject(new PermanentError('there is no secret bmc')),
  });
});
