import { afterEach, describe, expect, it } from 'vitest';
import { benches, GUID, UUID } from './bench.ts';

const { start, closeAll } = benches();
afterEach(closeAll);

const durationMs = expect.any(Number);
/** Commands as the bench notes them. */
const SYSTEM_GUID = '6/37';
const DEVICE_GUID = '6/8';
const SET_PRIVILEGE = '6/3b';
const CLOSE = '6/3c';
const STATUS = '0/1';
const CONTROL = '0/2';

describe('a reading', () => {
  it.each(['on', 'off'] as const)('says %s, and which system it is', async (power) => {
    const { host, device, bmc } = await start();
    host.power = power;
    expect(await device().readPower()).toEqual({
      power,
      systemUuid: UUID,
      detail: `Get Chassis Status: power ${power}`,
      durationMs,
    });
    expect(host.commands).toEqual([SYSTEM_GUID, STATUS, CLOSE]);
    expect(bmc.sessions).toBe(0);
  });

  it('takes the BMC for the system when that has no GUID', async () => {
    for (const systemGuid of [undefined, Buffer.alloc(16), Buffer.alloc(16, 0xff)]) {
      const { device, host } = await start({ systemGuid, deviceGuid: GUID });
      expect(await device().readPower()).toMatchObject({ power: 'on', systemUuid: UUID });
      expect(host.commands).toEqual([SYSTEM_GUID, DEVICE_GUID, STATUS, CLOSE]);
    }
  });

  it('knows of no system when neither has one', async () => {
    const { device } = await start({ systemGuid: undefined });
    expect(await device().readPower()).toMatchObject({ power: 'on', systemUuid: null });
    expect(await device().powerOff(UUID)).toMatchObject({
      kind: 'refused',
      detail: `nothing was sent: the device belongs to system without a UUID, not ${UUID}`,
    });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
  });

  it.each([
    ['smbios', UUID],
    ['rfc4122', '33221100-5544-7766-8899-aabbccddeeff'],
    ['ipmi', 'ffeeddcc-bbaa-9988-6677-445500112233'],
  ] as const)('has the UUID by the encoding %s', async (guidEncoding, systemUuid) => {
    const { device } = await start();
    expect(await device({ guidEncoding }).readPower()).toMatchObject({ systemUuid });
  });

  it('is unknown without the system, as it could be of any host', async () => {
    const { device } = await start({
      faults: { deaf: () => false, delayMs: () => 0, failing: () => true, refusing: () => false },
    });
    expect(await device().readPower()).toMatchObject({
      power: 'unknown',
      systemUuid: null,
      detail: 'Get System GUID answered 0xff (unspecified error)',
    });
  });
});

