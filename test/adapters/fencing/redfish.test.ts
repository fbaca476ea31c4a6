import { afterEach, describe, expect, it } from 'vitest';
import { type Reply, serve } from '../server.ts';
import { closers, PASSWORD, SYSTEM, setup, system, TARGET, UUID } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const durationMs = expect.any(Number);

describe('power', () => {
  it.each([
    ['On', 'on'],
    ['Off', 'off'],
    ['PoweringOn', 'on'],
    ['PoweringOff', 'unknown'],
    ['Paused', 'on'],
    ['off', 'unknown'],
    [null, 'unknown'],
    [undefined, 'unknown'],
  ])('%s is %s', async (PowerState, power) => {
    const { device } = await setup({ system: system({ PowerState }) });
    expect(await device.readPower()).toEqual({
      power,
      systemUuid: UUID.toLowerCase(),
      detail: `PowerState ${PowerState ?? 'missing'}`,
      durationMs,
    });
  });

  it('is read with basic authentication', async () => {
    const { device, server } = await setup();
    await device.readPower();
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`root:${PASSWORD}`).toString('base64')}`,
      'odata-version': '4.0',
      'user-agent': 'salvor/0',
    });
  });

  it.each<[string, Reply, string]>([
    [
      '500',
      { status: 500, body: { error: { message: 'old', '@Message.ExtendedInfo': [{ Message: 'internal error' }] } } },
      'answered 500: internal error',
    ],
    ['401', { status: 401, body: { error: { message: `no ${PASSWORD}` } } }, 'answered 401: no ***'],
    ['a page', { body: '<html>' }, 'the answer is not as Redfish has it'],
    ['a wrong type', { body: { PowerState: 1 } }, 'PowerState is not as Redfish has it'],
    [
      'a redirect',
      { status: 308, headers: { location: 'https://other/' } },
      'answered 308: the url names another address of the device',
    ],
    ['a broken connection', 'drop', 'connection closed before the answer'],
    ['no answer', 'hang', 'no complete answer within '],
  ])('is unknown after %s', async (name, reply, detail) => {
    const { device } = await setup({ at: { [SYSTEM]: reply } }, { timeoutSeconds: 0.2 });
    expect(await device.readPower()).toEqual({
      power: 'unknown',
      systemUuid: null,
      detail: expect.stringContaining(detail),
      durationMs,
      ...(name === '401' ? { refused: 'credentials' } : {}),
    });
  });
});

describe('finding the system', () => {
  const root = { body: { Systems: { '@odata.id': '/redfish/v1/Systems' } } };
  const members = (...ids: string[]) => ({
    body: { Members: ids.map((id) => ({ '@odata.id': `/redfish/v1/Systems/${id}` })) },
  });
  const device = (collection: Reply) => ({ at: { '/redfish/v1/': root, '/redfish/v1/Systems': collection } });

  it.each(['', '/', '/redfish', '/redfish/v1', '/redfish/v1/'])(
    'takes the only one of a device at "%s", and looks once',
    async (path) => {
      const { device: found, seen } = await setup(device(members('1')), { path });
      expect((await found.readPower()).power).toBe('on');
      expect((await found.readPower()).power).toBe('on');
      expect(seen()).toEqual(['GET /redfish/v1/', 'GET /redfish/v1/Systems', `GET ${SYSTEM}`, `GET ${SYSTEM}`]);
    },
  );

  it('asks for a name when there are several, or none', async () => {
    const several = await setup(device(members('1', '2')), { path: '/redfish/v1' });
    expect(await several.device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail:
        'nothing was sent: the device has 2 systems (/redfish/v1/Systems/1, /redfish/v1/Systems/2): name one in the url, or its UUID as systemUuid',
    });
    expect((await several.device.readPower()).power).toBe('unknown');
    const none = await setup(device(members()), { path: '/' });
    expect(await none.device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the device has no system',
    });
  });

  it("keeps the path that a proxy puts before the device's own", async () => {
    const { device: found, seen } = await setup({ prefix: '/bmc/a' }, { path: `/bmc/a${SYSTEM}/` });
    expect(await found.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen()).toEqual([`GET /bmc/a${SYSTEM}`, `POST /bmc/a${TARGET}`]);
  });
});

describe('powering off', () => {
  it('sends ForceOff to the target that the system names', async () => {
    const { device, server } = await setup({ reset: { status: 202, body: {} } });
    expect(await device.powerOff(null)).toEqual({ kind: 'accepted', detail: 'ForceOff answered 202', durationMs });
    expect(server.requests[1]).toMatchObject({ method: 'POST', path: TARGET, body: '{"ResetType":"ForceOff"}' });
  });

  it('also goes to a system that says it is off', async () => {
    const { device, seen } = await setup({ system: system({ PowerState: 'Off' }) });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen()).toEqual([`GET ${SYSTEM}`, `POST ${TARGET}`]);
  });

  it.each([400, 409])('is accepted after %i if the system is off', async (status) => {
    const reset = { status, body: { error: { message: 'already off' } } };
    const off = await setup({ system: system({ PowerState: 'Off' }), reset });
    expect(await off.device.powerOff(null)).toMatchObject({
      kind: 'accepted',
      detail: `it was off already (ForceOff answered ${status}: already off)`,
    });
    const on = await setup({ reset });
    expect(await on.device.powerOff(null)).toMatchObject({
      kind: status === 400 ? 'refused' : 'unknown',
      detail: `ForceOff answered ${status}: already off`,
    });
  });

  it.each<[Reply, 'refused' | 'unknown']>([
    [{ status: 401 }, 'refused'],
    [{ status: 403 }, 'refused'],
    [{ status: 404 }, 'refused'],
    [{ status: 405 }, 'refused'],
    [{ status: 429 }, 'unknown'],
    [{ status: 500 }, 'unknown'],
    [{ status: 503 }, 'unknown'],
    ['drop', 'unknown'],
    ['hang', 'unknown'],
  ])('with answer %j is %s, and is sent once', async (reset, kind) => {
    const { device, seen } = await setup({ reset }, { timeoutSeconds: 0.3 });
    expect((await device.powerOff(null)).kind).toBe(kind);
    expect(seen().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    [
      'the system is another one',
      system({ UUID: 'aaaa' }),
      `the device belongs to system aaaa, not ${UUID.toLowerCase()}`,
    ],
    ['the system has no UUID', system({ UUID: null }), 'the device belongs to system without a UUID'],
    ['there is no reset', system({ Actions: {} }), 'the system has no action ComputerSystem.Reset'],
    [
      'ForceOff is not allowed',
      system({}, { 'ResetType@Redfish.AllowableValues': ['On', 'GracefulShutdown'] }),
      'the device does not allow ForceOff, only On, GracefulShutdown',
    ],
  ])('is refused without a request when %s', async (_name, body, detail) => {
    const { device, seen } = await setup({ system: body }, { systemUuid: UUID.toLowerCase() });
    expect(await device.powerOff(null)).toEqual({
      kind: 'refused',
      detail: expect.stringContaining(`nothing was sent: ${detail}`),
      durationMs,
    });
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });

  it('asks the ActionInfo for what is allowed', async () => {
    const info = '/redfish/v1/Systems/1/ResetActionInfo';
    const reset = { 'ResetType@Redfish.AllowableValues': undefined, '@Redfish.ActionInfo': info };
    const answer = (...AllowableValues: string[]) => ({
      body: { Parameters: [{ Name: 'ResetType', AllowableValues }] },
    });
    const yes = await setup({ system: system({}, reset), at: { [info]: answer('ForceOff') } });
    expect(await yes.device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    const no = await setup({ system: system({}, reset), at: { [info]: answer('On') } });
    expect(await no.device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('only On'),
    });
    const broken = await setup({ system: system({}, reset), at: { [info]: { status: 500 } } });
    expect(await broken.device.powerOff(null)).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('nothing was sent'),
    });
  });

  it('leaves it to the device if that says nothing of what is allowed', async () => {
    const { device } = await setup({ system: system({}, { 'ResetType@Redfish.AllowableValues': undefined }) });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
  });

  it('takes no credentials to another machine', async () => {
    const other = await serve(() => ({ status: 204 }));
    closers.push(other.close);
    const { device } = await setup({ system: system({}, { target: `${other.url}/reset` }) });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('leads elsewhere'),
    });
    expect(other.requests).toHaveLength(0);
  });

  it('is over in its time, however many requests it takes', async () => {
    const { device, seen } = await setup({ at: { [SYSTEM]: 'hang' } }, { timeoutSeconds: 0.1 });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('nothing was sent'),
    });
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });
});

describe('powering on', () => {
  const off = (...allowed: string[]) =>
    system({ PowerState: 'Off' }, allowed.length === 0 ? {} : { 'ResetType@Redfish.AllowableValues': allowed });

  it.each([
    [[], 'On'],
    [['ForceOff', 'ForceOn'], 'ForceOn'],
    [['ForceOn', 'On'], 'On'],
  ])('of a device that allows %j sends %s', async (allowed, type) => {
    const { device, server } = await setup({ system: off(...allowed) });
    expect(await device.powerOn(null)).toEqual({ kind: 'accepted', detail: `${type} answered 204`, durationMs });
    expect(server.requests[1]).toMatchObject({ method: 'POST', path: TARGET, body: `{"ResetType":"${type}"}` });
  });

  it('presses no button', async () => {
    const { device, seen } = await setup({ system: off('ForceOff', 'PushPowerButton') });
    expect(await device.powerOn(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the device does not allow On, only ForceOff, PushPowerButton',
    });
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });

  it.each([
    ['On', 'accepted', 'it was on already (On answered 409: busy)'],
    ['Off', 'unknown', 'On answered 409: busy'],
  ])('that is refused while the power reads %s is %s', async (PowerState, kind, detail) => {
    const reset = { status: 409, body: { error: { code: 'x', message: 'busy' } } };
    const { device } = await setup({ system: system({ PowerState }), reset });
    expect(await device.powerOn(null)).toEqual({ kind, detail, durationMs });
  });
});
