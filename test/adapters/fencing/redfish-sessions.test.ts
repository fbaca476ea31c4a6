import { afterEach, describe, expect, it } from 'vitest';
import type { Reply } from '../server.ts';
import { type Bmc, closers, PASSWORD, SYSTEM, setup, system, TARGET } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const TOKEN = 'c1a0ffee';
const SESSIONS = '/redfish/v1/SessionService/Sessions';
const ROOT: Reply = { body: { Links: { Sessions: { '@odata.id': SESSIONS } } } };
const OPENED = { status: 201, headers: { 'x-auth-token': TOKEN, location: `${SESSIONS}/7` }, body: {} };

/** A device on which only `TOKEN` counts. */
function bmc({
  challenge,
  opened = OPENED,
  root = ROOT,
  at = {},
}: Partial<Record<'opened' | 'root', Reply>> & {
  readonly challenge?: string;
  readonly at?: Bmc['at'];
} = {}): Bmc {
  const headers: Record<string, string> = challenge === undefined ? {} : { 'www-authenticate': challenge };
  const guarded =
    (reply: Reply) =>
    ({ headers: sent }: { readonly headers: Readonly<Record<string, unknown>> }): Reply =>
      sent['x-auth-token'] === TOKEN ? reply : { status: 401, headers, body: { error: { message: 'who is it?' } } };
  return {
    at: {
      '/redfish/v1/': root,
      [`POST ${SESSIONS}`]: opened,
      [`DELETE ${SESSIONS}/7`]: guarded({ status: 204, body: '' }),
      [`GET ${SYSTEM}`]: guarded({ body: system() }),
      [`POST ${TARGET}`]: guarded({ status: 204, body: '' }),
      ...at,
    },
  };
}

const OF_A_SESSION = ['GET /redfish/v1/', `POST ${SESSIONS}`, `GET ${SYSTEM}`, `DELETE ${SESSIONS}/7`];

describe('a session', () => {
  it('is opened where the root says, and ended after the call', async () => {
    const { device, server, seen } = await setup(bmc(), { auth: 'session' });
    expect((await device.readPower()).power).toBe('on');
    expect(seen()).toEqual(OF_A_SESSION);
    const [root, login, read] = server.requests;
    expect(root?.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(login?.body ?? '')).toEqual({ UserName: 'root', Password: PASSWORD });
    expect(login?.headers).not.toHaveProperty('authorization');
    expect(read?.headers).toMatchObject({ 'x-auth-token': TOKEN });
    expect(read?.headers).not.toHaveProperty('authorization');
  });

  it('carries a power-off too, and its end comes after that', async () => {
    const { device, seen } = await setup(bmc(), { auth: 'session' });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen()).toEqual([...OF_A_SESSION.slice(0, 3), `POST ${TARGET}`, `DELETE ${SESSIONS}/7`]);
  });

  it.each<[string, Reply, string]>([
    [
      'names its session in the body',
      { status: 201, headers: { 'x-auth-token': TOKEN }, body: { '@odata.id': `${SESSIONS}/7` } },
      `${SESSIONS}/7`,
    ],
    [
      'calls itself by another name',
      { ...OPENED, headers: { 'x-auth-token': TOKEN, location: `https://ilo-7.example${SESSIONS}/7` } },
      `${SESSIONS}/7`,
    ],
  ])('of a device that %s is ended here', async (_name, opened, ended) => {
    const { device, seen } = await setup(bmc({ opened }), { auth: 'session' });
    await device.readPower();
    expect(seen().at(-1)).toBe(`DELETE ${ended}`);
  });

  it('is made below SessionService where the root has no other link', async () => {
    const root = { body: { SessionService: { '@odata.id': '/redfish/v1/SessionService/' } } };
    const { device } = await setup(bmc({ root }), { auth: 'session' });
    expect((await device.readPower()).power).toBe('on');
  });

  it('leaves its own time for its end when the work hangs', async () => {
    const hanging = bmc({ at: { [`GET ${SYSTEM}`]: 'hang' } });
    const { device, seen } = await setup(hanging, { auth: 'session', timeoutSeconds: 3 });
    const reading = await device.readPower();
    expect(reading).toMatchObject({ power: 'unknown', detail: expect.stringContaining('no complete answer within') });
    expect(reading.durationMs).toBeLessThan(4000);
    expect(seen()).toEqual(OF_A_SESSION);
  });

  it.each<[string, Parameters<typeof bmc>[0], 'refused' | 'unknown', string]>([
    [
      'refused',
      { opened: { status: 401, body: { error: { message: `no ${PASSWORD}` } } } },
      'refused',
      'signing in answered 401: no ***',
    ],
    [
      'too many',
      { opened: { status: 503, body: { error: { message: 'all taken' } } } },
      'unknown',
      'signing in answered 503: all taken',
    ],
    ['without a token', { opened: { status: 201 } }, 'unknown', 'signing in answered 201 without an X-Auth-Token'],
    ['not offered', { root: { body: {} } }, 'refused', 'the device offers no sessions'],
    ['lost with the root', { root: { status: 500 } }, 'unknown', 'the service root answered 500'],
    ['lost on the way', { opened: 'drop' }, 'unknown', 'signing in: connection closed'],
    [
      'elsewhere',
      { root: { body: { Links: { Sessions: { '@odata.id': 'http://127.0.0.2/x' } } } } },
      'unknown',
      'leads elsewhere',
    ],
  ])('that is %s lets nothing be sent', async (_name, way, kind, detail) => {
    const { device, seen } = await setup(bmc(way), { auth: 'session' });
    const answer = await device.powerOff(null);
    expect(answer).toMatchObject({ kind, detail: expect.stringContaining(detail) });
    expect(answer.detail).toMatch(/^nothing was sent: /);
    expect(seen()).not.toContain(`POST ${TARGET}`);
  });

  it('tells its token to nobody', async () => {
    const at = { [`GET ${SYSTEM}`]: { status: 500, body: { error: { message: `lost ${TOKEN}` } } } };
    const { device } = await setup(bmc({ at }), { auth: 'session' });
    expect((await device.readPower()).detail).toContain('lost ***');
  });
});

describe('by itself', () => {
  it('uses basic authentication, and opens nothing', async () => {
    const { device, seen } = await setup();
    await device.readPower();
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });

  it.each([undefined, 'Digest realm="x"', 'X-Auth-Token'])(
    'opens a session where Basic is not offered: %s',
    async (challenge) => {
      const { device, seen } = await setup(bmc(challenge === undefined ? {} : { challenge }));
      expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
      expect(seen()).toEqual([`GET ${SYSTEM}`, ...OF_A_SESSION.slice(0, 3), `POST ${TARGET}`, `DELETE ${SESSIONS}/7`]);
    },
  );

  it.each(['Basic realm="x"', 'Digest realm="x", basic realm="y"'])(
    'does not try a wrong password twice: %s',
    async (challenge) => {
      const { device, seen } = await setup(bmc({ challenge }));
      expect(await device.powerOff(null)).toMatchObject({
        kind: 'refused',
        detail: expect.stringContaining('401: who is it?'),
      });
      expect(seen()).toEqual([`GET ${SYSTEM}`]);
    },
  );

  it('tells of both when neither will do', async () => {
    const { device } = await setup(bmc({ opened: { status: 403, body: { error: { message: 'locked' } } } }));
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: 'basic authentication answered 401: who is it?; signing in answered 403: locked',
    });
  });

  it('keeps to basic authentication if told so', async () => {
    const { device, seen } = await setup(bmc(), { auth: 'basic' });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'refused' });
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });
});