describe('a power-off', () => {
  it('raises the session, asks for objections, and is then sent once', async () => {
    const { device, host, bmc } = await start();
    const objection = async () => {
      expect(host.commands).toEqual([SYSTEM_GUID, SET_PRIVILEGE]);
      return undefined;
    };
    expect(await device().powerOff(UUID, objection)).toEqual({
      kind: 'accepted',
      detail: 'Chassis Control: power down accepted',
      durationMs,
    });
    expect(host).toMatchObject({ power: 'off', controls: [0] });
    expect(host.commands).toEqual([SYSTEM_GUID, SET_PRIVILEGE, CONTROL, CLOSE]);
    expect(bmc.sessions).toBe(0);
  });

  it('is sent to a host that is off already', async () => {
    const { device, host } = await start();
    host.power = 'off';
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(host.controls).toEqual([0]);
  });

  it('is not sent when somebody objects, and the session is given back', async () => {
    const { device, host, bmc } = await start();
    expect(await device().powerOff(null, async () => 'the switch is off')).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the switch is off',
    });
    expect(host.controls).toEqual([]);
    expect(bmc.sessions).toBe(0);
  });

  it('gives the session back when the question for objections fails', async () => {
    const { device, host, bmc } = await start();
    const asked = device().powerOff(null, () => Promise.reject(new Error('no database')));
    await expect(asked).rejects.toThrow('no database');
    expect(host.controls).toEqual([]);
    expect(bmc.sessions).toBe(0);
  });

  it('is not sent when no time is left after the question', async () => {
    const { device, host } = await start();
    const late = () => new Promise<undefined>((resolve) => setTimeout(resolve, 400, undefined));
    expect(await device({ timeoutSeconds: 0.3 }).powerOff(null, late)).toMatchObject({
      kind: 'unknown',
      detail: 'Chassis Control: not sent, as no time was left',
    });
    expect(host.controls).toEqual([]);
  });

  it('says so when the wanted system is this one in another encoding', async () => {
    const { device } = await start();
    expect(await device({ systemUuid: UUID, guidEncoding: 'rfc4122' }).powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: `nothing was sent: the device belongs to system 33221100-5544-7766-8899-aabbccddeeff, not ${UUID}; with guidEncoding smbios it would be that one`,
    });
    expect(await device({ systemUuid: UUID.toUpperCase() }).powerOff(UUID.toUpperCase())).toMatchObject({
      kind: 'accepted',
    });
  });

  it.each([
    [0xc0, 'on', 'unknown', 'Chassis Control answered 0xc0 (node busy)'],
    [0xc1, 'on', 'refused', 'Chassis Control answered 0xc1 (invalid command)'],
    [0xcc, 'on', 'refused', 'Chassis Control answered 0xcc (invalid data field)'],
    [0xcc, 'off', 'accepted', 'it was off already (Chassis Control answered 0xcc (invalid data field))'],
    [0xd4, 'on', 'refused', 'Chassis Control answered 0xd4 (insufficient privilege level)'],
    [0xd5, 'on', 'unknown', 'Chassis Control answered 0xd5 (not supported in the present state)'],
    [
      0xd5,
      'off',
      'accepted',
      'it was off already (Chassis Control answered 0xd5 (not supported in the present state))',
    ],
    [0xd6, 'on', 'refused', 'Chassis Control answered 0xd6 (disabled or unavailable)'],
    [0xd6, 'off', 'accepted', 'it was off already (Chassis Control answered 0xd6 (disabled or unavailable))'],
    [0xff, 'off', 'unknown', 'Chassis Control answered 0xff (unspecified error)'],
    [0x42, 'on', 'unknown', 'Chassis Control answered 0x42 (a code of its own)'],
  ] as const)('answered with code %i while the host is %s', async (controlCode, power, kind, detail) => {
    const { device, host } = await start({ controlCode });
    host.power = power;
    expect(await device().powerOff(null)).toEqual({ kind, detail, durationMs });
    expect(host.controls).toEqual([0]);
  });
});

describe('a power-on', () => {
  it('is "power up", in a session that was raised, after the last objection', async () => {
    const { device, host } = await start();
    host.power = 'off';
    expect(await device().powerOn(UUID, async () => undefined)).toEqual({
      kind: 'accepted',
      detail: 'Chassis Control: power up accepted',
      durationMs,
    });
    expect(host).toMatchObject({ power: 'on', controls: [1] });
    expect(host.commands).toEqual([SYSTEM_GUID, SET_PRIVILEGE, CONTROL, CLOSE]);
  });

  it.each([
    [0xd5, 'on', 'accepted', 'it was on already (Chassis Control answered 0xd5 (not supported in the present state))'],
    [0xd5, 'off', 'unknown', 'Chassis Control answered 0xd5 (not supported in the present state)'],
    [0xcc, 'off', 'refused', 'Chassis Control answered 0xcc (invalid data field)'],
    [0xc0, 'on', 'unknown', 'Chassis Control answered 0xc0 (node busy)'],
  ] as const)('answered with code %i while the host is %s', async (controlCode, power, kind, detail) => {
    const { device, host } = await start({ controlCode });
    host.power = power;
    expect(await device().powerOn(null)).toEqual({ kind, detail, durationMs });
    expect(host.controls).toEqual([1]);
  });
});
