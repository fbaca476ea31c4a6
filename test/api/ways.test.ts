/** Who is whom by each way in, and that a role elsewhere counts for nothing that the policy does not say. */
import { describe, expect, it } from 'vitest';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { bySignature } from '#shared/api/ways.ts';
import { connect } from '#shared/connect.ts';
import { access } from '#shared/domain/policy-access.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Claims, TokenOwner } from '#shared/ports.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import { asking, cookieOf, people, secretsOf, TOKENS, world } from './support.ts';

const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

describe('Keystone', () => {
  const owner = (roles: readonly string[], scope: Partial<TokenOwner> = {}): TokenOwner => ({
    user: { id: 'u1', name: 'ann', domain: { id: 'default', name: 'Default' } },
    projectId: 'p1',
    isSystem: false,
    roles,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    ...scope,
  });
  const keystone = { roles: { admin: 'approver', reader: 'viewer' }, projects: ['p1'], system: true } as const;
  const whoIs = async (found: TokenOwner | undefined, given: object = keystone) => {
    const at = world(
      { access: access.parse({ people, keystone: given }) },
      { tokens: { uri: async () => '', check: async () => found, signIn: async () => undefined } },
    );
    const answered = await asking(() => at.app)('/api/v1/me', { headers: { 'x-auth-token': 'theirs' } });
    return answered.status === 200 ? ((await answered.json()) as object) : answered.status;
  };

  it('gives the highest of the roles', async () => {
    const ann = { name: 'keystone:ann@Default', ways: ['token', 'keystone'], session: false };
    expect(await whoIs(owner(['reader', 'member']))).toEqual({ ...ann, role: 'viewer' });
    expect(await whoIs(owner(['reader', 'admin']))).toEqual({ ...ann, role: 'approver' });
    expect(await whoIs(owner(['admin'], { projectId: null, isSystem: true }))).toEqual({ ...ann, role: 'approver' });
  });

  it('tells a name with @ from a domain with @', async () => {
    const named = (name: string, domain: string) =>
      owner(['admin'], { user: { id: 'u2', name, domain: { id: 'd', name: domain } } });
    expect(await whoIs(named('a@b', 'c'))).toMatchObject({ name: 'keystone:a%40b@c' });
    expect(await whoIs(named('a', 'b@c'))).toMatchObject({ name: 'keystone:a@b%40c' });
    expect(await whoIs(named('a%40b', 'c'))).toMatchObject({ name: 'keystone:a%2540b@c' });
  });

  it.each([
    ['no token', undefined],
    ['no role that counts', owner(['member', 'toString'])],
    ['another project, of which anybody may be the admin', owner(['admin'], { projectId: 'p2' })],
    ['no scope', owner(['admin'], { projectId: null })],
  ])('lets nobody in with %s', async (_, found) => {
    expect(await whoIs(found)).toBe(401);
  });

  it('does not take the system’s scope unless the policy says so', async () => {
    const system = owner(['admin'], { projectId: null, isSystem: true });
    expect(await whoIs(system, { roles: { admin: 'approver' }, projects: ['p1'] })).toBe(401);
  });

  it('that does not let salvor ask is no fault of whoever asks, and tells strangers nothing', async () => {
    const check = () => Promise.reject(new PermanentError('Keystone at https://inside.test refuses'));
    const tokens = { uri: async () => '', check, signIn: async () => undefined };
    const at = world({ access: access.parse({ keystone }) }, { tokens });
    const answered = await asking(() => at.app)('/api/v1/me', { headers: { 'x-auth-token': 'theirs' } });
    expect(answered.status).toBe(503);
    expect(await answered.text()).not.toContain('inside.test');
    expect(JSON.stringify(at.services.lines)).toContain('inside.test');
  });

  it('is not asked where the policy does not name it', async () => {
    const at = world({ access: { people } });
    const answered = await asking(() => at.app)('/api/v1/me', { headers: { 'x-auth-token': 'theirs' } });
    expect(answered.status).toBe(401);
  });

  it('has a user sign in by a password, and ends the session with its token', async () => {
    const sim = await startSimulatedCloud({ hosts: 1 });
    const { id, secret } = sim.credentials.applicationCredential;
    const auth = { auth_url: sim.authUrl, application_credential_id: id, application_credential_secret: secret };
    const cloud = cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: sim.region }, 'test');
    const { tokens, close } = connect(cloud, secretsOf({}));
    try {
      const { username: user, password, projectName: project, userDomainName: domain } = sim.credentials.member;
      const issued = await tokens.signIn({ user, domain, password, project });
      const projectId = issued === undefined ? null : (await tokens.check(issued))?.projectId;
      const at = world(
        { access: access.parse({ keystone: { roles: { member: 'operator' }, projects: [projectId] } }) },
        { tokens },
      );
      const ask = asking(() => at.app);
      const signIn = (keystone: object) => ask('/api/v1/session', { body: { keystone }, headers: OWN_PAGE });
      const answered = await signIn({ user, domain, password, project });
      expect(await answered.json()).toEqual({
        name: `keystone:${user}@Default`,
        role: 'operator',
        ways: ['keystone'],
        session: true,
      });
      const headers = { cookie: cookieOf(answered) };
      expect((await ask('/api/v1/me', { headers })).status).toBe(200);
      expect(JSON.stringify(at.services.lines)).not.toContain(password);
      // Whatever Keystone says of the token from now on: revoked, ended, another role.
      const ended = world(
        { access: at.services.policy.access },
        { state: at.services.state, tokens: { ...tokens, check: async () => undefined } },
      );
      expect((await asking(() => ended.app)('/api/v1/me', { headers })).status).toBe(401);

      for (const wrong of [{ password: 'x' }, { project: 'admin' }, { domain: 'other' }, { project: undefined }])
        expect((await signIn({ user, domain, password, project, ...wrong })).status).toBe(401);
      for (let each = 3; each < 10; each += 1) await signIn({ user, domain, password: 'x', project });
      // Of this user from wherever, of others not.
      const body = { keystone: { user, domain, password, project } };
      expect((await ask('/api/v1/session', { body, address: '192.0.2.9' })).status).toBe(429);
    } finally {
      await close();
      await sim.stop();
    }
  });
});

