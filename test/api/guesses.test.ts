/** However many guess at the same time, no more are looked at than may be wrong. */
import { describe, expect, it } from 'vitest';
import { access } from '#shared/domain/policy-access.ts';
import { RetryableError } from '#shared/errors.ts';
import { asking, world } from './support.ts';

const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

describe('passwords that are tried many at once', () => {
  const keystone = { roles: { admin: 'approver' }, projects: ['p1'] } as const;
  const ann = { id: 'u1', name: 'ann', domain: { id: 'default', name: 'Default' } };
  const found = { user: ann, projectId: 'p1', isSystem: false, roles: ['admin'], expiresAtMs: Number.MAX_SAFE_INTEGER };
  const trying = () => {
    let asked = 0;
    const signIn = async ({ password }: { readonly password: string }) => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (password === 'away') throw new RetryableError('Keystone is away');
      return password === 'right' ? 'theirs' : undefined;
    };
    const tokens = { uri: async () => '', check: async () => found, signIn };
    const at = world({ access: access.parse({ keystone }) }, { tokens });
    const ask = asking(() => at.app);
    const one = async (password: string, from: number, user = 'ann') => {
      const body = { keystone: { user, domain: 'Default', password } };
      return (await ask('/api/v1/session', { body, headers: OWN_PAGE, address: `192.0.2.${from}` })).status;
    };
    return { one, asked: () => asked };
  };

  it('are asked of Keystone as often as one after the other, however the name is written', async () => {
    const { one, asked } = trying();
    const names = ['ann', 'Ann', 'ANN ', ' ann'];
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => one('x', at, names[at % 4])));
    expect(asked()).toBe(10);
    expect(answers.filter((status) => status === 429)).toHaveLength(50);
    expect(await one('x', 1, 'ben')).toBe(401);
  });

  it('are not counted where they are right, or where nobody can tell', async () => {
    const { one } = trying();
    const many = (password: string) => Promise.all(Array.from({ length: 30 }, () => one(password, 1)));
    expect(new Set(await many('right'))).toEqual(new Set([200]));
    expect(new Set(await many('away'))).toEqual(new Set([503]));
    expect(await one('right', 1)).toBe(200);
  });

  it('so are tokens', async () => {
    let asked = 0;
    const check = async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return undefined;
    };
    const at = world({ access: access.parse({ keystone }) }, { tokens: { uri: async () => '', check, signIn: check } });
    const ask = asking(() => at.app);
    await Promise.all(
      Array.from({ length: 60 }, (_, each) => ask('/api/v1/me', { headers: { 'x-auth-token': `guess-${each}` } })),
    );
    expect(asked).toBe(20);
  });
});
