import { describe, expect, it } from 'vitest';
import { type JudgedDevice, judgeDevices, type SurveyedDevice } from '#shared/domain/device-survey.ts';
import {
  deviceToBind,
  type HostReadiness,
  isAccountDue,
  isInDoubt,
  LEASE_MS,
  leftAlone,
  mayAsk,
  nextReadiness,
  type SurveyedHost,
} from '#shared/domain/readiness.ts';
import { endingOf, troublesOf } from '#shared/domain/readiness-troubles.ts';
import type { AccountReading } from '#shared/ports.ts';
import { NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const DAY_MS = 86_400_000;
const GOOD: SurveyedDevice['reading'] = { power: 'on', systemUuid: uuid(4, 1), detail: 'PowerState On' };
const UNENDING: AccountReading = { endsAtMs: null, trouble: null, untold: null };
const SILENT: SurveyedDevice['reading'] = { power: 'unknown', systemUuid: null, detail: 'no answer' };
const REFUSES: SurveyedDevice['reading'] = { ...SILENT, refused: 'credentials' };

const aDevice = (changes: Partial<SurveyedDevice> = {}): SurveyedDevice => ({
  host: 'compute-1',
  hostKey: 'key-1',
  driver: 'redfish',
  level: 1,
  address: 'bmc-1',
  novaState: 'up',
  reading: GOOD,
  configured: uuid(4, 1),
  bound: null,
  ...changes,
});

function asked(devices: readonly SurveyedDevice[], changes: Partial<SurveyedHost> = {}): SurveyedHost {
  return {
    host: 'compute-1',
    hostKey: 'key-1',
    segment: 'az1',
    novaState: 'up',
    outOfService: false,
    addresses: devices.map(({ address }) => address),
    judged: judgeDevices(devices),
    ...changes,
  };
}

/** Each answer comes a minute after the one before. */
function said(...answers: readonly (readonly SurveyedDevice[])[]) {
  let before: HostReadiness | undefined;
  const facts: string[] = [];
  let writes = 0;
  for (const [index, devices] of answers.entries()) {
    const result = nextReadiness(before, asked(devices), NOW_MS + seconds(60 * index));
    writes += result.next === undefined ? 0 : 1;
    before = result.next ?? before;
    facts.push(
      ...result.facts.flatMap((fact) => (fact.type === 'readiness-changed' ? [`${fact.from} ${fact.to}`] : [])),
    );
  }
  if (before === undefined) throw new Error('nothing was asked');
  return { now: before, facts, writes };
}

const good = aDevice();
const silent = aDevice({ reading: SILENT });

describe('the readiness of a host', () => {
  it('is known from the first answer, good or bad', () => {
    expect(said([good])).toMatchObject({ now: { state: 'ready', sinceMs: NOW_MS }, facts: ['null ready'] });
    expect(said([silent])).toMatchObject({
      now: { state: 'not-ready', because: 'level 1, bmc-1: does not tell the power: no answer' },
      facts: ['null not-ready'],
    });
  });

  it('is lost by a second bad answer, not by one: a device may be busy', () => {
    const once = said([good], [silent]);
    expect(once).toMatchObject({ now: { state: 'ready' }, facts: ['null ready'] });
    expect(isInDoubt(once.now)).toBe(true);
    const twice = said([good], [silent], [silent]);
    expect(twice).toMatchObject({
      now: {
        state: 'not-ready',
        sinceMs: NOW_MS + seconds(120),
        devices: [{ trouble: 'no-answer', lastGoodMs: NOW_MS, badSinceMs: NOW_MS + seconds(60), doubt: null }],
      },
      facts: ['null ready', 'ready not-ready'],
    });
    expect(isInDoubt(twice.now)).toBe(false);
  });

  it('comes back with the first good answer', () => {
    expect(said([silent], [good])).toMatchObject({
      now: { state: 'ready', devices: [{ trouble: null, badSinceMs: null, lastGoodMs: NOW_MS + seconds(60) }] },
      facts: ['null not-ready', 'not-ready ready'],
    });
    expect(said([good], [silent], [good])).toMatchObject({
      now: { devices: [{ doubt: null }] },
      facts: ['null ready'],
    });
  });

  it('is degraded where one of several levels would not fence it', () => {
    const second = aDevice({ level: 2, address: 'pdu', configured: undefined });
    expect(said([silent, second]).now).toMatchObject({
      state: 'degraded',
      because: expect.stringMatching(/^level 1, bmc-1: does/),
    });
    expect(said([good, second]).now).toMatchObject({ state: 'ready', because: 'all of its devices answer' });
    expect(said([silent, { ...second, reading: SILENT }]).now).toMatchObject({ state: 'not-ready' });
  });

  it('needs all devices of a level: together they cut the power', () => {
    const outlet = aDevice({ address: 'pdu-b', reading: SILENT });
    expect(said([good, outlet]).now.state).toBe('not-ready');
  });

  it('is written when something has changed, or its lease is over; not else', () => {
    expect(said([good], [good], [good]).writes).toBe(1);
    expect(said([silent], [silent], [silent]).writes).toBe(1);
    const { now } = said([good]);
    expect(nextReadiness(now, asked([good]), NOW_MS + LEASE_MS - 1).next).toBeUndefined();
    expect(nextReadiness(now, asked([good]), NOW_MS + LEASE_MS)).toMatchObject({
      next: { sinceMs: NOW_MS, devices: [{ lastGoodMs: NOW_MS + LEASE_MS }] },
      facts: [],
    });
    expect(nextReadiness(now, asked([good], { outOfService: true }), NOW_MS).next).toMatchObject({
      outOfService: true,
    });
  });

  it('keeps what Nova said while it does not answer', () => {
    const { next } = nextReadiness(undefined, asked([good], { outOfService: true }), NOW_MS);
    expect(nextReadiness(next, asked([good], { outOfService: null, novaState: null }), NOW_MS).next).toBeUndefined();
  });

  it('keeps what is known of a device that was not asked, and forgets one that the policy names no more', () => {
    const { now } = said([aDevice({ reading: REFUSES })]);
    expect(nextReadiness(now, asked([], { addresses: ['bmc-1'] }), NOW_MS).next).toBeUndefined();
    const { next } = nextReadiness(now, asked([aDevice({ address: 'bmc-new' })]), NOW_MS);
    expect(next?.devices.map(({ address }) => address)).toEqual(['bmc-new']);
  });

  it('ends when no segment holds the host any more', () => {
    const { now } = said([silent]);
    const left = leftAlone(now, 'no segment of the policy holds it', NOW_MS + 1);
    expect(left).toMatchObject({
      next: { state: 'not-asked', sinceMs: NOW_MS + 1, because: 'no segment of the policy holds it', devices: [] },
      facts: [{ from: 'not-ready', to: 'not-asked' }],
    });
    expect(left.next && leftAlone(left.next, '', NOW_MS + 2)).toEqual({ next: undefined, facts: [] });
  });
});

it('asks a device that refuses the credentials once more, then seldom, lest the account is locked', () => {
  const [standing] = said([good], [aDevice({ reading: REFUSES })]).now.devices;
  expect(mayAsk(standing, NOW_MS + seconds(120))).toBe(true);
  const [settled] = said([aDevice({ reading: REFUSES })]).now.devices;
  expect(settled).toMatchObject({ trouble: 'credentials-refused', refusedAtMs: NOW_MS });
  expect(mayAsk(settled, NOW_MS + seconds(1799))).toBe(false);
  expect(mayAsk(settled, NOW_MS + seconds(1800))).toBe(true);
  expect(mayAsk(said([silent]).now.devices[0], NOW_MS)).toBe(true);
  expect(mayAsk(undefined, NOW_MS)).toBe(true);
});

describe('a device is bound to its host', () => {
  const UNBOUND = { boundTo: null, boundSystem: null };
  const first = aDevice({ configured: undefined, bound: UNBOUND });
  const bindable = (device: SurveyedDevice, before: HostReadiness | undefined) =>
    deviceToBind(before, judgeDevices([device]) as readonly JudgedDevice[])?.address;

  it('when it has told the same system twice, and both see the host up', () => {
    expect(bindable(first, said([first]).now)).toBe('bmc-1');
  });

  it.each<[string, SurveyedDevice, HostReadiness | undefined]>([
    ['at the first answer', first, undefined],
    [
      'when it told another system before',
      first,
      said([{ ...first, reading: { ...GOOD, systemUuid: uuid(4, 2) } }]).now,
    ],
    ['while it reads off', { ...first, reading: { ...GOOD, power: 'off' } }, said([first]).now],
    ['while Nova sees the host down', { ...first, novaState: 'down' }, said([first]).now],
    ['while Nova does not answer', { ...first, novaState: null }, said([first]).now],
    ['when it tells no system', { ...first, reading: { ...GOOD, systemUuid: null } }, said([first]).now],
    ["when it is another host's", { ...first, bound: { boundTo: 'key-2', boundSystem: null } }, said([first]).now],
    [
      'when its host is bound to another',
      { ...first, bound: { boundTo: null, boundSystem: uuid(4, 2) } },
      said([first]).now,
    ],
    ['when it is bound already', { ...first, bound: { boundTo: 'key-1', boundSystem: uuid(4, 1) } }, said([first]).now],
  ])('but not %s', (_, device, before) => {
    expect(bindable(device, before)).toBeUndefined();
  });

  it('anew where the policy names the system: a mainboard was replaced', () => {
    const replaced = aDevice({ bound: { boundTo: null, boundSystem: uuid(4, 2) } });
    expect(bindable(replaced, said([replaced]).now)).toBe('bmc-1');
    expect(bindable({ ...replaced, configured: undefined }, said([replaced]).now)).toBeUndefined();
  });
});

describe('what people must know of', () => {
  const WITHIN = { certificateDays: 30, credentialDays: 14 };
  const host = (changes: Partial<HostReadiness>): HostReadiness => ({ ...said([good]).now, ...changes });

  it('are hosts that could not be fenced, and such that could not be if one more thing fails', () => {
    const { notFenceable, weak } = troublesOf(
      [
        host({ host: 'compute-1' }),
        host({ host: 'compute-2', state: 'not-ready', because: 'silent' }),
        host({ host: 'compute-3', state: 'degraded', because: 'one silent' }),
        host({ host: 'compute-4', state: 'not-ready', outOfService: true }),
        host({ host: 'compute-5', state: 'not-asked' }),
      ],
      WITHIN,
      NOW_MS,
    );
    expect(notFenceable).toEqual([{ host: 'compute-2', because: 'silent' }]);
    expect(weak).toEqual([{ host: 'compute-3', because: 'one silent' }]);
  });

  it.each<[number, readonly string[]]>([
    [NOW_MS + 31 * DAY_MS, []],
    [NOW_MS + 30 * DAY_MS, []],
    [NOW_MS + 30 * DAY_MS - 1, ['the certificate of bmc-1 expires in 29 days']],
    [NOW_MS - 1, ['the certificate of bmc-1 expired less than a day ago']],
  ])('are certificates that end within 30 days: %d', (expiresAtMs, expected) => {
    const { now } = said([aDevice({ reading: { ...GOOD, certificate: { expiresAtMs } } })]);
    expect(endingOf(now, 30, NOW_MS)).toEqual(expected);
    expect(troublesOf([now], WITHIN, NOW_MS).weak.map(({ because }) => because)).toEqual(expected);
  });

  it('are none of a device without a certificate', () => {
    expect(endingOf(said([good]).now, 30, NOW_MS)).toEqual([]);
  });

  it.each<[string, Partial<AccountReading>, readonly string[]]>([
    ['does not end', {}, []],
    ['ends in 14 days', { endsAtMs: NOW_MS + 14 * DAY_MS }, []],
    ['ends in less', { endsAtMs: NOW_MS + 14 * DAY_MS - 1 }, ['the account of bmc-1 ends in 13 days; change']],
    ['must be changed', { trouble: 'it must' }, ['the account of bmc-1 is about to fail: it must; change']],
  ])('are accounts of devices: one that %s leaves its host ready', (_, changes, expected) => {
    const { now } = said([aDevice({ reading: { ...GOOD, account: { ...UNENDING, ...changes } } })]);
    expect(now.state).toBe('ready');
    const weak = troublesOf([now], WITHIN, NOW_MS).weak.map(({ because }) => because.split(' its password')[0]);
    expect(weak).toEqual(expected);
  });
});

describe('the account by which a device is asked', () => {
  const told = (account: Partial<AccountReading>) =>
    aDevice({ reading: { ...GOOD, account: { ...UNENDING, ...account } } });
  const standing = (...answers: readonly SurveyedDevice[]) => said(...answers.map((each) => [each])).now.devices[0];
  const due = (of: ReturnType<typeof standing>, afterSeconds: number) =>
    isAccountDue(of, 14, NOW_MS + seconds(afterSeconds));

  it('is asked for once the device has answered well, and each day', () => {
    expect(due(undefined, 0)).toBe(false);
    expect(due(standing(silent), 0)).toBe(false);
    expect(due(standing(good, silent), 60)).toBe(false);
    expect(due(standing(good), 0)).toBe(true);
    expect(due(standing(told({})), 86_399)).toBe(false);
    expect(due(standing(told({})), 86_400)).toBe(true);
  });

  it.each([{ endsAtMs: NOW_MS + DAY_MS }, { trouble: 'it must be changed' }])('and each hour while %j', (account) => {
    expect(due(standing(told(account)), 3599)).toBe(false);
    expect(due(standing(told(account)), 3600)).toBe(true);
  });

  it('is as it was told last, whoever can not tell later', () => {
    const ends = { endsAtMs: NOW_MS + DAY_MS };
    expect(standing(told(ends), good)?.account).toEqual({ ...ends, trouble: null, askedAtMs: NOW_MS });
    const untold = standing(told(ends), told({ untold: '503' }));
    expect(untold?.account).toEqual({ ...ends, trouble: null, askedAtMs: NOW_MS + seconds(60) });
    expect(standing(told(ends), told({}))?.account?.endsAtMs).toBeNull();
  });
});
