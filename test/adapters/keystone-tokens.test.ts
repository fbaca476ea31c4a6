import { afterEach, describe, expect, it } from 'vitest';
import { keystoneTokens } from '#shared/adapters/openstack/tokens.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { fakeOpenStack, sessionAt } from './fake-openstack.ts';
import type { Reply, SeenRequest } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const EXPIRY_MS = 1_800_000;
const owned = (): Reply => ({
  body: {
    token: {
      user: { id: 'u1', name: 'masakari', domain: { id: 'default', name: 'Default' } },
      project: { id: 'p1' },
      roles: [{ name: 'admin' }],
      expires_at: new Date(EXPIRY_MS).toISOString(),
    },
  },
});

/** A Keystone whose answers to checks are given; logins work. */
async function setup(answer: (check: number, request: SeenRequest) => Reply) {
  let checks = 0;
  const clock = { nowMs: 1_000_000 };
  const fake = await fakeOpenStack({
    keystone: (request) => (request.method === 'GET' ? answer(checks++, request) : undefined),
  });
  const session = sessionAt(fake);
  closers.push(session.http.close, fake.close);
  const asked = () => fake.logins().filter(({ method }) => method === 'GET');
  return { tokens: keystoneTokens({ session, now: () => clock.nowMs }), clock, asked };
}

it('shows the account its own token and the one in question, and keeps the answer for a minute', async () => {
  const { tokens, clock, asked } = await setup(owned);
  const owner = await tokens.check('theirs');
  expect(owner).toEqual({
    user: { id: 'u1', name: 'masakari', domain: { id: 'default', name: 'Default' } },
    projectId: 'p1',
    isSystem: false,
    roles: ['admin'],
    expiresAtMs: EXPIRY_MS,
  });
  expect(asked()[0]?.headers).toMatchObject({ 'x-auth-token': 'token-1', 'x-subject-token': 'theirs' });
  clock.nowMs += 59_999;
  expect(await tokens.check('theirs')).toEqual(owner);
  expect(asked()).toHaveLength(1);
  clock.nowMs += 1;
  await tokens.check('theirs');
  expect(asked()).toHaveLength(2);
});

it('asks once for a hundred checks of one token at the same time', async () => {
  const { tokens, asked } = await setup(owned);
  const owners = await Promise.all(Array.from({ length: 100 }, () => tokens.check('theirs')));
  expect(new Set(owners.map((owner) => owner?.user.name))).toEqual(new Set(['masakari']));
  expect(asked()).toHaveLength(1);
});

it('never believes a token beyond its end', async () => {
  const { tokens, clock } = await setup(owned);
  clock.nowMs = EXPIRY_MS - 1;
  expect(await tokens.check('theirs')).toBeDefined();
  clock.nowMs = EXPIRY_MS;
  expect(await tokens.check('theirs')).toBeUndefined();
});

it('keeps a refusal for ten seconds', async () => {
  const { tokens, clock, asked } = await setup((check) => (check === 0 ? { status: 404 } : owned()));
  expect(await tokens.check('theirs')).toBeUndefined();
  clock.nowMs += 9_999;
  expect(await tokens.check('theirs')).toBeUndefined();
  expect(asked()).toHaveLength(1);
  clock.nowMs += 1;
  expect(await tokens.check('theirs')).toBeDefined();
});

it('forgets no good token for a flood of wrong ones', async () => {
  const { tokens, asked } = await setup((_, { headers }) =>
    headers['x-subject-token'] === 'good' ? owned() : { status: 404 },
  );
  await tokens.check('good');
  for (let wrong = 0; wrong < 2_100; wrong += 1) await tokens.check(`wrong-${wrong}`);
  const before = asked().length;
  expect(await tokens.check('good')).toBeDefined();
  expect(asked()).toHaveLength(before);
});

describe('what Keystone answers', () => {
  it.each<[string, Reply]>([
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['half a body', { body: '{"token":' }],
    ['nothing', 'drop'],
  ])('%s: it is out of reach, and asked again the next time', async (_, reply) => {
    let away = true;
    const { tokens } = await setup(() => (away ? reply : owned()));
    await expect(tokens.check('theirs')).rejects.toBeInstanceOf(RetryableError);
    away = false;
    expect(await tokens.check('theirs')).toBeDefined();
  });

  it.each([403, 401])('%i twice: its own account may not ask', async (status) => {
    const { tokens } = await setup(() => ({ status }));
    await expect(tokens.check('theirs')).rejects.toBeInstanceOf(PermanentError);
  });

  it('nothing once: it asks again, as a kept connection may just have been closed', async () => {
    const { tokens } = await setup((check) => (check === 0 ? 'drop' : owned()));
    expect(await tokens.check('theirs')).toBeDefined();
  });

  it('is never quoted with the token in it', async () => {
    const { tokens } = await setup(() => ({ status: 500, body: { error: { message: 'broken' } } }));
    await expect(tokens.check('very-secret')).rejects.not.toThrow(/very-secret/);
  });
});
