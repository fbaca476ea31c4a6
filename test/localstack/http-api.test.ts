import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { QUEUES } from '#events/catalog.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { policyOf } from '../site/salvor-process.ts';
import { type Deployed, deployFor, PERSON, PERSONS_TOKEN, reachedAt } from './deployed.ts';
import { invoke } from './kill/environments.ts';
import { describeOnLocalStack } from './suite.ts';

const PATIENCE = { timeout: 90_000, interval: 500 };

/** What a browser does with the API and the console of a salvor that was deployed. */
describeOnLocalStack('the console of a deployed stack', (localStack) => {
  const stage = `w${randomUUID().slice(0, 8)}`;
  let cloud: SimulatedCloud;
  let deployed: Deployed;

  beforeAll(async () => {
    cloud = await startSimulatedCloud({ hosts: 4 });
    const access = { people: PERSON, keystone: { roles: { admin: 'viewer' as const }, system: true } };
    deployed = await deployFor(cloud, { ...policyOf(cloud), access }, stage, localStack);
    await invoke(localStack.endpoint, `salvor-${stage}-mirror-inventory`);
  });
  afterAll(async () => {
    await deployed?.destroy();
    await cloud?.stop();
  });

  async function ask(path: string, headers: Record<string, string> = {}, body?: object) {
    const { url, host } = reachedAt(localStack.endpoint, deployed.apiUrl ?? '');
    const answered = await request(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { host, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...answered, text: await answered.body.text() };
  }
  const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

  it('is served: the page, and its program', { timeout: 120_000 }, async () => {
    const page = await ask('console/', { accept: 'text/html' });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    const script = /src="\/(console\/assets\/[^"]+\.js)"/.exec(page.text)?.[1] ?? '';
    const program = await ask(script);
    expect([program.statusCode, program.headers['content-type']]).toEqual([200, expect.stringContaining('javascript')]);
    expect(program.text.length).toBeGreaterThan(100_000);
  });

  // LocalStack drops the cookies of an answer (`lambda_result_to_response` of its urlrouter.py): test/lambda/http-api.test.ts has
  // what is done by them.
  it('lets in who has a token, and does what is asked in that name', { timeout: 240_000 }, async () => {
    const stranger = await ask('api/v1/now');
    expect([stranger.statusCode, JSON.parse(stranger.text)]).toMatchObject([401, { ways: ['token', 'keystone'] }]);
    const signedIn = await ask('api/v1/session', OWN_PAGE, { token: PERSONS_TOKEN });
    expect(JSON.parse(signedIn.text)).toMatchObject({ name: 'ann', role: 'approver', session: true });
    const ann = { authorization: `Bearer ${PERSONS_TOKEN}` };
    const now = await ask('api/v1/now', ann);
    expect(JSON.parse(now.text).hosts).toHaveLength(4);
    // Nobody is waited with here.
    const again = await ask('api/v1/now', { ...ann, 'if-none-match': String(now.headers.etag), prefer: 'wait=20' });
    expect(again.headers['preference-applied']).toBeUndefined();

    const disarm = { type: 'disarm', reason: 'a test of the console' };
    const { id } = JSON.parse((await ask('api/v1/commands', ann, disarm)).text) as { id: string };
    const outcome = async () => (await ask(`api/v1/commands/${id}`, ann)).text;
    await expect.poll(outcome, PATIENCE).toContain('"type":"obeyed"');
    expect(JSON.parse(await outcome())).toMatchObject({ by: 'ann', reason: 'a test of the console' });
  });

  it('tells how full the queues and the dead-letter queues are', { timeout: 120_000 }, async () => {
    const { statusCode, text } = await ask('api/v1/doctor', { authorization: `Bearer ${PERSONS_TOKEN}` });
    expect(statusCode).toBe(200);
    const { queues } = JSON.parse(text) as { queues: { name: string; deadLetters: number }[] };
    expect(queues.map(({ name }) => name).toSorted()).toEqual(Object.keys(QUEUES).toSorted());
    expect(queues.every(({ deadLetters }) => deadLetters === 0)).toBe(true);
  });

  it('lets in who signs in at Keystone', { timeout: 120_000 }, async () => {
    const { username: user, password } = cloud.credentials.admin;
    const signedIn = await ask('api/v1/session', OWN_PAGE, { keystone: { user, password } });
    expect(JSON.parse(signedIn.text)).toMatchObject({ name: `keystone:${user}@Default`, role: 'viewer' });
  });
});
