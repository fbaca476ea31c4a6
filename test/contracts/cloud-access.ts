import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudAccess } from '#shared/adapters/openstack/access.ts';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { type OpenStackHttp, openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import type { AccountEnd } from '#shared/ports.ts';
import type { Account } from '#test/openstack/rig.ts';

const TIMEOUT_MS = 60_000;
const ENDS_MS = Date.UTC(2040, 0, 2, 3, 4, 5);

export interface AccessWorld {
  /** Keystone, with its /v3. */
  readonly authUrl: string;
  /** Its password has no end. */
  readonly account: Account;
  close(): Promise<void>;
}

/** What salvor relies on of Keystone to know when its account ends; the adapter on the simulated one and on a real one. */
export function defineCloudAccessContract(name: string, make: () => Promise<AccessWorld>): void {
  describe(`CloudAccess: ${name}`, { timeout: TIMEOUT_MS }, () => {
    let world: AccessWorld;
    let http: OpenStackHttp;
    beforeAll(async () => {
      world = await make();
      http = openStackHttp({ version: '0', random: Math.random });
    }, TIMEOUT_MS);
    afterAll(async () => {
      await http?.close();
      await world?.close();
    }, TIMEOUT_MS);

    const sessionBy = (identity: CloudConfig['identity']) =>
      keystoneSession({ cloud: { ...CLOUD, authUrl: world.authUrl, identity }, http, now: Date.now });
    const accountBy = (identity: CloudConfig['identity']) => cloudAccess(sessionBy(identity), new Map()).account();

    /** Made by its own user, as anybody may; each under a name of its own. */
    async function accountOfCredential(asked: object): Promise<AccountEnd> {
      const { value, owner } = await sessionBy(byPassword(world.account)).token();
      const body = { application_credential: { name: `contract-${Date.now()}-${Math.random()}`, ...asked } };
      const answer = await fetch(`${world.authUrl}/users/${owner?.user.id}/application_credentials`, {
        method: 'POST',
        headers: { 'x-auth-token': value, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      expect(answer.status, text).toBe(201);
      const { id, secret } = JSON.parse(text).application_credential;
      return accountBy({ kind: 'application-credential', credential: { id }, secret });
    }

    it('tells whose password it is, and that it has no end', async () => {
      const of = `the password of user ${world.account.user}`;
      expect(await accountBy(byPassword(world.account))).toEqual({ of, endsAtMs: null, untold: null });
    });

    it('lets an application credential look at itself, and tells its end', async () => {
      const of = expect.stringMatching(/^application credential contract-/);
      const expires_at = new Date(ENDS_MS).toISOString().replace('.000Z', '');
      expect(await accountOfCredential({ expires_at })).toEqual({ of, endsAtMs: ENDS_MS, untold: null });
      expect(await accountOfCredential({})).toEqual({ of, endsAtMs: null, untold: null });
    });

    it('does not, under access rules that leave it out', async () => {
      const access_rules = [{ service: 'compute', method: 'GET', path: '/v2.1/**' }];
      expect(await accountOfCredential({ access_rules })).toMatchObject({
        endsAtMs: null,
        untold: expect.stringMatching(/^Keystone answered 40[13]: /),
      });
    });
  });
}

const CLOUD = {
  name: 'contract',
  regionName: 'RegionOne',
  interface: 'public',
  caPem: undefined,
  insecureTls: false,
  computeEndpoint: undefined,
} as const;
const domain = { name: 'Default' };
const byPassword = ({ user, project, password }: Account): CloudConfig['identity'] => ({
  ...{ kind: 'password', user: { name: user, domain }, password, project: { name: project, domain } },
});
