import { expect, it } from 'vitest';
import { judgeDevices, type SurveyedDevice } from '#shared/domain/device-survey.ts';
import { uuid } from '#test/support/builders.ts';

const aDevice = (number: number, changes: Partial<SurveyedDevice> = {}): SurveyedDevice => ({
  host: `compute-${number}`,
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
