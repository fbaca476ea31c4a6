import { describe, expect, it } from 'vitest';
import { heartbeatSymptoms, notifySymptoms } from '#shared/domain/doctor/notify.ts';
import type { HostState } from '#shared/domain/host.ts';
import { UNUSED } from '#shared/domain/notify/channel-state.ts';
import { pulseOf, type Signs } from '#shared/domain/notify/pulse.ts';
import { aHost, anIncident, aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';

const policy = aPolicy({ watch: { everySeconds: 5 } });
const well: Signs = {
  beat: { runningSinceMs: 0, lastMs: NOW_MS - seconds(30) },
  looked: { atMs: NOW_MS - seconds(50), newestReportAtMs: NOW_MS - seconds(60) },
  access: undefined,
  open: [],
  lost: [],
};
const because = (signs: Partial<Signs>, of = policy) => pulseOf({ ...well, ...signs }, of, NOW_MS).because.join('; ');
const hostDue = (sinceSeconds: number, status: 'evacuating' | 'stopped' = 'evacuating'): HostState =>
  aHost({ incident: { ...anIncident(status), dueAtMs: NOW_MS - seconds(sinceSeconds) } });

describe('salvor is alive', () => {
  it('while it runs, sees Nova, and moves on what is open', () => {
    expect(pulseOf(well, policy, NOW_MS)).toEqual({ alive: true, because: [] });
    expect(because({ open: [hostDue(299), hostDue(-60)] })).toBe('');
  });

  it('without a look where it does not look', () => {
    expect(because({ looked: undefined }, aPolicy({ watch: { everySeconds: 0 } }))).toBe('');
    expect(because({ looked: undefined }, aPolicy({ watch: { nova: false } }))).toBe('');
  });

  it('while a host is stopped: it waits for a person', () => {
    expect(because({ open: [hostDue(86_400, 'stopped')] })).toBe('');
  });
});

describe('it is not', () => {
  it.each([
    ['sweep has never run', { beat: undefined }],
    ['sweep has not run for 181 s', { beat: { runningSinceMs: 0, lastMs: NOW_MS - seconds(181) } }],
    ['the clock was set back', { beat: { runningSinceMs: 0, lastMs: NOW_MS + seconds(6) } }],
    ['Nova was never looked at', { looked: undefined }],
    ['the watcher is blind', { looked: { atMs: NOW_MS - seconds(181), newestReportAtMs: null } }],
    ['behind that of Nova', { looked: { atMs: NOW_MS, newestReportAtMs: NOW_MS + seconds(6) } }],
    ['overdue for 301 s', { open: [hostDue(301)] }],
    ['host#k can not be read, and stands still', { lost: [{ item: 'host#k', dueAtMs: NOW_MS - 301_000 }] }],
    [
      'Keystone refuses the account: 401',
      {
        access: {
          certificates: [],
          account: { of: 'it', endsAtMs: null, untold: null, refused: '401' },
          askedAtMs: NOW_MS,
        },
      },
    ],
  ] as const)('%s', (says, signs) => {
    expect(because(signs as Partial<Signs>)).toContain(says);
  });

  it('and names a few of many', () => {
    expect(because({ open: Array.from({ length: 9 }, () => hostDue(400)) })).toMatch(/; and 6 more$/);
  });
});

it('doctor says that it is withheld, or does not arrive, or nothing', () => {
  const heartbeat = { ...UNUSED, withheldSinceMs: null, because: [] };
  const said = (overrides: object) =>
    heartbeatSymptoms({ ...heartbeat, ...overrides }, NOW_MS).map(({ level, says }) => `${level} ${says}`);
  expect(said({})).toEqual([]);
  expect(heartbeatSymptoms(undefined, NOW_MS)).toEqual([]);
  expect(said({ withheldSinceMs: NOW_MS - seconds(60), because: ['a', 'b'] })).toEqual([
    'trouble withheld for 60 s: a; b',
  ]);
  expect(said({ failingSinceMs: NOW_MS - seconds(60), lastFailure: 'answered 404' })).toEqual([
    'trouble it has not arrived for 60 s: answered 404',
  ]);
});

it('doctor says which channel fails, what was given up lately, and what was never tried', () => {
  const said = (overrides: object) =>
    notifySymptoms([{ ...UNUSED, name: 'night', taken: 1, ...overrides }], NOW_MS).map(
      ({ level, what, about, says }) => `${level} ${what} ${about} ${says}`,
    );
  expect(said({})).toEqual([]);
  expect(said({ failures: 4, failingSinceMs: NOW_MS - seconds(600), lastFailure: 'answered 401' })).toEqual([
    'trouble channel night 4 failures for 10 min: answered 401',
  ]);
  expect(said({ lost: 2, lostAtMs: NOW_MS - seconds(3600) })).toEqual([
    'trouble channel night 2 notices were given up, the last 60 min ago',
  ]);
  expect(said({ lost: 2, lostAtMs: NOW_MS - seconds(8 * 86_400) })).toEqual([]);
  expect(said({ taken: 0 })).toEqual([expect.stringMatching(/^note channel night nothing was ever sent/)]);
});
