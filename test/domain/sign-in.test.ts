import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policySchema } from '#shared/domain/policy.ts';
import { signInOf } from '#shared/domain/policy-access.ts';
import { asCookie, type Begun, consolePage, fromCookie, isOf, keysOf } from '#shared/domain/sign-in.ts';

const begun: Begun = { chance: 'c'.repeat(43), endsAtMs: 1000, to: '/console/hosts' };

describe('what is made of the chance', () => {
  const { state, nonce, verifier } = keysOf(begun);

  it('has the form of a PKCE verifier, and is three of which none is another or the chance', () => {
    const all = [state, nonce, verifier];
    for (const each of all) expect(each).toMatch(/^[\w-]{43}$/);
    expect(new Set([...all, begun.chance, createHash('sha256').update(verifier).digest('base64url')]).size).toBe(5);
  });

  it('is all another with another chance; the state with another end or page too', () => {
    const other = keysOf({ ...begun, chance: 'd'.repeat(43) });
    expect([other.state, other.nonce, other.verifier]).not.toContain(state);
    expect(Object.entries(other).some(([key, value]) => value === { state, nonce, verifier }[key])).toBe(false);
    expect(keysOf({ ...begun, endsAtMs: 1001 }).state).not.toBe(state);
    expect(keysOf({ ...begun, to: '/console/' }).state).not.toBe(state);
  });

  it('is held against what comes back, until it has ended', () => {
    expect(isOf(begun, state, 999)).toBe(true);
    expect(isOf(begun, state, 1000)).toBe(false);
    for (const wrong of [null, '', nonce, `${state}x`, state.slice(1)]) expect(isOf(begun, wrong, 0)).toBe(false);
  });
});

describe('the cookie', () => {
  it('holds it as it was', () => {
    expect(fromCookie(asCookie(begun))).toEqual(begun);
  });
  it('that somebody has made up is none, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (text) => fromCookie(text) === undefined));
    for (const wrong of [null, [], { ...begun, chance: 'short' }, { ...begun, more: 1 }, { ...begun, endsAtMs: '1' }])
      expect(fromCookie(Buffer.from(JSON.stringify(wrong)).toString('base64url'))).toBeUndefined();
  });
});

describe('the page to come back to', () => {
  it('is one of the console, as it was asked for', () => {
    for (const page of ['/console/', '/console/hosts/compute-1', '/console/history?host=a&from=2026-11-01'])
      expect(consolePage(page)).toBe(page);
    expect(consolePage(undefined)).toBe('/console/');
    // The cookie would be dropped, and nobody could sign in.
    expect(consolePage(`/console/hosts?${'ü'.repeat(200)}`)).toBe('/console/');
    expect(asCookie({ ...begun, to: consolePage(`/console/${'x'.repeat(990)}`) }).length).toBeLessThan(3000);
  });
  it('is never another, however it is written', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '..',
      '%2e',
      '%2F',
      '//evil.test',
      '@',
      ':',
      '\t',
      '\n',
      'console',
      '?',
      '#',
      'a',
    );
    fc.assert(
      fc.property(fc.array(part), fc.boolean(), (parts, isBelow) => {
        const page = consolePage(`${isBelow ? '/console/' : ''}${parts.join('')}`);
        const led = new URL(page, 'https://salvor.test');
        return led.origin === 'https://salvor.test' && led.pathname.startsWith('/console/');
      }),
    );
  });
});

describe('a policy', () => {
  const read = (signIn: object, notify?: object) =>
    policySchema.safeParse({
      version: 1,
      segments: [{ name: 'a', hosts: { names: ['c1'] } }],
      fenceDevices: {},
      access: { oidc: { issuer: 'https://login.test', audience: 'salvor', roles: { a: 'viewer' }, signIn } },
      ...(notify && { notify }),
    });
  const faults = (...given: Parameters<typeof read>) =>
    read(...given)
      .error?.issues.map(({ message }) => message)
      .join();

  it('says where the console is, for the way back, and by TLS unless on this machine', () => {
    for (const [consoleUrl, site] of [
      ['https://salvor.test', 'https://salvor.test'],
      ['https://salvor.test:8443/console/', 'https://salvor.test:8443'],
      ['http://127.0.0.1:15868/console', 'http://127.0.0.1:15868'],
    ])
      expect(signInOf(read({}, { consoleUrl }).data ?? {})).toEqual({ issuer: 'https://login.test', site });
    expect(faults({})).toContain('without notify.consoleUrl');
    expect(faults({}, { consoleUrl: 'http://salvor.test' })).toContain('must be https');
    for (const more of ['/ops', '/console/hosts', '?a=b', '#x'])
      expect(faults({}, { consoleUrl: `https://salvor.test${more}` })).toContain('must be a host');
  });

  it('asks for what OpenID Connect needs', () => {
    const notify = { consoleUrl: 'https://salvor.test' };
    expect(faults({ scopes: ['groups'] }, notify)).toContain('without openid');
    expect(faults({ scopes: ['openid', 'a b'] }, notify)).toContain('without spaces');
    expect(read({ clientId: 'a', clientSecret: 'oidc', scopes: ['openid', 'groups'] }, notify).success).toBe(true);
    expect(read({ secret: 'x' }, notify).success).toBe(false);
  });
});
