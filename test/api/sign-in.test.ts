/** Signing in at the page of an issuer that is there, by authorization code and PKCE: who gets a session, and who does not. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issuerOf } from '#shared/adapters/oidc/issuer.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { access } from '#shared/domain/policy-access.ts';
import { aPolicy } from '#test/support/builders.ts';
import { ACCOUNT, pressAt, startIssuer, type TestIssuer } from '#test/support/oidc-issuer.ts';
import { asking, people, secretsOf, TOKENS, type World, world } from './support.ts';

const SITE = 'https://salvor.test';
const CALLBACK = '/api/v1/session/oidc/callback';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', origin: SITE };
const FROM_ISSUER = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
const SECRET = 'of-the-client-0123456789abcdef0123456789abcdef';

let issuer: TestIssuer;
beforeAll(async () => {
  const web = {
    redirect_uris: [`${SITE}${CALLBACK}`],
    response_types: ['code' as const],
    grant_types: ['authorization_code'],
  };
  issuer = await startIssuer([
    { ...web, client_id: 'salvor', token_endpoint_auth_method: 'none' },
    { ...web, client_id: 'confidential', client_secret: SECRET },
  ]);
});
afterAll(() => issuer.stop());

let at: World;
let ask: ReturnType<typeof asking>;
let secrets: Record<string, Record<string, string>>;
/** As the issuer gave it to salvor last. */
let idToken: string;
const given = (signIn: object = {}, oidc: object = {}) => ({
  access: access.parse({
    people,
    oidc: { issuer: issuer.url, audience: 'salvor', roles: { ops: 'operator' }, signIn, ...oidc },
  }),
  notify: policySchema.shape.notify.parse({ consoleUrl: `${SITE}/console/` }),
});
function open(policy: ReturnType<typeof given>, state?: World['services']['state']): void {
  const read = {
    get: async (name: string) => secrets[name] ?? secretsOf(TOKENS).get(name),
  };
  const made = { ...aPolicy(), ...policy };
  const { issued, signIn } = issuerOf(made, read, () => at.services.clock.nowMs);
  const overheard = signIn && {
    ...signIn,
    finish: async (...answer: Parameters<typeof signIn.finish>) => {
      const found = await signIn.finish(...answer);
      if (found.kind === 'token') idToken = found.value;
      return found;
    },
  };
  at = world(policy, { secrets: read, issued, signIn: overheard, ...(state && { state }) });
  at.services.clock.nowMs = Date.now();
}
beforeEach(() => {
  issuer.groups = ['ops'];
  secrets = {};
  open(given());
  ask = asking(() => at.app);
});

interface Browser {
  readonly cookies: Map<string, string>;
}
const aBrowser = (): Browser => ({ cookies: new Map() });
/** As a browser keeps them: one that ends at once is gone. */
function keep({ cookies }: Browser, answered: Response): Response {
  for (const each of answered.headers.getSetCookie()) {
    const [name = '', value = ''] = each.split(';')[0]?.split(/=(.*)/) ?? [];
    if (/Max-Age=0/.test(each)) cookies.delete(name);
    else cookies.set(name, value);
  }
  return answered;
}
const sent = ({ cookies }: Browser) => [...cookies].map((each) => each.join('=')).join('; ');
async function begin(browser: Browser, to?: string): Promise<URL> {
  const headers = { ...OWN_PAGE, cookie: sent(browser) };
  const answered = keep(browser, await ask('/api/v1/session/oidc', { headers, body: to === undefined ? {} : { to } }));
  expect(answered.status).toBe(200);
  return new URL(((await answered.json()) as { at: string }).at);
}
/** A browser that comes from another site leaves `SameSite=Strict` away. */
async function comeBack(browser: Browser, back: URL): Promise<string> {
  const cookie = sent({ cookies: new Map([...browser.cookies].filter(([name]) => name !== '__Host-salvor')) });
  const headers = { ...FROM_ISSUER, cookie };
  const answered = keep(browser, await ask(`${back.pathname}${back.search}`, { headers }));
  expect([answered.status, answered.headers.get('cache-control')]).toEqual([303, 'no-store']);
  return answered.headers.get('location') ?? '';
}
const me = async (browser: Browser): Promise<unknown> => {
  const answered = await ask('/api/v1/me', { headers: { cookie: sent(browser) } });
  return answered.status === 200 ? answered.json() : answered.status;
};
const ME = { name: `oidc:${ACCOUNT}`, role: 'operator', ways: ['token', 'oidc'], session: true };

