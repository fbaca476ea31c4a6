/** Somebody signs in at the page of an issuer of another site, in a real browser: what SameSite makes of it, no fake can tell. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '#infra/embedded/http-server.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { freePort } from '#test/agents/free-port.ts';
import { NO_KEYSTONE, people, secretsOf, TOKENS } from '#test/api/support.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { ACCOUNT, startIssuer, type TestIssuer } from '#test/support/oidc-issuer.ts';
import { isLeftOut, startChromium, titled } from './chromium.ts';
import { violations } from './console.ts';

const CLIENT_SECRET = 'of-the-client-0123456789abcdef0123456789abcdef';
let issuer: TestIssuer;
let services: FakeServices;
let server: HttpServer;
let browser: Browser;
let page: Page;
/** Each address that a page was at, and all that it has asked for. */
let visited: string[];

describe.skipIf(isLeftOut)(titled('signing in at an issuer'), () => {
  beforeAll(async () => {
    const port = await freePort();
    const site = `http://127.0.0.1:${port}`;
    issuer = await startIssuer([
      {
        client_id: 'salvor',
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${site}/api/v1/session/oidc/callback`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ]);
    const signIn = { clientSecret: 'oidc' };
    const oidc = { issuer: issuer.url, audience: 'salvor', roles: { ops: 'operator' as const }, signIn };
    services = fakeServices(aPolicy({ access: { people, oidc }, notify: { consoleUrl: site } }));
    const secrets: typeof NO_SECRETS = {
      get: async (name) => (name === 'oidc' ? { clientSecret: CLIENT_SECRET } : NO_SECRETS.get(name)),
    };
    // The issuer's tokens are of now.
    server = await startHttpServer(
      { ...services, clock: systemClock, secrets, tokens: NO_KEYSTONE },
      { address: '127.0.0.1', port },
    );
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await issuer?.stop();
  });
  beforeEach(async () => {
    issuer.groups = ['ops'];
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    visited = [];
    page.on('framenavigated', (frame) => visited.push(frame.url()));
  });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const open = async (path: string) => {
    await page.goto(`${server.url}${path}`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  };

  it('leads to the page that one was at, by keyboard, and out again', async () => {
    const atIssuer = `Sign in with ${new URL(issuer.url).host}`;
    await open('/console/hosts?sort=name');
    expect(await violations(page)).toEqual([]);
    await button(atIssuer).focus();
    await page.keyboard.press('Enter');
    await button(`Continue as ${ACCOUNT}`).click();
    await page.getByText(`oidc:${ACCOUNT}, operator`).waitFor();
    expect(page.url()).toBe(`${server.url}/console/hosts?sort=name`);

    // Nothing that lets anybody in is where a script, or who looks over the shoulder, could find it.
    const kept = await page.evaluate('JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])');
    expect(kept).not.toMatch(/salvor|eyJ/);
    expect(visited.filter((each) => /code=|state=.*iss=|eyJ/.test(each))).toEqual([]);
    expect(JSON.stringify(services.lines)).not.toMatch(/code=|eyJ/);
    const cookies = await page.context().cookies(server.url);
    expect(cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly])).toEqual([
      ['salvor', 'Strict', true],
    ]);

    await page.reload();
    await page.getByText(`oidc:${ACCOUNT}, operator`).waitFor();
    await button('Sign out').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await button(atIssuer).waitFor();
  });

  it('says why it has led to nothing, and what to do', async () => {
    await open('/console/');
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await button('Cancel').click();
    await page.getByRole('alert').getByText('The issuer has not signed you in').waitFor();
    expect(page.url()).toBe(`${server.url}/console/`);
    expect(await violations(page)).toEqual([]);

    issuer.groups = ['others'];
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await button(`Continue as ${ACCOUNT}`).click();
    await page.getByRole('alert').getByText('nothing that it says of you gives a role here').waitFor();
    // Other ways in are there as they were.
    await page.getByText('Token', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Token' }).fill(TOKENS.cat);
    await page.keyboard.press('Enter');
    await page.getByText('cat, viewer').waitFor();
  });

  it('is not offered under a name that the issuer does not send people back to', async () => {
    await page.goto(`${server.url.replace('127.0.0.1', 'localhost')}/console/hosts`);
    const there = page.getByRole('link', { name: 'sign in there' });
    expect(await there.getAttribute('href')).toBe(`${server.url}/console/hosts`);
    expect(await page.getByRole('button', { name: /^Sign in with/ }).count()).toBe(0);
    await there.click();
    await page.getByRole('button', { name: /^Sign in with/ }).waitFor();
  });
});

const NO_SECRETS = secretsOf(TOKENS);
