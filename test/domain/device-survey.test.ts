import { expect, it } from 'vitest';
import {
  asBound,
  type DeviceTrouble,
  judgeDevices,
  noDevice,
  type SurveyedDevice,
} from '#shared/domain/device-survey.ts';
import { uuid } from '#test/support/builders.ts';

const aDevice = (number: number, changes: Partial<SurveyedDevice> = {}): SurveyedDevice => ({
  host: `compute-${number}`,
  hostKey: `key-${number}`,
  driver: 'redfish',
  level: 1,
  address: `redfish at https://bmc-${number}.test`,
  bound: null,
  novaState: 'up',
  reading: { power: 'on', systemUuid: uuid(4, number), detail: 'PowerState On' },
  configured: uuid(4, number),
  ...changes,
});
const reading = (changes: Partial<SurveyedDevice['reading']>): Partial<SurveyedDevice> => ({
  reading: { ...aDevice(1).reading, ...changes },
});

it.each<[string, Partial<SurveyedDevice>, string, RegExp]>([
  ['tells the system that the policy names', {}, 'good', /is the system that the policy names/],
  ['is off, as its host is down', { novaState: 'down', ...reading({ power: 'off' }) }, 'good', /names/],
  ['is off while its host is up', reading({ power: 'off' }), 'wrong', /reads off, and Nova sees the host up/],
  ['does not answer', reading({ power: 'unknown', detail: 'no answer' }), 'wrong', /tell the power: no answer/],
  [
    'tells another system than the policy',
    { configured: uuid(4, 9) },
    'wrong',
    new RegExp(`names system ${uuid(4, 9)}, and it tells ${uuid(4, 1)}`),
  ],
  ['tells none where the policy names one', reading({ systemUuid: null }), 'wrong', /it tells none/],
  [
    'tells no system UUID at all',
    { configured: undefined, ...reading({ systemUuid: null }) },
    'unproven',
    /tells no system UUID/,
  ],
  ['is named by nobody', { configured: undefined }, 'unproven', /policy names no systemUuid/],
  [
    'is bound to its host',
    { configured: undefined, bound: { boundTo: 'key-1', boundSystem: uuid(4, 1) } },
    'good',
    /is the system that the host is bound to/,
  ],
  [
    'is bound to another host',
    { configured: undefined, bound: { boundTo: 'key-9', boundSystem: null } },
    'wrong',
    /bound to another host, key-9/,
  ],
  [
    'tells another system than its host is bound to',
    { configured: undefined, bound: { boundTo: null, boundSystem: uuid(4, 9) } },
    'wrong',
    new RegExp(`the host is bound to ${uuid(4, 9)}`),
  ],
  [
    'refuses the credentials',
    reading({ power: 'unknown', refused: 'credentials', detail: '401' }),
    'wrong',
    /refuses the credentials: 401/,
  ],
  [
    'has no secret',
    reading({ power: 'unknown', trouble: 'not-configured', detail: 'no secret' }),
    'wrong',
    /^no secret$/,
  ],
])('a device that %s', (_, changes, verdict, because) => {
  const [judged] = judgeDevices([aDevice(1, changes), aDevice(2)]);
  expect(judged).toMatchObject({ host: 'compute-1', verdict, because: expect.stringMatching(because) });
});

it('a system that answers for several hosts is wrong for each of them', () => {
  const shared = { configured: undefined, ...reading({ systemUuid: uuid(4, 5) }) };
  const judged = judgeDevices([aDevice(1, shared), aDevice(2, shared), aDevice(3, shared), aDevice(4)]);
  expect(judged.map(({ verdict }) => verdict)).toEqual(['wrong', 'wrong', 'wrong', 'good']);
  expect(judged[1]?.because).toBe('the same system answers for compute-1, compute-3');
});

it('devices that tell no system are not the same one', () => {
  const silent = { configured: undefined, ...reading({ systemUuid: null }) };
  const judged = judgeDevices([aDevice(1, silent), aDevice(2, silent)]);
  expect(judged.map(({ verdict }) => verdict)).toEqual(['unproven', 'unproven']);
});

it.each<[Partial<SurveyedDevice>, DeviceTrouble | null]>([
  [{}, null],
  [reading({ power: 'unknown' }), 'no-answer'],
  [reading({ power: 'unknown', refused: 'credentials' }), 'credentials-refused'],
  [reading({ power: 'unknown', trouble: 'not-configured' }), 'not-configured'],
  [{ configured: uuid(4, 9) }, 'another-system'],
  [{ bound: { boundTo: 'key-9', boundSystem: null } }, 'another-system'],
  [reading({ power: 'off' }), 'contradicts-nova'],
  [{ novaState: null, ...reading({ power: 'off' }) }, null],
])('%j has a word of its own: %s', (changes, trouble) => {
  expect(judgeDevices([aDevice(1, changes)])[0]).toMatchObject({ trouble });
});

it('a system that another host told before answers for both', () => {
  const [judged] = judgeDevices([aDevice(1)], new Map([[uuid(4, 1), ['compute-7']]]));
  expect(judged).toMatchObject({ trouble: 'shared-system', because: 'the same system answers for compute-7' });
});

it('two devices of one host may tell the same system', () => {
  const judged = judgeDevices([aDevice(1), aDevice(1, { level: 2, address: 'another' })]);
  expect(judged.map(({ verdict }) => verdict)).toEqual(['good', 'good']);
});

it('a host without a device is wrong, and says so', () => {
  const [judged] = judgeDevices([noDevice({ host: 'compute-1', hostKey: 'key-1', novaState: 'up' })]);
  expect(judged).toMatchObject({ trouble: 'no-device', because: 'the policy names no fence device for the host' });
});

it('a device that was just bound is good', () => {
  const [judged] = judgeDevices([aDevice(1, { configured: undefined })]);
  expect(judged?.verdict).toBe('unproven');
  expect(judged && asBound(judged)).toMatchObject({ verdict: 'good', bound: { boundTo: 'key-1' } });
});
