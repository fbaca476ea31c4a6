/** Tokens of an issuer that is there, over HTTP on this machine: what is believed, and what is not. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issuedTokens } from '#shared/adapters/oidc/issued.ts';
import { RetryableError } from '#shared/errors.ts';

const AUDIENCE = 'salvor';
const NOW_MS = 1_800_000_000_000;
const nowSeconds = NOW_MS / 1000;

let server: Server;
let issuer: string;
let keys: JWK[];
let found: { issuer?: string; jwks_uri?: string };
let isUp: boolean;
let asked: string[];
let key: CryptoKey;
let publicKey: JWK;

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys`, ...found },
      '/keys': { keys },
    };
    const document = documents[url];
    response.writeHead(isUp && document !== undefined ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
});
afterAll(() => server.close());
beforeEach(() => {
  keys = [publicKey];
  found = {};
  isUp = true;
  asked = [];
});

const tokens = (more: Partial<Parameters<typeof issuedTokens>[0]> = {}) =>
  issuedTokens({ issuer, audience: AUDIENCE, algorithms: ['RS256', 'ES256'], now: () => NOW_MS, ...more });

interface Wanted {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly by?: CryptoKey | Uint8Array;
}
const token = ({ claims = {}, header = {}, by = key }: Wanted = {}) =>
  new SignJWT({ iss: issuer, aud: AUDIENCE, sub: 'u1', exp: nowSeconds + 300, groups: ['ops'], ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
    .sign(by);

it('says what is claimed, and asks the issuer for its keys once', async () => {
  const { check } = tokens();
  expect(await check(await token())).toMatchObject({ sub: 'u1', groups: ['ops'] });
  expect(await check(await token({ claims: { sub: 'u2', aud: ['other', AUDIENCE] } }))).toMatchObject({ sub: 'u2' });
  expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
});

describe('does not believe', () => {
  const late = { exp: nowSeconds - 31 };
  it.each([
    ['another audience', { aud: 'other' }],
    ['another issuer', { iss: 'https://other.test' }],
    ['one that has ended', late],
    ['one that never ends', { exp: undefined }],
    ['one that does not count yet', { nbf: nowSeconds + 31 }],
    ['one of nobody', { sub: undefined }],
  ])('%s', async (_, claims) => {
    expect(await tokens().check(await token({ claims }))).toBeUndefined();
  });

  it('but does within half a minute, as clocks differ', async () => {
    const claims = { exp: nowSeconds - 29, nbf: nowSeconds + 29 };
    expect(await tokens().check(await token({ claims }))).toMatchObject({ sub: 'u1' });
  });

  it('one that somebody else has signed, or nobody', async () => {
    const other = await generateKeyPair('RS256');
    const { check } = tokens();
    expect(await check(await token({ by: other.privateKey }))).toBeUndefined();
    const claims = { iss: issuer, aud: AUDIENCE, sub: 'u1', exp: nowSeconds + 300 };
    expect(await check(new UnsecuredJWT(claims).encode())).toBeUndefined();
    const [head, body] = (await token()).split('.');
    expect(await check(`${head}.${body}.AAAA`)).toBeUndefined();
  });

  it('one that is signed with the public key as if it were a password', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(publicKey));
    expect(await tokens().check(await token({ by: secret, header: { alg: 'HS256' } }))).toBeUndefined();
  });

  it('a signature that the policy does not list', async () => {
    expect(await tokens({ algorithms: ['ES256'] }).check(await token())).toBeUndefined();
  });

  it('what is no token, and asks nobody about it', async () => {
    for (const text of ['', 'ann-0123456789abcdef', 'a.b', 'a.b.c.d', 'a b.c.d'])
      expect(await tokens().check(text)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe('an issuer', () => {
  it('that changes its key is asked anew', async () => {
    const { check } = tokens();
    expect(await check(await token())).toBeDefined();
    const next = await generateKeyPair('ES256');
    keys = [{ ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'ES256' }];
    // Not for each unknown key, of which anybody can make one up.
    const unknown = await token({ by: next.privateKey, header: { alg: 'ES256', kid: 'two' } });
    expect(await check(unknown)).toBeUndefined();
    expect(asked).toHaveLength(2);
    expect(await tokens().check(unknown)).toMatchObject({ sub: 'u1' });
  });

  it('that is out of reach keeps nobody out for good', async () => {
    isUp = false;
    const { check } = tokens();
    await expect(check(await token())).rejects.toBeInstanceOf(RetryableError);
    isUp = true;
    expect(await check(await token())).toBeDefined();
  });

  it('that loses its keys says nothing of a token', async () => {
    found = { jwks_uri: `${issuer}/nothing` };
    await expect(tokens().check(await token())).rejects.toBeInstanceOf(RetryableError);
  });

  it('that calls itself otherwise, or has its keys elsewhere by another protocol, is not taken', async () => {
    found = { issuer: 'https://other.test' };
    await expect(tokens().check(await token())).rejects.toBeInstanceOf(RetryableError);
    found = { jwks_uri: 'https://127.0.0.1:1/keys' };
    await expect(tokens().check(await token())).rejects.toBeInstanceOf(RetryableError);
  });
});
