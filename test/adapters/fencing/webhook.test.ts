import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { webhookDevice } from '#shared/adapters/fencing/webhook/device.ts';
import type { Keys } from '#shared/adapters/fencing/webhook/signature.ts';
import { type Reply, type SeenRequest, serve } from '../server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const KEY = 'k'.repeat(32);
const OLD_KEY = 'o'.repeat(32);
const UUID = '4c4c4544-0051-3510-8052-b7c04f4e4e32';

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');
const idOf = ({ body }: Pick<SeenRequest, 'body'>): string => String(JSON.parse(body).requestId);

/** As docs/fencing.md has it: `salvor-answer`, the time, the id of the request, the body. */
function signed(request: SeenRequest, answer: unknown, { key = KEY, id = idOf(request), status = 200 } = {}): Reply {
  const body = JSON.stringify(answer);
  return {
    status,
    headers: { 'salvor-signature': `t=1700000000,v1=${hmac(key, `salvor-answer.1700000000.${id}.${body}`)}` },
    body,
  };
}

async function setup(handler: (request: SeenRequest, index: number) => Reply, keys: Keys = [KEY], systemUuid?: string) {
  const server = await serve(handler);
  closers.push(server.close);
  const device = webhookDevice({
    url: new URL(`${server.url}/power?site=a`),
    host: 'compute-1',
    keys,
    version: '0',
    timeoutSeconds: 0.4,
    ...(systemUuid === undefined ? {} : { systemUuid }),
  });
  return { device, requests: server.requests };
}

const OFF = { power: 'off', systemUuid: UUID.toUpperCase(), detail: 'outlet 7 is off' };

describe('the request', () => {
  it('says what it is about, and is signed over its time and body', async () => {
    const { device, requests } = await setup((request) => signed(request, OFF));
    await device.readPower();
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', path: '/power?site=a' });
    const body = JSON.parse(request?.body ?? '');
    expect(body).toEqual({
      action: 'status',
      host: 'compute-1',
      requestId: expect.any(String),
      at: expect.any(String),
    });
    const [, at, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['salvor-signature'])) ?? [];
    expect(Math.floor(Date.parse(body.at) / 1000)).toBe(Number(at));
    expect(Math.abs(Date.now() / 1000 - Number(at))).toBeLessThan(10);
    expect(signature).toBe(hmac(KEY, `salvor-request.${at}.${request?.body}`));
  });

  it('is signed with both keys while they change', async () => {
    const { device, requests } = await setup((request) => signed(request, OFF), [KEY, OLD_KEY]);
    await device.readPower();
    const header = String(requests[0]?.headers['salvor-signature']);
    const at = /t=(\d+)/.exec(header)?.[1];
    for (const key of [KEY, OLD_KEY])
      expect(header).toContain(`v1=${hmac(key, `salvor-request.${at}.${requests[0]?.body}`)}`);
  });

  it('to switch off names the system, and is never sent twice', async () => {
    const { device, requests } = await setup((request) => signed(request, { ...OFF, power: 'on' }));
    expect(await device.powerOff(UUID)).toMatchObject({
      kind: 'accepted',
      detail: 'off answered 200: outlet 7 is off',
    });
    const bodies = requests.map(({ body }) => JSON.parse(body));
    expect(bodies).toMatchObject([{ action: 'status' }, { action: 'off', systemUuid: UUID }]);
    expect(new Set(bodies.map(({ requestId }) => requestId)).size).toBe(2);
  });
});

