/** Who is let in: by a session's cookie as by what it was opened with, and never from a page of another site. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiServices } from '#shared/api/app.ts';
import { asking, cookieOf, people, secretsOf, TOKENS, type World, world } from './support.ts';

const DISARM = { type: 'disarm', reason: 'test' } as const;
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', origin: 'https://salvor.test' };

let tokens: Record<string, string>;
let at: World;
let ask: ReturnType<typeof asking>;
beforeEach(() => {
  tokens = { ...TOKENS };
  at = world({ access: { people } }, { secrets: secretsOf(tokens) });
  ask = asking(() => at.app);
});
const signIn = (token: string, headers: Record<string, string> = OWN_PAGE) =>
  ask('/api/v1/session', { body: { token }, headers });
const cookieFor = async (who: keyof typeof TOKENS) => cookieOf(await signIn(TOKENS[who]));

describe('a session', () => {
  it('is a cookie that no script reads, no other site has sent, and that goes over TLS only', async () => {
    const answered = await signIn(TOKENS.ben);
    expect(await answered.json()).toEqual({ name: 'ben', role: 'operator', ways: ['token'], session: true });
    const [cookie = ''] = answered.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-salvor=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const me = await ask('/api/v1/me', { headers: { cookie: cookieOf(answered) } });
    expect(await me.json()).toEqual({ name: 'ben', role: 'operator', ways: ['token'], session: true });
  });

  it('without TLS is one without Secure, unless a proxy says that there is', async () => {
    const plain = asking(() => at.app, 'http://127.0.0.1:15868');
    const [cookie] = (await plain('/api/v1/session', { body: { token: TOKENS.ben } })).headers.getSetCookie();
    expect(cookie).toMatch(/^salvor=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const proxied = await plain('/api/v1/session', {
      body: { token: TOKENS.ben },
      headers: { 'x-forwarded-proto': 'https' },
    });
    expect(proxied.headers.getSetCookie()[0]).toMatch(/^__Host-salvor=.*; Secure;/);
  });

  it('says who it is by a token too, and that there is no session to end', async () => {
    const me = await ask('/api/v1/me', { headers: { authorization: `Bearer ${TOKENS.cat}` } });
    expect(await me.json()).toEqual({ name: 'cat', role: 'viewer', ways: ['token'], session: false });
  });

  it('outlives a restart, as it is in the state', async () => {
    const cookie = await cookieFor('ben');
    const { state } = at.services;
    at = world({ access: { people } }, { state });
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(200);
  });

  it('has the role that the policy gives now, and ends with the person or the token', async () => {
    const cookie = await cookieFor('ben');
    const { state, clock } = at.services;
    const meNow = async (given: Partial<ApiServices>, access = people as object) => {
      at = world({ access: { people: access as typeof people } }, { state, clock, ...given });
      return ask('/api/v1/me', { headers: { cookie } });
    };
    const viewer = await meNow({}, { ...people, ben: { ...people.ben, role: 'viewer' } });
    expect(await viewer.json()).toMatchObject({ name: 'ben', role: 'viewer' });
    const { ben: _, ...others } = people;
    expect((await meNow({}, others)).status).toBe(401);
    const changed = await meNow({ secrets: secretsOf({ ...TOKENS, ben: 'another-0123456789' }) });
    expect(changed.status).toBe(401);
  });

  it('sees a changed token within half a minute', async () => {
    const cookie = await cookieFor('ben');
    tokens.ben = 'another-0123456789';
    at.services.clock.nowMs += 31_000;
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(401);
  });

  it('ends after twelve hours', async () => {
    const cookie = await cookieFor('ben');
    at.services.clock.nowMs += 12 * 3_600_000 - 1;
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(200);
    at.services.clock.nowMs += 1;
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(401);
  });

  it('ends when one signs out, for whoever has copied the cookie too', async () => {
    const cookie = await cookieFor('ben');
    const answered = await ask('/api/v1/session', { method: 'DELETE', headers: { ...OWN_PAGE, cookie } });
    expect(answered.status).toBe(204);
    expect(answered.headers.getSetCookie()[0]).toMatch(/^__Host-salvor=; Max-Age=0;/);
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(401);
    expect((await ask('/api/v1/session', { method: 'DELETE', headers: { cookie } })).status).toBe(204);
  });

  it('is another one after signing in again, and the old one is no more', async () => {
    const cookie = await cookieFor('ben');
    const again = await signIn(TOKENS.cat, { ...OWN_PAGE, cookie });
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(401);
    const me = await ask('/api/v1/me', { headers: { cookie: cookieOf(again) } });
    expect(await me.json()).toMatchObject({ name: 'cat' });
  });

  it('is ended by two at once without harm', async () => {
    const cookie = await cookieFor('ben');
    const end = () => ask('/api/v1/session', { method: 'DELETE', headers: { ...OWN_PAGE, cookie } });
    const answers = await Promise.all([end(), end()]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
  });

  it('leaves neither the cookie nor the token in the state or in a log', async () => {
    const cookie = await cookieFor('ben');
    await signIn('wrong-0123456789abcdef');
    const stored: string[] = [];
    for await (const partition of at.services.state.partitions('items'))
      stored.push(JSON.stringify((await at.services.state.query(partition)).items));
    expect(stored.filter((each) => each.includes('session#'))).toHaveLength(1);
    const text = `${stored.join()} ${JSON.stringify(at.services.lines)}`;
    for (const secret of [cookie.split('=')[1] ?? '', TOKENS.ben, 'wrong-0123456789abcdef'])
      expect(text).not.toContain(secret);
    expect(at.services.lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'somebody has signed in' }),
    );
  });

  it('is not given to strangers, who are told how to sign in', async () => {
    for (const answered of [await signIn('wrong-0123456789abcdef'), await ask('/api/v1/me')]) {
      expect(answered.status).toBe(401);
      expect(answered.headers.get('content-type')).toBe('application/problem+json');
      // Basic would have the browser ask by a window of its own.
      expect(answered.headers.get('www-authenticate')).toBe('Bearer realm="salvor"');
      expect(await answered.json()).toMatchObject({ status: 401, ways: ['token'] });
    }
    expect((await ask('/api/v1/me', { headers: { cookie: `__Host-salvor=${'x'.repeat(43)}` } })).status).toBe(401);
  });
});

describe('a request that changes something', () => {
  const command = async (headers: Record<string, string>) =>
    (await ask('/api/v1/commands', { body: DISARM, headers: { cookie: await cookieFor('ben'), ...headers } })).status;

  it('is taken by cookie from salvor’s own page', async () => {
    expect(await command(OWN_PAGE)).toBe(200);
    // Browsers send no Sec-Fetch-Site to http: of other machines.
    expect(await command({ origin: 'https://salvor.test' })).toBe(200);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-site', origin: 'https://other.test' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'https://salvor.test:8443' },
    { origin: 'null' },
    // No browser leaves both away.
    {},
  ])('is refused by cookie with %o', async (headers) => {
    expect(await command(headers as Record<string, string>)).toBe(403);
    expect(at.services.outbox.sent).toEqual([]);
  });

  it('is taken by a token from anywhere, which no page has a browser send', async () => {
    const headers = { authorization: `Bearer ${TOKENS.ben}` };
    expect((await ask('/api/v1/commands', { body: DISARM, headers })).status).toBe(200);
  });

  it('signs nobody in or out for another site’s page', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site' };
    const answered = await signIn(TOKENS.ben, foreign);
    expect(answered.status).toBe(403);
    expect(answered.headers.getSetCookie()).toEqual([]);
    const cookie = await cookieFor('ben');
    expect((await ask('/api/v1/session', { method: 'DELETE', headers: { ...foreign, cookie } })).status).toBe(403);
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(200);
  });

  it('is not taken on one’s own machine from another site’s page, where nobody need sign in', async () => {
    at = world({}, { isLocal: true });
    const local = asking(() => at.app, 'http://localhost:15868');
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await local('/api/v1/commands', { body: DISARM, headers: foreign })).status).toBe(403);
    expect((await local('/api/v1/commands', { body: DISARM })).status).toBe(200);
    const me = await (await local('/api/v1/me')).json();
    expect(me).toEqual({ name: 'local', role: 'approver', ways: [], session: false });
    expect((await local('/api/v1/session', { body: { token: TOKENS.ben } })).status).toBe(404);
  });
});

describe('whoever asks too much', () => {
  const guess = (address: string) =>
    ask('/api/v1/me', { headers: { authorization: 'Bearer wrong-0123456789abcdef' }, address });

  it('guesses twenty times a minute, and keeps out nobody else, nor who is signed in', async () => {
    const cookie = await cookieFor('ben');
    for (let each = 0; each < 20; each += 1) expect((await guess('192.0.2.1')).status).toBe(401);
    const answered = await guess('192.0.2.1');
    expect(answered.status).toBe(429);
    expect(answered.headers.get('retry-after')).toBe('3');
    // A right one would tell which is right.
    expect((await ask('/api/v1/me', { headers: { authorization: `Bearer ${TOKENS.ann}` } })).status).toBe(429);
    expect((await signIn(TOKENS.ann)).status).toBe(429);
    expect((await ask('/api/v1/me', { headers: { cookie } })).status).toBe(200);
    expect((await guess('192.0.2.2')).status).toBe(401);
    at.services.clock.nowMs += 3_000;
    expect((await ask('/api/v1/me', { headers: { authorization: `Bearer ${TOKENS.ann}` } })).status).toBe(200);
  });

  it('commands thirty times a minute, and asks 1200 times', async () => {
    const headers = { authorization: `Bearer ${TOKENS.ben}` };
    for (let each = 0; each < 30; each += 1)
      expect((await ask('/api/v1/commands', { body: DISARM, headers })).status).toBe(200);
    const refused = await ask('/api/v1/commands', { body: DISARM, headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(at.services.outbox.sent).toHaveLength(30);
    for (let each = 31; each < 1200; each += 1) expect((await ask('/api/v1/me', { headers })).status).toBe(200);
    expect((await ask('/api/v1/me', { headers })).status).toBe(429);
    expect((await ask('/api/v1/me', { headers: { authorization: `Bearer ${TOKENS.cat}` } })).status).toBe(200);
  });

  it('has twenty policies read in a minute', async () => {
    const headers = { authorization: `Bearer ${TOKENS.cat}` };
    const check = async (path: string) =>
      (await ask(path, { body: { text: 'version: 1', policy: '' }, headers })).status;
    for (let each = 0; each < 20; each += 1) expect(await check('/api/v1/policy/check')).not.toBe(429);
    for (const path of ['policy/check', 'policy/diff', 'incidents/none/replay'])
      expect(await check(`/api/v1/${path}`)).toBe(429);
    expect((await ask('/api/v1/policy', { headers })).status).toBe(200);
  });

  it('sends no more than 64 KiB', async () => {
    const headers = { authorization: `Bearer ${TOKENS.ben}` };
    const body = { ...DISARM, reason: 'x'.repeat(65 * 1024) };
    expect((await ask('/api/v1/commands', { body, headers })).status).toBe(413);
    expect((await ask('/api/v1/session', { body: { token: 'x'.repeat(65 * 1024) } })).status).toBe(413);
  });
});
