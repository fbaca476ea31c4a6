/** Somebody signs in by the console in a real browser, may do what the role may, and signs out. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type HttpServer, startHttpServer } from '#infra/embedded/http-server.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { type Connection, connect } from '#shared/connect.ts';
import { access } from '#shared/domain/policy-access.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { people, secretsOf, TOKENS } from '#test/api/support.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((each) =>
  existsSync(each),
);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
declare const axe: { run(options: object): Promise<AxeResults> };

let cloud: SimulatedCloud;
let connection: Connection;
let services: FakeServices;
let server: HttpServer;
let browser: Browser;
let page: Page;
let requests: string[];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  cloud = await startSimulatedCloud({ hosts: 1 });
  const { id, secret } = cloud.credentials.applicationCredential;
  const auth = { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret };
  connection = connect(
    cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: cloud.region }, 'test'),
    secretsOf({}),
  );
  const keystone = { roles: { admin: 'approver' }, system: true };
  services = fakeServices({ ...aPolicy(), access: access.parse({ people, keystone }) });
  server = await startHttpServer(
    { ...services, secrets: secretsOf(TOKENS), tokens: connection.tokens },
    { address: '127.0.0.1', port: 0 },
  );
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await connection?.close();
  await cloud?.stop();
});
beforeEach(async () => {
  if (CHROMIUM === undefined) return;
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  requests = [];
  page.on('request', (each) => requests.push(`${each.method()} ${new URL(each.url()).pathname}`));
  await page.goto(`${server.url}/console/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

const test = it.skipIf(CHROMIUM === undefined);
const button = (name: string) => page.getByRole('button', { name, exact: true });
/** Without colours, which are the theme's: the tests of the pages hold them. */
async function violations(): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() =>
    axe.run({ resultTypes: ['violations'], rules: { 'color-contrast': { enabled: false } } }),
  );
  return found.map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target).join()}`);
}

test('by a token, which no script can read afterwards, and out again', { timeout: 60_000 }, async () => {
  expect(await violations()).toEqual([]);
  await page.getByRole('textbox', { name: 'Token' }).fill('wrong-0123456789abcdef');
  await button('Sign in').click();
  await page.getByRole('alert').getByText('nobody is let in by this').waitFor();
  // Who has not signed in asks for nothing.
  const before = requests.length;
  await page.waitForTimeout(1500);
  expect(requests).toHaveLength(before);

  await page.getByRole('textbox', { name: 'Token' }).fill(TOKENS.cat);
  await page.keyboard.press('Enter');
  await page.getByText('cat, viewer').waitFor();
  expect(await violations()).toEqual([]);
  const kept = await page.evaluate('JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])');
  expect(kept).not.toContain(TOKENS.cat);
  expect(kept).not.toContain('salvor=');
  await page.reload();
  await page.getByText('cat, viewer').waitFor();

  await button('Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('by a password of Keystone, which salvor exchanges for a token', { timeout: 60_000 }, async () => {
  const { username, password } = cloud.credentials.admin;
  await page.getByText('Keystone', { exact: true }).click();
  await page.getByRole('textbox', { name: 'User' }).fill(username);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  expect(await violations()).toEqual([]);
  await button('Sign in').click();
  await page.getByText(`keystone:${username}@Default, approver`).waitFor();
  expect(JSON.stringify(services.lines)).not.toContain(password);
});
