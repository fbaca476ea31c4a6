/** The Redfish driver on sushy-tools' emulator, with fence_redfish as the second opinion on it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import type { FenceDeviceConfig } from '#shared/ports.ts';
import { describeWith, missingPrograms } from '../agents/program.ts';
import { defineFencingContract, type FencingContractHost } from '../contracts/fencing.ts';
import { ACCOUNT, type Emulator, missingPeers, SYSTEMS, startEmulator } from './peers.ts';

const [UUID, OTHER] = SYSTEMS;
const NOBODY = /^(https?):.*/;

const deviceOf = (config: object, password: string = ACCOUNT.password) =>
  fencing({ secrets: { get: async () => ({ ...ACCOUNT, password }) }, version: '0' }).device({
    driver: 'redfish',
    credentials: 'bmc',
    timeoutSeconds: 3,
    ...config,
  } as FenceDeviceConfig);

const system = (emulator: Emulator, uuid: string = UUID) => `${emulator.url}/redfish/v1/Systems/${uuid}`;

function contract(start: () => Promise<Emulator>, config: (emulator: Emulator) => object) {
  return async (): Promise<FencingContractHost> => {
    const emulator = await start();
    return {
      device: ({ password, systemUuid, address } = {}) => {
        const own = { url: system(emulator), ...config(emulator) };
        const url = address === 'nobody' ? own.url.replace(NOBODY, '$1://127.0.0.1:9') : own.url;
        return deviceOf({ ...own, url, ...(systemUuid === undefined ? {} : { systemUuid }) }, password);
      },
      systemUuid: UUID,
      hasPower: async () => (await emulator.power(UUID)) === 'on',
      givePower: () => emulator.setPower(UUID, 'On'),
      spoil: async (fault) => emulator.standStill(fault === 'hang'),
      faults: ['hang'],
      close: emulator.close,
    };
  };
}

describeWith("sushy-tools' emulator", missingPeers() ?? missingPrograms('curl', 'openssl'), () => {
  defineFencingContract(
    'system named',
    contract(startEmulator, () => ({})),
  );
  defineFencingContract(
    'one of several systems, by its UUID',
    contract(startEmulator, ({ url }) => ({ url, systemUuid: UUID })),
  );
  const secure = () => startEmulator({ tls: true });
  defineFencingContract(
    'certificate pinned',
    contract(secure, ({ tls }) => ({ certificateSha256: tls?.sha256 })),
  );
  defineFencingContract(
    'with its CA',
    contract(secure, ({ tls }) => ({ caFile: tls?.cert })),
  );

  it('has two systems, and one alone is switched off', async () => {
    const emulator = await startEmulator();
    const both = await (await deviceOf({ url: emulator.url })).powerOff(null);
    expect(both).toMatchObject({ kind: 'refused', detail: expect.stringContaining('the device has 2 systems') });
    expect(await (await deviceOf({ url: emulator.url, systemUuid: OTHER })).powerOff(null)).toMatchObject({
      kind: 'accepted',
    });
    expect([await emulator.power(UUID), await emulator.power(OTHER)]).toEqual(['on', 'off']);
    await emulator.close();
  });

  it('gets nothing that is meant for another certificate', async () => {
    const emulator = await startEmulator({ tls: true });
    for (const config of [{}, { certificateSha256: 'ab'.repeat(32) }]) {
      const device = await deviceOf({ url: system(emulator), ...config });
      expect(await device.powerOff(null)).toMatchObject({
        kind: 'unknown',
        detail: expect.stringMatching(/nothing was sent: .*its certificate is/),
      });
    }
    expect(await emulator.power(UUID)).toBe('on');
    await emulator.close();
  });

  it('that takes its time is accepted first and read as off later', async () => {
    const emulator = await startEmulator({ powerSeconds: 2 });
    const device = await deviceOf({ url: system(emulator) });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect((await device.readPower()).power).toBe('on');
    await expect.poll(async () => (await device.readPower()).power, { timeout: 10_000 }).toBe('off');
    await emulator.close();
  });

  it('has no sessions, and says so', async () => {
    const emulator = await startEmulator();
    const device = await deviceOf({ url: system(emulator), auth: 'session' });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the device offers no sessions',
    });
    await emulator.close();
  });

  it('tells nothing of accounts, and is no worse for it', async () => {
    const emulator = await startEmulator();
    const device = await deviceOf({ url: system(emulator) });
    expect(await device.readAccount?.()).toEqual({
      endsAtMs: null,
      trouble: null,
      untold: 'the device has no AccountService',
    });
    await emulator.close();
  });
});

describeWith('fence_redfish beside it', missingPeers() ?? missingPrograms('curl', 'openssl', 'fence_redfish'), () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ tls: true });
  });
  afterAll(() => emulator?.close());

  /** `status` prints the power, and 2 is its exit status for off. */
  async function agent(action: 'status' | 'off' | 'on'): Promise<string> {
    const { username, password } = ACCOUNT;
    const at = ['--ip', '127.0.0.1', '--ipport', new URL(emulator.url).port, '--ssl-insecure'];
    const who = ['--username', username, '--password', password, '--systems-uri', `/redfish/v1/Systems/${UUID}`];
    const run = promisify(execFile)('fence_redfish', [...at, ...who, '--action', action]);
    const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
    return stdout.trim();
  }
  const ours = () => deviceOf({ url: system(emulator), certificateSha256: emulator.tls?.sha256 });

  it('sees off what we switched off', async () => {
    expect(await agent('status')).toBe('Status: ON');
    expect(await (await ours()).powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await agent('status')).toBe('Status: OFF');
  });

  it('switches off what we then read as off, and finds ours off already', async () => {
    expect(await agent('on')).toBe('Success: Powered ON');
    expect((await (await ours()).readPower()).power).toBe('on');
    expect(await agent('off')).toBe('Success: Powered OFF');
    expect((await (await ours()).readPower()).power).toBe('off');
    expect(await (await ours()).powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await agent('off')).toMatch(/^Success: Already OFF/);
  });
});
