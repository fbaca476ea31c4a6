/** What every driver tells besides the power: that its account is refused, and how long its certificate is good. */
import { afterEach, expect, it } from 'vitest';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import type { FenceDeviceConfig } from '#shared/ports.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { certificate } from '../../support/tls.ts';
import { type Reply, serve } from '../server.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const COMMON = { credentials: 'bmc', timeoutSeconds: 2 } as const;
const at = (url: string): readonly FenceDeviceConfig[] => [
  { driver: 'redfish', url: `${url}/redfish/v1/Systems/1`, ...COMMON },
  { driver: 'redfish', url: `${url}/redfish/v1/Systems/1`, auth: 'basic', ...COMMON },
  { driver: 'ironic', node: 'a', url, ...COMMON },
  { driver: 'metal3', namespace: 'm', bareMetalHost: 'a', url, ...COMMON },
  { driver: 'webhook', switches: 'system', host: 'a', url, ...COMMON },
];
const secret = { username: 'u', password: 'p'.repeat(32), token: 't'.repeat(32), key: 'k'.repeat(32) };

async function readingOf(config: FenceDeviceConfig, fields: Readonly<Record<string, string>> = secret) {
  return (await fencing({ secrets: { get: async () => fields }, version: '0' }).device(config)).readPower();
}

const KINDS = at('').map((config, index) => [`${config.driver} ${index}`, index] as const);

it.each(KINDS)('says that the account is refused, and of nothing else that it is: %s', async (_name, index) => {
  let reply: Reply = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
  const server = await serve(() => reply);
  closers.push(server.close);
  const config = at(server.url)[index] as FenceDeviceConfig;
  expect(await readingOf(config)).toMatchObject({ power: 'unknown', refused: 'credentials' });
  for (const status of [403, 404, 409, 500, 503]) {
    reply = { status };
    expect(await readingOf(config)).not.toHaveProperty('refused');
  }
  reply = 'drop';
  expect(await readingOf(config)).not.toHaveProperty('refused');
});

it.each([
  [400, true],
  [401, true],
  [403, true],
  [404, false],
  [503, false],
])('a session that is refused with %i: of the account is %s', async (status, ofTheAccount) => {
  const sessions = '/redfish/v1/SessionService/Sessions';
  const server = await serve(({ method }) =>
    method === 'POST' ? { status } : { body: { Links: { Sessions: { '@odata.id': sessions } } } },
  );
  closers.push(server.close);
  const reading = await readingOf({ driver: 'redfish', url: server.url, auth: 'session', ...COMMON });
  expect(reading.refused).toBe(ofTheAccount ? 'credentials' : undefined);
});

it('tells until when the certificate is good that was shown, by each driver', async () => {
  const tls = certificate();
  const sim = await startSimulatedCloud({ hosts: 1, tls });
  closers.push(sim.stop);
  for (const [config, fields] of byTls(sim)) {
    const reading = await readingOf({ ...config, certificateSha256: tls.sha256 }, fields);
    expect({ driver: config.driver, power: reading.power }).toEqual({ driver: config.driver, power: 'on' });
    expect(reading.certificate?.expiresAtMs).toBe(tls.expiresAtMs);
    expect(await readingOf({ ...config, certificateSha256: 'ab'.repeat(32) }, fields)).not.toHaveProperty(
      'certificate',
    );
  }
});

function byTls({ bmcCredentials, bmcUrl, power }: SimulatedCloud) {
  const { ironic, metal3, webhook } = power;
  const host = 'compute-1';
  return [
    [{ driver: 'redfish', url: bmcUrl(host), ...COMMON }, { ...bmcCredentials }],
    [
      { driver: 'ironic', node: host, url: ironic.url, ...COMMON },
      { ...ironic, url: '', node: '' },
    ],
    [
      { driver: 'metal3', bareMetalHost: host, namespace: metal3.namespace, url: metal3.url, ...COMMON },
      { token: metal3.token },
    ],
    [{ driver: 'webhook', switches: 'system', host, url: webhook.url, ...COMMON }, { key: webhook.key }],
  ] as const;
}
