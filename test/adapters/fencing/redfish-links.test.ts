import { afterEach, describe, expect, it } from 'vitest';
import { type Reply, serve } from '../server.ts';
import { closers, SYSTEM, setup, system, TARGET, UUID } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const LOCATION = (location: string, status = 308): Reply => ({ status, headers: { location }, body: '' });

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %i is followed on the same machine', async (status) => {
    const at = { [`GET ${SYSTEM}`]: LOCATION(`${SYSTEM}/`, status), [`GET ${SYSTEM}/`]: { body: system() } };
    const { device, seen } = await setup({ at });
    expect((await device.readPower()).power).toBe('on');
    expect(seen()).toEqual([`GET ${SYSTEM}`, `GET ${SYSTEM}/`]);
  });

  it('may be relative, and is below what a proxy puts before', async () => {
    const at = {
      [`GET ${SYSTEM}`]: LOCATION('2'),
      'GET /redfish/v1/Systems/2': LOCATION('/redfish/v1/Systems/3'),
      'GET /redfish/v1/Systems/3': { body: system() },
    };
    const { device } = await setup({ at, prefix: '/bmc/a' }, { path: `/bmc/a${SYSTEM}` });
    expect((await device.readPower()).power).toBe('on');
  });

  it.each(['//127.0.0.2/x', 'https://127.0.0.1/x', 'http://127.0.0.2/redfish', '\\\\127.0.0.2/x', ''])(
    'to "%s" is not',
    async (location) => {
      const { device, seen } = await setup({ at: { [`GET ${SYSTEM}`]: LOCATION(location) } });
      const answer = await device.powerOff(null);
      expect(answer.kind).toBe('refused');
      expect(seen().length).toBeLessThan(5);
    },
  );

  it('takes no credentials to another machine', async () => {
    const other = await serve(() => ({ body: system({ PowerState: 'Off' }) }));
    closers.push(other.close);
    const { device } = await setup({ at: { [`GET ${SYSTEM}`]: LOCATION(`${other.url}${SYSTEM}`) } });
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: `GET ${SYSTEM} answered 308: the url names another address of the device`,
    });
    expect(other.requests).toHaveLength(0);
  });

  it('that goes round ends', async () => {
    const { device, seen } = await setup({ at: { [`GET ${SYSTEM}`]: LOCATION(SYSTEM) } });
    expect((await device.readPower()).power).toBe('unknown');
    expect(seen()).toHaveLength(4);
  });

  it('of a power-off is not followed', async () => {
    const at = { [`POST ${TARGET}`]: LOCATION(`${TARGET}/`, 307) };
    const { device, seen } = await setup({ at });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('307') });
    expect(seen()).not.toContain(`POST ${TARGET}/`);
  });
});

describe('links', () => {
  it.each([TARGET, `${TARGET}/`, `http://SELF${TARGET}`])('may be as %s', async (target) => {
    const { device, server, seen } = await setup({
      at: {
        [`GET ${SYSTEM}`]: ({ headers }) => ({
          body: system({}, { target: target.replace('SELF', String(headers.host)) }),
        }),
        [`POST ${TARGET}/`]: { status: 200 },
      },
    });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen().at(-1)).toMatch(`POST ${TARGET}`);
    expect(server.requests).toHaveLength(2);
  });
});

describe('a busy device', () => {
  const busy = (wait: string, status = 503): Reply => ({ status, headers: { 'retry-after': wait }, body: '' });

  it.each([503, 429])('that answers %i and asks to wait is waited for', async (status) => {
    const at = {
      [`GET ${SYSTEM}`]: (_: unknown, index: number) => (index < 2 ? busy('0', status) : { body: system() }),
    };
    const { device, seen } = await setup({ at });
    expect((await device.readPower()).power).toBe('on');
    expect(seen()).toHaveLength(3);
  });

  it('is not waited for longer than the call may take', async () => {
    const { device, seen } = await setup({ at: { [`GET ${SYSTEM}`]: busy('30') } }, { timeoutSeconds: 1 });
    const reading = await device.readPower();
    expect(reading).toMatchObject({ power: 'unknown', detail: expect.stringContaining('503') });
    expect(reading.durationMs).toBeLessThan(900);
    expect(seen()).toHaveLength(1);
  });

  it('is sent a power-off once', async () => {
    const { device, seen } = await setup({ reset: busy('0') });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'unknown' });
    expect(seen()).toEqual([`GET ${SYSTEM}`, `POST ${TARGET}`]);
  });
});

describe('one system of several', () => {
  const uuidOf = (n: number) => UUID.replace(/.$/, String(n));
  const PAGE = '/redfish/v1/Systems?$skip=2';
  const link = (n: number) => ({ '@odata.id': `/redfish/v1/Systems/${n}` });
  const blades = (...broken: readonly number[]) => ({
    '/redfish/v1/': { body: { Systems: { '@odata.id': '/redfish/v1/Systems' } } },
    '/redfish/v1/Systems': { body: { Members: [link(1), link(2)], 'Members@odata.nextLink': PAGE } },
    [PAGE]: { body: { Members: [link(3)] } },
    ...Object.fromEntries(
      [1, 2, 3].map((n) => {
        const path = `/redfish/v1/Systems/${n}`;
        const target = `${path}/Actions/ComputerSystem.Reset`;
        const body = system({ '@odata.id': path, UUID: uuidOf(n) }, { target });
        return [path, broken.includes(n) ? { status: 500 } : { body }];
      }),
    ),
    'POST /redfish/v1/Systems/3/Actions/ComputerSystem.Reset': { status: 204, body: '' },
  });
  const chassis = { path: '/redfish/v1', systemUuid: uuidOf(3) };

  it('is found by its UUID, on whatever page, and once', async () => {
    const { device, seen } = await setup({ at: blades() }, chassis);
    expect(await device.readPower()).toMatchObject({ power: 'on', systemUuid: uuidOf(3).toLowerCase() });
    const before = seen().length;
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen().slice(before)).toEqual([
      'GET /redfish/v1/Systems/3',
      'POST /redfish/v1/Systems/3/Actions/ComputerSystem.Reset',
    ]);
  });

  it('is found past one that cannot be read', async () => {
    const { device } = await setup({ at: blades(1, 2) }, chassis);
    expect((await device.readPower()).power).toBe('on');
  });

  it('that is not there is refused for good; one that may be behind an error is not', async () => {
    const gone = await setup({ at: blades() }, { ...chassis, systemUuid: uuidOf(9) });
    expect(await gone.device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining(`none is ${uuidOf(9).toLowerCase()}`),
    });
    const hidden = await setup({ at: blades(3) }, chassis);
    expect(await hidden.device.powerOff(null)).toMatchObject({ kind: 'unknown' });
  });
});

it.each(['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', '', ' '])(
  'a UUID that was never written is none: "%s"',
  async (told) => {
    const { device } = await setup({ system: system({ UUID: told }) });
    expect(await device.readPower()).toMatchObject({ power: 'on', systemUuid: null });
  },
);
