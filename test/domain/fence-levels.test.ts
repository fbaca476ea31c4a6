import { describe, expect, it } from 'vitest';
import { bindingFaultOf, wordsOf } from '#shared/domain/device-binding.ts';
import {
  attemptsAt,
  combine,
  type DeviceRead,
  isAskedAgain,
  levelToSwitchOn,
  levelToTry,
  sameSystems,
  type TimedRead,
  timeOf,
} from '#shared/domain/fence-levels.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import type { PowerReading } from '#shared/ports.ts';
import { uuid } from '#test/support/builders.ts';

type Power = PowerReading['power'];
const SYSTEM = uuid(4, 1);
const config: FenceDeviceConfig = { driver: 'redfish', url: 'https://bmc', credentials: 'bmc', timeoutSeconds: 10 };
const outlet = {
  driver: 'webhook',
  url: 'https://pdu',
  host: 'compute-1',
  switches: 'outlet',
  credentials: 'pdu',
  timeoutSeconds: 10,
} as const satisfies FenceDeviceConfig;

const bmc = (power: Power, systemUuid: string | null = power === 'unknown' ? null : SYSTEM): DeviceRead => ({
  config,
  reading: { power, systemUuid, detail: `bmc ${power}`, durationMs: 5 },
});
const pdu = (power: Power): DeviceRead => ({
  config: outlet,
  reading: { power, systemUuid: null, detail: `outlet ${power}`, durationMs: 7 },
});
const webhook = (power: Power): DeviceRead => ({ ...pdu(power), config: { ...outlet, switches: 'system' } });

describe('devices of several levels', () => {
  it.each<[what: string, levels: DeviceRead[][], power: Power]>([
    ['the first level says off', [[bmc('off')], [pdu('on'), pdu('on')]], 'off'],
    ['the board is dead, and both outlets are off', [[bmc('unknown')], [pdu('off'), pdu('off')]], 'off'],
    ['the board is dead, and one outlet is on', [[bmc('unknown')], [pdu('off'), pdu('on')]], 'on'],
    [
      'the board is dead, and of one outlet nothing is known',
      [[bmc('unknown')], [pdu('off'), pdu('unknown')]],
      'unknown',
    ],
    ['the outlets are off, and the board still says on', [[bmc('on')], [pdu('off'), pdu('off')]], 'on'],
    ['the outlets are off, and a webhook to the system says on', [[webhook('on')], [pdu('off'), pdu('off')]], 'on'],
    ['one board says off, another on', [[bmc('off')], [bmc('on')]], 'on'],
    ['nobody answers', [[bmc('unknown')], [pdu('unknown'), pdu('unknown')]], 'unknown'],
    ['there is none', [], 'unknown'],
  ])('%s', (_, levels, power) => {
    expect(combine(levels).power).toBe(power);
  });

  it('of one host with one device are that device', () => {
    const only = bmc('on');
    expect(combine([[only]])).toBe(only.reading);
  });

  it('tell what each said, the longest time, and the system of who decides', () => {
    expect(combine([[bmc('unknown')], [bmc('off', uuid(4, 2)), pdu('off')]])).toEqual({
      power: 'off',
      systemUuid: uuid(4, 2),
      detail: 'redfish: bmc unknown; redfish: bmc off; webhook: outlet off',
      durationMs: 7,
      levels: [
        [{ driver: 'redfish', power: 'unknown', systemUuid: null }],
        [
          { driver: 'redfish', power: 'off', systemUuid: uuid(4, 2) },
          { driver: 'webhook', power: 'off', systemUuid: null },
        ],
      ],
    });
    expect(combine([[pdu('on')], [bmc('on')]]).systemUuid).toBe(SYSTEM);
  });
});