/** All that was kept or logged, to look for secrets in. */
async function traces(): Promise<string> {
  const found: string[] = [JSON.stringify(at.services.lines)];
  for await (const partition of at.services.state.partitions('items'))
    found.push(JSON.stringify((await at.services.state.query(partition)).items));
  return found.join('\n');
}
const sessions = async () => (await traces()).split('session#').length - 1;

describe('somebody who signs in at the issuer', () => {
  it.each([
    ['a public client', 'salvor', {}],
    ['a confidential client', 'confidential', { clientId: 'confidential', clientSecret: 'oidc' }],
  ])('is in by %s, at the page that he came from', async (_, clientId, signIn) => {
    secrets.oidc = { clientSecret: SECRET };
    open(given(signIn));
    const browser = aBrowser();
    const there = await begin(browser, '/console/hosts/compute-1?tab=power');
    expect(there.origin).toBe(issuer.url);
    const asked = Object.fromEntries(there.searchParams);
    expect(asked).toMatchObject({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: `${SITE}${CALLBACK}`,
      scope: 'openid',
      code_challenge_method: 'S256',
    });
    const back = await pressAt(there.href);
    expect(back.searchParams.get('iss')).toBe(issuer.url);
    expect(await comeBack(browser, back)).toBe('/console/hosts/compute-1?tab=power');
    expect([...browser.cookies.keys()]).toEqual(['__Host-salvor']);
    expect(await me(browser)).toEqual(ME);

    const left = await traces();
    const { state, nonce, code_challenge: challenge } = asked;
    for (const secret of [back.searchParams.get('code'), state, nonce, challenge, SECRET, idToken])
      expect(left).not.toContain(secret);
    expect(left).toContain('somebody has signed in');
    // In a request it counts where it is for the policy's audience, as it did before there was such a page.
    const bearer = await ask('/api/v1/me', { headers: { authorization: `Bearer ${idToken}` } });
    expect(bearer.status).toBe(clientId === 'salvor' ? 200 : 401);
    expect((await ask('/api/v1/session', { headers: OWN_PAGE, body: { token: idToken } })).status).toBe(bearer.status);
  });

  it('has one cookie for ten minutes meanwhile, which another site’s page has sent by leading there only', async () => {
    const answered = await ask('/api/v1/session/oidc', { headers: OWN_PAGE, body: {} });
    const [over, begun] = answered.headers.getSetCookie();
    expect(over).toMatch(/^__Host-salvor=; Max-Age=0;/);
    expect(begun).toMatch(/^__Host-salvor-sign-in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(answered.headers.get('cache-control')).toBe('no-store');
    expect(await sessions()).toBe(0);
    // Also where a proxy ends TLS and does not say so: it is the policy that says that there is.
    const plain = await asking(() => at.app, 'http://10.0.0.7:15868')('/api/v1/session/oidc', { body: {} });
    expect(plain.headers.getSetCookie()[1]).toMatch(/^__Host-salvor-sign-in=.*; Secure; SameSite=Lax$/);
  });

  it('is judged by the policy at each request, and has to sign in again when the ID token has ended', async () => {
    const browser = aBrowser();
    await comeBack(browser, await pressAt((await begin(browser)).href));
    const { state, clock } = at.services;
    const { nowMs } = clock;
    open(given({}, { roles: { ops: 'viewer' } }), state);
    expect(await me(browser)).toEqual({ ...ME, role: 'viewer' });
    open(given({}, { roles: { others: 'viewer' } }), state);
    expect(await me(browser)).toBe(401);
    // Who takes the sign-in out of the policy takes the sessions with it.
    open(given({}, { signIn: undefined }), state);
    expect(await me(browser)).toBe(401);
    open(given(), state);
    at.services.clock.nowMs = nowMs + 3_600_000;
    expect(await me(browser)).toEqual(ME);
    at.services.clock.nowMs = nowMs + 3_600_000 + 60_000;
    expect(await me(browser)).toBe(401);
  });

  it('signs out, for whoever has copied the cookie too', async () => {
    const browser = aBrowser();
    await comeBack(browser, await pressAt((await begin(browser)).href));
    const copied = { cookies: new Map(browser.cookies) };
    keep(browser, await ask('/api/v1/session', { method: 'DELETE', headers: { ...OWN_PAGE, cookie: sent(browser) } }));
    expect(browser.cookies.size).toBe(0);
    expect(await me(copied)).toBe(401);
  });

  it('gets a session of his own, and the one before has ended', async () => {
    const browser = aBrowser();
    const body = { token: TOKENS.ann };
    keep(browser, await ask('/api/v1/session', { headers: OWN_PAGE, body }));
    const before = { cookies: new Map(browser.cookies) };
    const there = await begin(browser);
    expect(await me(before)).toBe(401);
    // Whatever somebody has put there meanwhile is not taken over.
    browser.cookies.set('__Host-salvor', 'x'.repeat(43));
    await comeBack(browser, await pressAt(there.href));
    expect(browser.cookies.get('__Host-salvor')).not.toBe('x'.repeat(43));
    expect(await me(browser)).toEqual(ME);
    expect(await sessions()).toBe(1);
  });
});

describe('nobody is let in', () => {
  const refused = async (browser: Browser, back: URL, why: string) => {
    expect(await comeBack(browser, back)).toBe(`/console/?sign-in=${why}`);
    expect(browser.cookies.has('__Host-salvor')).toBe(false);
    expect(await sessions()).toBe(0);
    expect(await traces()).not.toContain(back.searchParams.get('code') ?? 'no code');
  };
  const changed = (url: URL, changes: Readonly<Record<string, string | null>>): URL => {
    const other = new URL(url);
    for (const [key, value] of Object.entries(changes))
      if (value === null) other.searchParams.delete(key);
      else other.searchParams.set(key, value);
    return other;
  };

  it('by another state, or none, and the sign-in that is under way goes on', async () => {
    const browser = aBrowser();
    const back = await pressAt((await begin(browser)).href);
    for (const state of [null, '', 'x', 'x'.repeat(43)]) await refused(browser, changed(back, { state }), 'stale');
    expect(await comeBack(browser, back)).toBe('/console/');
    expect(await me(browser)).toEqual(ME);
  });

  it('in another browser than it was begun in: what somebody else has begun signs nobody in as him', async () => {
    const [attacker, victim] = [aBrowser(), aBrowser()];
    const back = await pressAt((await begin(attacker)).href);
    await refused(victim, back, 'stale');
    await begin(victim);
    await refused(victim, back, 'stale');
  });

  it('by a callback that was used already', async () => {
    const browser = aBrowser();
    const there = await begin(browser);
    const copied = { cookies: new Map(browser.cookies) };
    const back = await pressAt(there.href);
    expect(await comeBack(browser, back)).toBe('/console/');
    // The issuer takes a code once, and takes back what it was good for.
    expect(await comeBack(browser, back)).toBe('/console/?sign-in=stale');
    expect(await comeBack(copied, back)).toBe('/console/?sign-in=refused');
    expect(copied.cookies.size).toBe(0);
  });

  it('by an ID token with another nonce, or a code that another verifier has asked for', async () => {
    for (const wrong of [{ nonce: 'another' }, { nonce: null }, { code_challenge: 'x'.repeat(43) }]) {
      const browser = aBrowser();
      const there = changed(await begin(browser), wrong);
      await refused(browser, await pressAt(there.href), 'refused');
    }
  });

  it('by a code of somebody else, put into one’s own callback', async () => {
    const [mine, theirs] = [aBrowser(), aBrowser()];
    const back = await pressAt((await begin(mine)).href);
    const stolen = await pressAt((await begin(theirs)).href);
    await refused(mine, changed(back, { code: stolen.searchParams.get('code') }), 'refused');
  });

  it('by the answer of another issuer, or of none', async () => {
    for (const iss of ['https://evil.test', null]) {
      const browser = aBrowser();
      const back = await pressAt((await begin(browser)).href);
      await refused(browser, changed(back, { iss }), 'refused');
    }
  });

  it('after ten minutes, nor by a cookie that says that it has more time, or another page', async () => {
    const browser = aBrowser();
    const back = await pressAt((await begin(browser)).href);
    const begun = JSON.parse(Buffer.from(browser.cookies.get('__Host-salvor-sign-in') ?? '', 'base64url').toString());
    for (const change of [{ endsAtMs: begun.endsAtMs + 1 }, { to: '/console/health' }]) {
      const text = Buffer.from(JSON.stringify({ ...begun, ...change })).toString('base64url');
      await refused({ cookies: new Map([['__Host-salvor-sign-in', text]]) }, back, 'stale');
    }
    for (const junk of ['x', '%', Buffer.from('{}').toString('base64url')])
      await refused({ cookies: new Map([['__Host-salvor-sign-in', junk]]) }, back, 'stale');
    at.services.clock.nowMs += 600_000;
    await refused(browser, back, 'stale');
  });

  it('who has stopped it, and who has no role', async () => {
    const browser = aBrowser();
    await refused(browser, await pressAt((await begin(browser)).href, ''), 'denied');
    expect(browser.cookies.size).toBe(0);
    issuer.groups = ['others'];
    await refused(browser, await pressAt((await begin(browser)).href), 'role');
    expect(await traces()).not.toContain(ACCOUNT);
  });

  it('where the clocks differ by more than the token lasts', async () => {
    const browser = aBrowser();
    at.services.clock.nowMs += 7_200_000;
    await refused(browser, await pressAt((await begin(browser)).href), 'clock');
  });

  it('where salvor is not the client that the policy says', async () => {
    for (const secret of [{ clientSecret: 'wrong' }, { other: 'field' }, undefined]) {
      const browser = aBrowser();
      secrets = secret === undefined ? {} : { oidc: secret as Record<string, string> };
      open(given({ clientId: 'confidential', clientSecret: 'oidc' }));
      await refused(browser, await pressAt((await begin(browser)).href), 'setup');
    }
    expect(JSON.stringify(at.services.lines)).toContain('there is no secret oidc');
  });

  it('by words of a stranger: they are not repeated, not in the log either', async () => {
    const browser = aBrowser();
    const there = await begin(browser);
    const state = there.searchParams.get('state') ?? '';
    const back = new URL(`${SITE}${CALLBACK}`);
    back.search = String(new URLSearchParams({ state, iss: issuer.url, error: 'A b', error_description: 'call 555' }));
    await refused(browser, back, 'setup');
    expect(await traces()).not.toMatch(/A b|555/);
  });
});

describe('answers that somebody makes up', () => {
  const come = async (browser: () => Browser, query: object) => {
    const back = new URL(`${SITE}${CALLBACK}?${new URLSearchParams({ ...query, iss: issuer.url })}`);
    const led = new Set<string>();
    for (let each = 0; each < 70; each += 1) led.add(await comeBack(browser(), back));
    return [...led];
  };

  it('fill no log, whether they belong to a sign-in or not', async () => {
    expect(await come(aBrowser, { code: 'x', state: 'y' })).toEqual([
      '/console/?sign-in=stale',
      '/console/?sign-in=busy',
    ]);
    expect(at.services.lines).toHaveLength(60);
    at.services.clock.nowMs += 120_000;
    const browser = aBrowser();
    const state = (await begin(browser)).searchParams.get('state');
    const copied = () => ({ cookies: new Map(browser.cookies) });
    const led = await come(copied, { error: 'server_error', state });
    expect(led).toEqual(['/console/?sign-in=unreachable', '/console/?sign-in=busy']);
    expect(at.services.lines).toHaveLength(60 + 59);
    // It keeps nobody from coming in by another way.
    expect((await ask('/api/v1/session', { headers: OWN_PAGE, body: { token: TOKENS.ann } })).status).toBe(200);
  });
});

describe('the page that one comes back to', () => {
  it.each([
    'https://evil.test/',
    '//evil.test/console/',
    '/\\evil.test/console/',
    '/console/../api/v1/me',
    '/console/%2e%2e/approve/x',
    '/console/..//evil.test',
    '/console/\t/../../x',
    'javascript:alert(1)',
    '/api/v1/me',
    '/console',
    '',
  ])('is the first where %j is asked for', async (to) => {
    const browser = aBrowser();
    expect(await comeBack(browser, await pressAt((await begin(browser, to)).href))).toBe('/console/');
  });
});

describe('an issuer', () => {
  it('that does not answer is told at once, and asked again the next time', async () => {
    const policy = given({}, { issuer: 'http://127.0.0.1:1' });
    open(policy);
    const answered = await ask('/api/v1/session/oidc', { headers: OWN_PAGE, body: {} });
    expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answered.json()).toMatchObject({ detail: expect.stringContaining('does not answer') });
    expect(answered.headers.getSetCookie()).toEqual([]);
  });

  it('that the policy does not send people to has no such page', async () => {
    for (const policy of [given({}, { signIn: undefined }), { ...given(), notify: undefined }]) {
      open(policy as ReturnType<typeof given>);
      expect((await ask('/api/v1/session/oidc', { headers: OWN_PAGE, body: {} })).status).toBe(404);
      expect((await ask(`${CALLBACK}?code=x&state=y`)).status).toBe(404);
      expect(await (await ask('/api/v1/me')).json()).not.toHaveProperty('signIn');
    }
  });

  it('is named to whoever has to sign in', async () => {
    expect(await (await ask('/api/v1/me')).json()).toMatchObject({
      ways: ['token', 'oidc'],
      signIn: { issuer: issuer.url, site: SITE },
    });
  });
});

