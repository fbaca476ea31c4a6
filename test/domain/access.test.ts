import { describe, expect, it } from 'vitest';
import { type Access, endingsOf, isToAsk, nextAccess } from '#shared/domain/access.ts';
import { accessSymptoms } from '#shared/domain/doctor/access.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

const DAY_MS = 86_400_000;
const WITHIN = { certificateDays: 30, credentialDays: 14 };
const NOVA = { of: 'nova', address: 'https://nova.test:8774', expiresAtMs: NOW_MS + 40 * DAY_MS };
const ACCOUNT = { of: 'the password of user salvor', endsAtMs: NOW_MS + 40 * DAY_MS, untold: null };
const EMPTY: Access = { certificates: [], account: null, askedAtMs: null };
const well = (): Access => ({
  certificates: [{ ...NOVA, seenAtMs: NOW_MS }],
  account: { ...ACCOUNT, refused: null },
  askedAtMs: NOW_MS,
});
const sight = { certificates: [NOVA], account: ACCOUNT, asked: true };

describe('what is noted of what was seen', () => {
  it('is nothing while it is the same, but for once a day', () => {
    expect(nextAccess(undefined, sight, NOW_MS)).toEqual(well());
    const again = { certificates: [NOVA], account: undefined, asked: false };
    expect(nextAccess(well(), again, NOW_MS + DAY_MS - 1)).toBeUndefined();
    expect(nextAccess(well(), again, NOW_MS + DAY_MS)?.certificates).toEqual([{ ...NOVA, seenAtMs: NOW_MS + DAY_MS }]);
  });

  it('is a certificate that was renewed, at once', () => {
    const renewed = { ...NOVA, expiresAtMs: NOW_MS + 400 * DAY_MS };
    const next = nextAccess(well(), { ...sight, certificates: [renewed] }, NOW_MS + seconds(60));
    expect(next?.certificates).toEqual([{ ...renewed, seenAtMs: NOW_MS + seconds(60) }]);
  });

  it('keeps the name of a service while Keystone does not tell it', () => {
    const unnamed = { ...sight, certificates: [{ ...NOVA, of: NOVA.address }] };
    expect(nextAccess(well(), unnamed, NOW_MS + DAY_MS)?.certificates).toMatchObject([{ of: 'nova' }]);
    expect(nextAccess(EMPTY, unnamed, NOW_MS)?.certificates).toMatchObject([{ of: NOVA.address }]);
  });

  it('is kept of who does not answer, and forgotten after a month', () => {
    const silent = { certificates: [], account: undefined, asked: true };
    expect(nextAccess(well(), silent, NOW_MS + 30 * DAY_MS - 1)?.certificates).toHaveLength(1);
    expect(nextAccess(well(), silent, NOW_MS + 30 * DAY_MS)).toMatchObject({ certificates: [], account: ACCOUNT });
  });

  it('is the end that was told once, while nobody tells another', () => {
    const untold = { of: 'application credential c1', endsAtMs: null, untold: 'Keystone answered 403' };
    expect(nextAccess(well(), { ...sight, account: untold }, NOW_MS + 1)?.account).toMatchObject(ACCOUNT);
    expect(nextAccess(EMPTY, { ...sight, account: untold }, NOW_MS)?.account).toMatchObject(untold);
  });

  it('asks once an hour, and in each run while the credentials are refused', () => {
    expect(isToAsk(undefined, NOW_MS)).toBe(true);
    expect(isToAsk(well(), NOW_MS + seconds(3599))).toBe(false);
    expect(isToAsk(well(), NOW_MS + seconds(3600))).toBe(true);
    const refused = nextAccess(well(), { ...sight, account: { refused: '401' } }, NOW_MS);
    expect(isToAsk(refused, NOW_MS)).toBe(true);
    expect(nextAccess(refused, sight, NOW_MS)).toEqual(well());
  });
});

describe('who is told', () => {
  const says = (access: Access) => accessSymptoms(access, WITHIN, NOW_MS).map((each) => Object.values(each));

  it('nobody while all of it lasts', () => {
    expect(says(well())).toEqual([]);
    expect(accessSymptoms(undefined, WITHIN, NOW_MS)).toEqual([]);
  });

  it('of certificates, with the days that are left and what to do', () => {
    const ends = (expiresAtMs: number, of = 'nova'): Access => ({
      ...EMPTY,
      certificates: [{ ...NOVA, of, expiresAtMs, seenAtMs: NOW_MS }],
    });
    expect(says(ends(NOW_MS + 30 * DAY_MS))).toEqual([]);
    expect(says(ends(NOW_MS + 12 * DAY_MS))).toEqual([
      [
        'trouble',
        'certificate',
        'nova',
        'the certificate of https://nova.test:8774 expires in 12 days: renew it there',
      ],
    ]);
    expect(says(ends(NOW_MS - 1))).toMatchObject([{ 3: expect.stringContaining('expired less than a day ago') }]);
    expect(says(ends(NOW_MS + DAY_MS, 'salvor'))).toMatchObject([
      { 2: 'salvor', 3: expect.stringMatching(/in 1 day: renew it there, and start salvor again/) },
    ]);
  });

  it('of the account: a note before its end, trouble from then on and when it is refused', () => {
    const ends = (endsAtMs: number | null, refused: string | null = null): Access => ({
      ...EMPTY,
      account: { ...ACCOUNT, endsAtMs, refused },
    });
    expect(says(ends(NOW_MS + 14 * DAY_MS))).toEqual([]);
    expect(says(ends(null))).toEqual([]);
    expect(says(ends(NOW_MS + 3 * DAY_MS))).toEqual([
      ['note', 'credentials', 'keystone', expect.stringMatching(/^the password of user salvor ends in 3 days: make/)],
    ]);
    expect(says(ends(NOW_MS - 2 * DAY_MS))).toMatchObject([
      ['trouble', 'credentials-refused', 'keystone', expect.stringContaining('ended 2 days ago')],
    ]);
    expect(says(ends(null, 'Keystone refuses (401)'))).toMatchObject([
      ['trouble', 'credentials-refused', 'keystone', expect.stringContaining('Keystone refuses (401)')],
    ]);
    expect(endingsOf(ends(NOW_MS + 3 * DAY_MS), { ...WITHIN, credentialDays: 2 }, NOW_MS)).toEqual([]);
  });
});
