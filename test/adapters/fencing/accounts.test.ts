/** What devices tell of the account by which they are asked: before it fails. */
import { afterEach, describe, expect, it } from 'vitest';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import type { AccountReading, FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { closers, setup } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const ENDS = '2040-01-02T03:04:05Z';
const ENDS_MS = Date.parse(ENDS);
const nothing: AccountReading = { endsAtMs: null, trouble: null, untold: null };

async function boardOf(auth?: 'session'): Promise<{ readonly sim: SimulatedCloud; readonly device: FenceDevice }> {
  const sim = await startSimulatedCloud({ hosts: 1 });
  closers.push(sim.stop);
  const url = `${sim.bmcUrl('compute-1')}${sim.bmcSystemPath('compute-1')}`;
  const config: FenceDeviceConfig = {
    driver: 'redfish',
    url,
    credentials: 'bmc',
    timeoutSeconds: 5,
    ...(auth && { auth }),
  };
  const secrets = { get: async () => ({ ...sim.bmcCredentials }) };
  return { sim, device: await fencing({ secrets, version: '0' }).device(config) };
}

describe('a board with Redfish', () => {
  it.each<[string, object, Partial<AccountReading>]>([
    ['nothing that ends', {}, {}],
    ['a password that ends', { PasswordExpiration: ENDS }, { endsAtMs: ENDS_MS }],
    [
      'an account that ends before',
      { PasswordExpiration: '2041-01-01T00:00:00Z', AccountExpiration: ENDS },
      { endsAtMs: ENDS_MS },
    ],
    ['an end that is past, as boards write whose clock is wrong', { PasswordExpiration: '1970-01-01T00:00:00Z' }, {}],
    ['a password that must be changed', { PasswordChangeRequired: true }, { trouble: 'its password must be changed' }],
    [
      'an account that is locked and disabled',
      { Locked: true, Enabled: false },
      { trouble: 'it is locked and it is disabled' },
    ],
  ])('tells of %s', async (_, body, expected) => {
    const { sim, device } = await boardOf();
    sim.faults.set({ kind: 'bmc-account', body });
    expect(await device.readAccount?.()).toEqual({ ...nothing, ...expected });
    expect(sim.journal.facts.filter(({ kind }) => kind === 'power')).toEqual([]);
  });

  it('that shows nobody its accounts says so, and is no worse for it', async () => {
    const { sim, device } = await boardOf();
    sim.faults.set({ kind: 'bmc-account', hidden: true });
    expect(await device.readAccount?.()).toMatchObject({
      endsAtMs: null,
      trouble: null,
      untold: expect.stringMatching(/^none of its/),
    });
    expect(await device.readPower()).toMatchObject({ power: 'on' });
  });

  it('without an AccountService says so', async () => {
    const { device } = await setup({ at: { '/redfish/v1/': { body: {} } } });
    expect(await device.readAccount?.()).toEqual({ ...nothing, untold: 'the device has no AccountService' });
  });

  it('whose accounts have the names of their links is asked for one', async () => {
    const ids = ['admin', 'ops', 'root'];
    const links = ids.map((id) => ({ '@odata.id': `/redfish/v1/AccountService/Accounts/${id}` }));
    const { device, seen } = await setup({
      at: {
        '/redfish/v1/': { body: { AccountService: { '@odata.id': '/redfish/v1/AccountService' } } },
        '/redfish/v1/AccountService': { body: { Accounts: { '@odata.id': '/redfish/v1/AccountService/Accounts' } } },
        '/redfish/v1/AccountService/Accounts': { body: { Members: links } },
        '/redfish/v1/AccountService/Accounts/root': { body: { UserName: 'root', PasswordExpiration: ENDS } },
      },
    });
    expect(await device.readAccount?.()).toEqual({ ...nothing, endsAtMs: ENDS_MS });
    expect(seen().filter((each) => /Accounts\/./.test(each))).toEqual(['GET /redfish/v1/AccountService/Accounts/root']);
  });

  it.each([undefined, 'session' as const])('that wants another password refuses the credentials: %s', async (auth) => {
    const { sim, device } = await boardOf(auth);
    sim.faults.set({ kind: 'bmc-password-change' });
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      refused: 'credentials',
      detail: expect.stringContaining('must be changed'),
    });
    expect(sim.openSessions).toBe(0);
  });
});

describe('a token of Kubernetes', () => {
  const jwt = (claims: object) =>
    ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const accountBy = async (token: string) => {
    const config = {
      driver: 'metal3',
      url: 'https://k8s.test',
      namespace: 'm',
      bareMetalHost: 'a',
      ...COMMON,
    } as const;
    return (await fencing({ secrets: { get: async () => ({ token }) }, version: '0' }).device(config)).readAccount?.();
  };
  const COMMON = { credentials: 'metal3', timeoutSeconds: 5 };

  it('ends when it says so itself', async () => {
    expect(await accountBy(jwt({ exp: ENDS_MS / 1000 }))).toEqual({ ...nothing, endsAtMs: ENDS_MS });
  });

  it.each([
    ['opaque', 'abcdef'],
    ['a JWT without an end', jwt({ sub: 'x' })],
    ['no JWT', 'a.b.c'],
  ])('that is %s has none, and is not repeated', async (_, token) => {
    expect(await accountBy(token)).toEqual({ ...nothing, untold: 'its token names no end' });
  });
});
