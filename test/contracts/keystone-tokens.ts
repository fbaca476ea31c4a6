import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { type OpenStackHttp, openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import { keystoneTokens } from '#shared/adapters/openstack/tokens.ts';
import { PermanentError } from '#shared/errors.ts';
import type { KeystoneTokens } from '#shared/ports.ts';
import type { Account } from '#test/openstack/rig.ts';

const TIMEOUT_MS = 60_000;

export interface TokensWorld {
  /** Keystone, with its /v3. */
  readonly authUrl: string;
  /** May check tokens. */
  readonly checker: Account;
  /** A plain member of a project, who may check none but their own. */
  readonly member: Account;
  /** Has the role admin on the system. */
  readonly systemAdmin: Pick<Account, 'user' | 'password'>;
  close(): Promise<void>;
}

/** What salvor relies on of Keystone when it is shown a token; the adapter on the simulated one and on a real one. */
export function defineKeystoneTokensContract(name: string, make: () => Promise<TokensWorld>): void {
  describe(`KeystoneTokens: ${name}`, { timeout: TIMEOUT_MS }, () => {
    let world: TokensWorld;
    let http: OpenStackHttp;
    let tokens: KeystoneTokens;
    beforeAll(async () => {
      world = await make();
      http = openStackHttp({ version: '0', random: Math.random });
      tokens = tokensOf(world.checker);
    }, TIMEOUT_MS);
    afterAll(async () => {
      await http?.close();
      await world?.close();
    }, TIMEOUT_MS);

    const sessionOf = (account: Account) =>
      keystoneSession({ cloud: cloudOf(account, world.authUrl), http, now: Date.now });
    const tokensOf = (account: Account) => keystoneTokens({ session: sessionOf(account), now: Date.now });
    const newToken = async (account: Account) => (await sessionOf(account).token()).value;
    const revoke = (token: string) =>
      fetch(`${world.authUrl}/auth/tokens`, {
        method: 'DELETE',
        headers: { 'x-auth-token': token, 'x-subject-token': token },
      });

    it('tells whose token it is, of which project, with which roles and until when', async () => {
      const owner = await tokens.check(await newToken(world.member));
      expect(owner?.user).toMatchObject({ name: world.member.user, domain: { id: 'default', name: 'Default' } });
      expect(owner?.user.id).toMatch(/^[0-9a-f-]+$/);
      expect(owner?.projectId).toMatch(/^[0-9a-f-]+$/);
      expect(owner?.roles).toContain('member');
      expect(owner?.roles).not.toContain('admin');
      expect(owner?.expiresAtMs).toBeGreaterThan(Date.now());
    });

    it('has somebody sign in by a password, for a project', async () => {
      const { user, project, password } = world.member;
      const token = (await tokens.signIn({ user, domain: 'Default', password, project })) ?? '';
      const owner = await tokens.check(token);
      expect(owner).toMatchObject({ user: { name: user }, isSystem: false });
      expect(owner?.roles).toContain('member');
    });

    it('has an administrator sign in for the system, where nobody else has a role', async () => {
      const { user, password } = world.systemAdmin;
      const token = (await tokens.signIn({ user, domain: 'Default', password })) ?? '';
      const owner = await tokens.check(token);
      expect(owner).toMatchObject({ user: { name: user }, isSystem: true, projectId: null });
      expect(owner?.roles).toContain('admin');
      const { user: plain, password: ofPlain } = world.member;
      expect(await tokens.signIn({ user: plain, domain: 'Default', password: ofPlain })).toBeUndefined();
    });

    it.each([
      ['a wrong password', { password: 'wrong' }],
      ['a user that is none', { user: 'nobody' }],
      ['a domain that is none', { domain: 'nowhere' }],
      ['a project that is none', { project: 'nothing' }],
      ['a project without a role', { project: 'admin' }],
    ])('has nobody sign in with %s', async (_, wrong) => {
      const { user, project, password } = world.member;
      expect(await tokens.signIn({ user, domain: 'Default', password, project, ...wrong })).toBeUndefined();
    });

    it.each([
      ['one that nobody issued', 'gAAAAABnobody-has-issued-this-one'],
      ['an empty one', ''],
      ['one that can not stand in a header', 'a\r\nb'],
      ['one that is far too long', 'x'.repeat(9_000)],
    ])('refuses %s', async (_, token) => {
      expect(await tokens.check(token)).toBeUndefined();
    });

    it('refuses one that was revoked', async () => {
      const token = await newToken(world.member);
      expect((await revoke(token)).status).toBe(204);
      expect(await tokens.check(token)).toBeUndefined();
    });

    it('asks again with a new token of its own when that was revoked', async () => {
      const session = sessionOf(world.checker);
      const own = (await session.token()).value;
      expect((await revoke(own)).status).toBe(204);
      const owner = await keystoneTokens({ session, now: Date.now }).check(await newToken(world.member));
      expect(owner?.user.name).toBe(world.member.user);
    });

    it('says so when its own account may not ask', async () => {
      const others = await newToken(world.checker);
      await expect(tokensOf(world.member).check(others)).rejects.toBeInstanceOf(PermanentError);
    });
  });
}

const domain = { name: 'Default' };
const cloudOf = ({ user, project, password }: Account, authUrl: string): CloudConfig => ({
  name: 'contract',
  authUrl,
  identity: { kind: 'password', user: { name: user, domain }, password, project: { name: project, domain } },
  regionName: 'RegionOne',
  interface: 'public',
  caPem: undefined,
  insecureTls: false,
  computeEndpoint: undefined,
});