describe('the answer', () => {
  it('counts when it is signed for this request', async () => {
    const { device } = await setup((request) => signed(request, OFF));
    expect(await device.readPower()).toMatchObject({ power: 'off', systemUuid: UUID, detail: 'outlet 7 is off' });
  });

  it.each([OLD_KEY, KEY])('counts by either key while they change', async (key) => {
    const { device } = await setup((request) => signed(request, { power: 'on' }, { key }), [KEY, OLD_KEY]);
    expect(await device.readPower()).toMatchObject({ power: 'on', systemUuid: null, detail: 'the webhook says on' });
  });

  it.each<[string, (request: SeenRequest) => Reply]>([
    ['is signed by nobody', () => ({ body: OFF })],
    ['is signed with another key', (request) => signed(request, OFF, { key: OLD_KEY })],
    ['is of another request', (request) => signed(request, OFF, { id: '6f3bd2a1-0000-4000-8000-000000000000' })],
    [
      'was changed on the way',
      (request) => ({ ...(signed(request, { power: 'on' }) as object), body: JSON.stringify(OFF) }),
    ],
    [
      'is the request itself, given back',
      (request) => ({
        headers: { 'salvor-signature': String(request.headers['salvor-signature']) },
        body: request.body,
      }),
    ],
    ['is a page of somebody else', () => ({ headers: { 'salvor-signature': 't=1,v1=off' }, body: '<html>off</html>' })],
    [
      'has a signature without a time',
      (request) => {
        const reply = signed(request, OFF) as { readonly headers: Record<string, string> };
        return {
          ...reply,
          headers: { 'salvor-signature': String(reply.headers['salvor-signature']).replace(/^t=\d+,/, '') },
        };
      },
    ],
  ])('counts for nothing when it %s', async (_name, reply) => {
    const { device } = await setup(reply);
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      systemUuid: null,
      detail: 'the webhook answered 200, not signed with our key for this request',
    });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'unknown' });
  });

  it('that is signed and an error says nothing of the power', async () => {
    const { device } = await setup((request) => signed(request, OFF, { status: 500 }));
    expect((await device.readPower()).power).toBe('unknown');
  });

  it.each([{ power: 'Off' }, { systemUuid: UUID }, [], 'off'])(
    'that is signed and not as it should be is none: %j',
    async (answer) => {
      const { device } = await setup((request) => signed(request, answer));
      expect(await device.readPower()).toMatchObject({
        power: 'unknown',
        detail: expect.stringContaining('is not as it should be'),
      });
    },
  );

  it.each<[Reply, 'refused' | 'unknown']>([
    [{ status: 401, body: 'who are you?' }, 'refused'],
    [{ status: 404 }, 'refused'],
    [{ status: 302, headers: { location: 'http://127.0.0.2/' } }, 'refused'],
    [{ status: 409 }, 'unknown'],
    [{ status: 500 }, 'unknown'],
    ['drop', 'unknown'],
    ['hang', 'unknown'],
    [{ status: 204, body: '' }, 'unknown'],
  ])('%j to a power-off is %s', async (reply, kind) => {
    const { device, requests } = await setup((request, index) =>
      index === 0 ? signed(request, { power: 'on' }) : reply,
    );
    expect((await device.powerOff(null)).kind).toBe(kind);
    expect(requests).toHaveLength(2);
  });

  it('of another system lets nothing be sent', async () => {
    const { device, requests } = await setup((request) => signed(request, { power: 'on' }), [KEY], UUID);
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: `nothing was sent: the device belongs to system without a UUID, not ${UUID}`,
    });
    expect(requests).toHaveLength(1);
  });

  it('does not tell the keys', async () => {
    const { device } = await setup((request) => signed(request, { power: 'on', detail: `made with ${KEY}` }));
    expect((await device.readPower()).detail).toBe('made with ***');
  });
});

describe('to switch on', () => {
  it('is an action of its own, sent once', async () => {
    const { device, requests } = await setup((request) => signed(request, OFF));
    expect(await device.powerOn(UUID)).toMatchObject({ kind: 'accepted', detail: 'on answered 200: outlet 7 is off' });
    const bodies = requests.map(({ body }) => JSON.parse(body));
    expect(bodies).toMatchObject([{ action: 'status' }, { action: 'on', systemUuid: UUID }]);
  });

  it('is refused by a receiver that has no such action', async () => {
    const { device } = await setup((request, index) =>
      index === 0 ? signed(request, OFF) : { status: 400, body: 'no such action' },
    );
    expect(await device.powerOn(null)).toMatchObject({
      kind: 'refused',
      detail: 'on: the webhook answered 400: no such action',
    });
  });
});
