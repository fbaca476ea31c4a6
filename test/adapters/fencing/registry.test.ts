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
  await refused(
    { driver: 'pdu' },
    'fence driver pdu is unknown; there is redfish, ipmi, ironic, metal3, webhook, agent',
  );
  await refused({ driver: 'toString' }, 'fence driver toString is unknown');
  await refused({ url: 'bmc-1' }, 'the url of a fence device is not an http(s) address');
  await refused({ url: 'https://root:geheim@127.0.0.1/' }, 'the url of a fence device holds credentials');
  await refused({ caFile: '/nowhere.pem' }, "the CA file /nowhere.pem of a fence device can't be read (ENOENT)");
  const pin = { certificateSha256: 'ab'.repeat(32) };
  await refused({ ...pin, url: 'http://127.0.0.1/' }, 'is not https, and certificateSha256 asks for a certificate');
  await refused({}, 'secret bmc has no username', { get: async () => ({ password: 'geheim' }) });
  await refused({}, 'secret bmc has no password', { get: async () => ({ username: 'root' }) });
});

it('names what is wrong with an IPMI device before it is asked', async () => {
  const ipmi = {
    driver: 'ipmi',
    address: '127.0.0.1:9',
    cipherSuite: 17,
    privilege: 'operator',
    guidEncoding: 'smbios',
  } as const;
  await refused({ ...ipmi, address: 'root:geheim@bmc' }, 'the address of an IPMI device is not a name or an address');
  await refused(ipmi, 'secret bmc has no username', { get: async () => ({ password: 'geheim' }) });
  await refused(ipmi, 'secret bmc has no password', { get: async () => ({ username: 'root' }) });
  const account = { username: 'root', password: 'geheim' };
  await refused(ipmi, 'the kg of an IPMI device is not 0x', { get: async () => ({ ...account, kg: '0xgeheim' }) });
  await refused(ipmi, 'the password of an IPMI device is longer than 20 bytes', {
    get: async () => ({ ...account, password: 'geheim'.repeat(4) }),
  });
  const device = await fencing({ secrets: { get: async () => ({ ...account, kg: 'key' }) }, version: '0' }).device({
    ...ipmi,
    credentials: 'bmc',
    timeoutSeconds: 1,
  });
  expect(await device.readPower()).toMatchObject({ power: 'unknown', detail: '127.0.0.1 port 9: ECONNREFUSED' });
});

it('passes on that a secret does not exist', async () => {
  await refused({}, 'there is no secret bmc', {
    get: () => Promise.reject(new PermanentError('there is no secret bmc')),
  });
});

it('names what each driver misses', async () => {
  const metal3 = { driver: 'metal3', url: 'https://127.0.0.1', namespace: 'metal3', bareMetalHost: 'a' };
  const webhook = { driver: 'webhook', url: 'https://127.0.0.1', host: 'a' };
  await refused({ driver: 'ironic', node: 'a', url: undefined }, 'there is no cloud whose Ironic this could be');
  await refused({ driver: 'ironic', node: 'a' }, 'secret bmc has no password', {
    get: async () => ({ username: 'a' }),
  });
  await refused(metal3, 'secret bmc has no token');
  await refused(webhook, 'secret bmc has no key');
  const short = { key: 'k'.repeat(32), previousKey: 'short' };
  await refused(webhook, 'the keys of secret bmc have 32 characters or more each', { get: async () => short });
});
