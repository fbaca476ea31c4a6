import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type ClientMetadata } from 'oidc-provider';

/** A real issuer on this machine, with one account and a page to sign in by. */
export interface TestIssuer {
  /** As its tokens' `iss`; of `localhost`, which for a browser is another site than 127.0.0.1. */
  readonly url: string;
  /** What it says of the account from now on. */
  groups: readonly string[];
  stop(): Promise<void>;
}

export const ACCOUNT = 'u-4711';
const PAGE = `<!doctype html><html lang="en"><title>Issuer</title><form method="post">
<button name="as" value="${ACCOUNT}">Continue as ${ACCOUNT}</button><button name="as" value="">Cancel</button></form>`;

export async function startIssuer(clients: readonly ClientMetadata[]): Promise<TestIssuer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const issuer = { url, groups: ['ops'], stop };
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider: Provider = new Provider(url, {
    clients: [...clients],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['of a test, which ends with it'] },
    features: { devInteractions: { enabled: false } },
    // As most issuers do: groups are in the ID token.
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'groups'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: issuer.groups }) }),
    // Nobody is asked whether salvor may know who it is.
    loadExistingGrant: async ({ oidc: { client, session } }) => {
      const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  provider.on('server_error', (_, error) => process.stderr.write(`issuer: ${error.stack}\n`));
  const answer = provider.callback();
  server.on('request', (request, response) => {
    void (request.url?.startsWith('/interaction/') ? ask(request, response) : answer(request, response));
  });
  return issuer;

  async function ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      return;
    }
    const form = new URLSearchParams((await request.toArray()).join(''));
    const accountId = form.get('as');
    await provider.interactionFinished(
      request,
      response,
      accountId ? { login: { accountId } } : { error: 'access_denied', error_description: 'it was cancelled' },
    );
  }

  async function stop(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

/**
 * What a browser does at the issuer: presses the button, and goes wherever it is led.
 * @returns where the issuer leads out of its own site
 */
export async function pressAt(start: string, as = ACCOUNT): Promise<URL> {
  const { origin } = new URL(start);
  const jar = new Map<string, string>();
  let at = new URL(start);
  let body: string | undefined;
  for (let steps = 0; steps < 10; steps += 1) {
    const answered = await fetch(at, {
      redirect: 'manual',
      headers: {
        cookie: [...jar].map((each) => each.join('=')).join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    for (const each of answered.headers.getSetCookie()) {
      const [name = '', value = ''] = each.split(';')[0]?.split('=') ?? [];
      jar.set(name, value);
    }
    const text = await answered.text();
    const location = answered.headers.get('location');
    if (location !== null) {
      at = new URL(location, at);
      body = undefined;
      if (at.origin !== origin) return at;
    } else if (answered.status === 200 && at.pathname.startsWith('/interaction/')) body = `as=${as}`;
    else throw new Error(`the issuer answers ${answered.status} at ${at.pathname}: ${text.slice(0, 300)}`);
  }
  throw new Error('the issuer leads nowhere');
}