describe('what the devices say together is of when', () => {
  const asked = (each: DeviceRead, beforeMs: number): TimedRead => ({ ...each, askedAtMs: 1000 - beforeMs });
  it.each<[what: string, read: TimedRead[], time: ReturnType<typeof timeOf>]>([
    ['all were asked in this step: the first', [asked(bmc('on'), -5), asked(pdu('on'), -9)], { askedAtMs: 1005 }],
    ['the step began', [asked(bmc('off'), 0)], { askedAtMs: 1000 }],
    ['an off was kept', [asked(bmc('off'), 1), asked(pdu('unknown'), 0)], { askedAtMs: 999, askedEarlier: true }],
    ['each on was kept: the last', [asked(bmc('on'), 9), asked(pdu('on'), 5)], { askedAtMs: 995, askedEarlier: true }],
    ['one on was kept, and another was not', [asked(bmc('on'), 9), asked(pdu('on'), 0)], { askedAtMs: 991 }],
    [
      'an on was kept, and an off was not',
      [asked(bmc('on'), 9), asked(pdu('off'), 0)],
      { askedAtMs: 991, askedEarlier: true },
    ],
    ['it is unknown', [asked(bmc('unknown'), 9)], { askedAtMs: 991 }],
  ])('%s', (_, read, time) => {
    expect(timeOf(combine(read.map((each) => [each])), read, 1000)).toEqual(time);
  });
});

describe('the level that is tried', () => {
  it.each<[what: string, levels: DeviceRead[][], from: number, level: number]>([
    ['is the first', [[bmc('on')], [pdu('on')]], 0, 0],
    ['is the next where the first has failed', [[bmc('on')], [pdu('on')]], 1, 1],
    ['passes over one that does not answer', [[bmc('unknown')], [pdu('on'), pdu('on')]], 0, 1],
    ['passes over one of which a part does not answer', [[bmc('on')], [pdu('on'), pdu('unknown')]], 1, 0],
    ['passes over one that is off already', [[bmc('on')], [pdu('off'), pdu('off')]], 1, 0],
    ['begins anew behind the last', [[bmc('on')], [pdu('on')]], 2, 0],
    ['stays where none will do', [[bmc('unknown')], [pdu('on'), pdu('unknown')]], 1, 1],
  ])('%s', (_, levels, from, level) => {
    expect(levelToTry(combine(levels), from)).toBe(level);
  });

  it('is the only one', () => {
    expect(levelToTry(combine([[bmc('on')]]), 3)).toBe(0);
  });
});

it('one of them that is being asked still is told of', () => {
  const asking = bmc('unknown');
  const pending: DeviceRead = { ...asking, reading: { ...asking.reading, pending: true } };
  expect(combine([[pending], [pdu('on')]])).toMatchObject({ power: 'on', pending: true });
  expect(combine([[bmc('unknown')], [pdu('on')]])).not.toHaveProperty('pending');
});

describe('attempts', () => {
  it('of a level are those of the device that is given most, and one where nothing is said', () => {
    const levels = [[config], [{ ...outlet, attempts: 2 }, outlet], [{ ...config, attempts: 1 }]];
    expect([0, 1, 2, 3].map((level) => attemptsAt(levels, level))).toEqual([1, 2, 1, 1]);
  });

  const unknown = { power: 'unknown' } as const;
  const device = { attempts: 3, timeoutSeconds: 10 };
  it.each<[what: string, again: boolean, ...Parameters<typeof isAskedAgain>]>([
    ['that says nothing is asked again', true, device, unknown, 1, 0, 20_000],
    ['that says something is not', false, device, { power: 'on' }, 1, 0, 20_000],
    ['that says off is not', false, device, { power: 'off' }, 1, 0, 20_000],
    ['is asked so often and no more', true, device, unknown, 2, 0, 20_000],
    ['whose attempts are used up is not', false, device, unknown, 3, 0, 20_000],
    ['without attempts of its own is asked once', false, { timeoutSeconds: 10 }, unknown, 1, 0, 20_000],
    [
      'that refuses the credentials is not, as accounts lock',
      false,
      device,
      { ...unknown, refused: 'credentials' },
      1,
      0,
      1e6,
    ],
    ['is, while a call fits into what is left', true, device, unknown, 1, 10_000, 20_000],
    ['is not, once none does', false, device, unknown, 1, 10_001, 20_000],
  ])('a device %s', (_, again, ...given) => {
    expect(isAskedAgain(...given)).toBe(again);
  });
});