describe('a sign-in', () => {
  it('is begun by salvor’s own page only', async () => {
    for (const site of ['cross-site', 'same-site', 'none']) {
      const answered = await ask('/api/v1/session/oidc', { headers: { 'sec-fetch-site': site }, body: {} });
      expect([answered.status, answered.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  it('leads to the site that the policy says, whatever the request calls it', async () => {
    const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test' };
    const answered = await ask('/api/v1/session/oidc', { headers, body: {} });
    const { at: there } = (await answered.json()) as { at: string };
    expect(new URL(there).searchParams.get('redirect_uri')).toBe(`${SITE}${CALLBACK}`);
  });

  it('is begun sixty times a minute from one address, and wrong codes are guesses', async () => {
    for (let each = 0; each < 60; each += 1) await begin(aBrowser());
    expect((await ask('/api/v1/session/oidc', { headers: OWN_PAGE, body: {} })).status).toBe(429);
    at.services.clock.nowMs += 120_000;
    const browser = aBrowser();
    for (let each = 0; each < 21; each += 1) {
      const state = (await begin(browser)).searchParams.get('state') ?? '';
      const back = new URL(`${SITE}${CALLBACK}?${new URLSearchParams({ state, code: 'guessed', iss: issuer.url })}`);
      expect(await comeBack(browser, back)).toBe(`/console/?sign-in=${each < 20 ? 'refused' : 'busy'}`);
    }
  });
});