describe('an OIDC issuer', () => {
  const oidc = { issuer: 'https://login.test', audience: 'salvor', roles: { ops: 'operator', lead: 'approver' } };
  const whoIs = async (claims: Claims | undefined, given: object = {}) => {
    const issued = { check: async () => claims };
    const at = world({ access: access.parse({ people, oidc: { ...oidc, ...given } }) }, { issued });
    const answered = await asking(() => at.app)('/api/v1/me', { headers: { authorization: 'Bearer a.b.c' } });
    return answered.status === 200 ? ((await answered.json()) as { name: string; role: string }) : answered.status;
  };

  it('gives the highest role of a claim, by the name of another', async () => {
    expect(await whoIs({ sub: 'u1', groups: ['ops', 'x'] })).toMatchObject({ name: 'oidc:u1', role: 'operator' });
    expect(await whoIs({ sub: 'u1', groups: ['ops', 'lead'] })).toMatchObject({ role: 'approver' });
    expect(await whoIs({ sub: 'u1', groups: 'lead' })).toMatchObject({ role: 'approver' });
    const within = { claim: 'realm_access.roles', nameClaim: 'email' };
    const claims = { sub: 'u1', email: 'ann@salvor.test', realm_access: { roles: ['ops'] } };
    expect(await whoIs(claims, within)).toMatchObject({ name: 'oidc:ann@salvor.test', role: 'operator' });
    const url = 'https://salvor.test/roles';
    expect(await whoIs({ sub: 'u1', [url]: ['ops'] }, { claim: url })).toMatchObject({ role: 'operator' });
  });

  it.each([
    ['no valid token', undefined],
    ['no such claim', { sub: 'u1' }],
    ['no role that counts', { sub: 'u1', groups: ['constructor', 'x', null, {}] }],
    ['no name', { sub: '', groups: ['ops'] }],
    ['a name that is none', { sub: ['u1'], groups: ['ops'] }],
  ])('lets nobody in with %s', async (_, claims) => {
    expect(await whoIs(claims as Claims | undefined)).toBe(401);
  });

  it('that is out of reach keeps out nobody who has a token of the policy', async () => {
    const check = () => Promise.reject(new RetryableError('no issuer'));
    const at = world({ access: access.parse({ people, oidc }) }, { issued: { check } });
    const ask = asking(() => at.app);
    expect((await ask('/api/v1/me', { headers: { authorization: `Bearer ${TOKENS.ben}` } })).status).toBe(200);
    const answered = await ask('/api/v1/me', { headers: { authorization: 'Bearer a.b.c' } });
    expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('IAM', () => {
  const iam = access.parse({
    iam: {
      'arn:aws:iam::111122223333:user/ops/ann': { role: 'approver' },
      'arn:aws:iam::111122223333:role/path/Ops': { role: 'operator' },
      'arn:aws:iam::111122223333:role/Sso': { role: 'viewer', sessions: true },
    },
  }).iam;
  const whoIs = (userArn: string) => bySignature(iam ?? {}, { userArn });

  it('knows users and roles, and tells sessions apart only where the policy says that they are people', () => {
    expect(whoIs('arn:aws:iam::111122223333:user/ops/ann')).toEqual({
      name: 'iam:111122223333:user/ops/ann',
      role: 'approver',
    });
    expect(whoIs('arn:aws:sts::111122223333:assumed-role/Ops/whoever')).toEqual({
      name: 'iam:111122223333:role/path/Ops',
      role: 'operator',
    });
    expect(whoIs('arn:aws:sts::111122223333:assumed-role/Sso/ann@salvor.test')).toEqual({
      name: 'iam:111122223333:role/Sso/ann@salvor.test',
      role: 'viewer',
    });
  });

  it.each([
    'arn:aws:iam::111122223333:user/ann',
    'arn:aws:iam::111122223333:root',
    'arn:aws:sts::444455556666:assumed-role/Ops/whoever',
    'arn:aws:sts::111122223333:assumed-role/ps/whoever',
    'arn:aws-cn:sts::111122223333:assumed-role/Ops/whoever',
    'arn:aws:sts::111122223333:federated-user/Ops',
  ])('does not know %s', (userArn) => {
    expect(whoIs(userArn)).toBeUndefined();
  });

  it('is believed as Lambda tells it, and not as a header says', async () => {
    const at = world({ access: access.parse({ iam }) });
    const asked = (userArn: string) =>
      at.app.request('https://salvor.test/api/v1/me', {}, { requestContext: { authorizer: { iam: { userArn } } } });
    const ann = 'arn:aws:iam::111122223333:user/ops/ann';
    expect(await (await asked(ann)).json()).toMatchObject({ name: 'iam:111122223333:user/ops/ann', ways: ['iam'] });
    expect((await asked('arn:aws:iam::111122223333:user/eve')).status).toBe(403);
    const headers = { 'x-amzn-iam-user-arn': ann };
    expect((await asking(() => at.app)('/api/v1/me', { headers })).status).toBe(401);
  });
});

describe('a policy', () => {
  it.each([
    ['no way', {}],
    ['no scope of Keystone', { keystone: { roles: { admin: 'viewer' } } }],
    ['no roles', { keystone: { roles: {}, system: true } }],
    [
      'an issuer that anybody can stand for',
      { oidc: { issuer: 'http://login.test', audience: 'a', roles: { a: 'viewer' } } },
    ],
    [
      'signatures by a password',
      { oidc: { issuer: 'https://login.test', audience: 'a', roles: { a: 'viewer' }, algorithms: ['HS256'] } },
    ],
    ['a name of another way', { people: { 'keystone:ann@Default': { token: 'ann', role: 'viewer' } } }],
    ['the name of whoever is on this machine', { people: { local: { token: 'ann', role: 'viewer' } } }],
    ['a principal of everybody', { iam: { 'arn:aws:iam::111122223333:role/*': { role: 'viewer' } } }],
  ])('with %s is refused', (_, given) => {
    expect(access.safeParse(given).success).toBe(false);
  });
});