describe('systems that are read back', () => {
  const before = combine([[bmc('on')], [pdu('on')]]);
  it.each<[what: string, after: DeviceRead[][], same: boolean]>([
    ['are the same', [[bmc('off')], [pdu('on')]], true],
    ['are not told by a board that lost its power', [[bmc('unknown')], [pdu('off')]], true],
    ['are another', [[bmc('off', uuid(4, 2))], [pdu('on')]], false],
    ['are not told any more', [[bmc('off', null)], [pdu('on')]], false],
  ])('%s', (_, after, same) => {
    expect(sameSystems(before, combine(after))).toBe(same);
  });

  it('of one device must be told again', () => {
    const one = combine([[bmc('on')]]);
    expect(sameSystems(one, combine([[bmc('off')]]))).toBe(true);
    expect(sameSystems(one, combine([[bmc('off', null)]]))).toBe(false);
    expect(sameSystems(one, combine([[bmc('unknown')]]))).toBe(true);
  });
});

describe('each device that answers must be the host’s own (S2)', () => {
  const known = { boundTo: null, boundSystem: null, configured: undefined };
  it('also one that does not decide', () => {
    const words = wordsOf(combine([[bmc('off')], [bmc('unknown')], [bmc('on', uuid(4, 9))]]));
    const bound = [[known], [known], [{ ...known, boundTo: 'another' }]];
    expect(bindingFaultOf(words, bound, 'key-1')).toMatch(/^level 3, redfish: its system .* is bound to another host/);
    expect(bindingFaultOf(words, [[known], [known], [known]], 'key-1')).toBeNull();
  });

  it('but not one that does not answer', () => {
    const words = wordsOf(combine([[bmc('unknown')], [bmc('off')]]));
    expect(bindingFaultOf(words, [[{ ...known, boundSystem: SYSTEM }], [known]], 'key-1')).toBeNull();
  });
});

describe('the level that is switched on again', () => {
  const configs: readonly (readonly FenceDeviceConfig[])[] = [[config], [outlet, outlet]];
  const on = (levels: DeviceRead[][], asked: readonly number[]) => levelToSwitchOn(combine(levels), configs, asked);

  it.each<[what: string, levels: DeviceRead[][], asked: number[], level: number | undefined]>([
    ['the one that has switched it off', [[bmc('off')], [pdu('on'), pdu('on')]], [0], 0],
    ['outlets, when the board has died with them', [[bmc('unknown')], [pdu('off'), pdu('off')]], [0, 1], 1],
    ['outlets, before the board that reads off as well', [[bmc('off')], [pdu('off'), pdu('off')]], [0, 1], 1],
    ['an outlet that has not come back', [[bmc('off')], [pdu('on'), pdu('off')]], [1], 1],
    ['the board, when its outlets are back and it has stayed off', [[bmc('off')], [pdu('on'), pdu('on')]], [1], 0],
    ['the board of a host that was found off', [[bmc('off')], [pdu('off'), pdu('off')]], [], 0],
    ['none: somebody else has switched the outlets off', [[bmc('unknown')], [pdu('off'), pdu('off')]], [], undefined],
    ['none: the level is not there any more', [[bmc('unknown')], [pdu('off'), pdu('off')]], [2], undefined],
  ])('is %s', (_, levels, asked, level) => {
    expect(on(levels, asked)).toBe(level);
  });

  it('is the only one of a host with one device, unless that is an outlet that salvor has not switched off', () => {
    expect(levelToSwitchOn({ power: 'off' }, [[config]], [])).toBe(0);
    expect(levelToSwitchOn({ power: 'off' }, [[outlet]], [])).toBeUndefined();
    expect(levelToSwitchOn({ power: 'off' }, [[outlet]], [0])).toBe(0);
    expect(levelToSwitchOn({ power: 'on' }, [[config]], [0])).toBeUndefined();
  });
});
