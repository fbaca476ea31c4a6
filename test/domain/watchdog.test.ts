import { describe, expect, it } from 'vitest';
import { decideLease, expiredLease, type LeaseRequest, safeTime, type WatchdogLease } from '#shared/domain/watchdog.ts';
import { aClaim, aSegment, NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const { watchdog } = aSegment({ fencing: { watchdog: {} } }).fencing;
const call = { boot: uuid(8, 1), uptimeMs: 60_000 };
const request: LeaseRequest = { armed: true, timeoutSeconds: 60, identity: 'iTCO_wdt', ...call };
const host = { key: 'c/r/1', name: 'compute-1', incidentId: null };
const granted: WatchdogLease = {
  host: 'compute-1',
  hostKey: 'c/r/1',
  grantedAtMs: NOW_MS,
  timeoutSeconds: 60,
  identity: 'iTCO_wdt',
  armed: true,
  revokedBy: null,
  ...call,
};

describe('a lease', () => {
  it('is granted to a hardware watchdog, from now', () => {
    expect(decideLease(request, undefined, host, watchdog, NOW_MS)).toEqual({ lease: granted });
  });

  it.each<[what: string, request: Partial<LeaseRequest>, because: RegExp]>([
    ['softdog', { identity: 'Software Watchdog' }, /dies with the kernel/],
    ['softdog by its module', { identity: 'softdog' }, /dies with the kernel/],
    ['one that takes too long', { timeoutSeconds: 121 }, /takes 121 s, and the policy waits for 120 s/],
  ])('is refused to %s', (_, change, because) => {
    const refused = { refused: expect.stringMatching(because), isRevoked: false };
    expect(decideLease({ ...request, ...change }, undefined, host, watchdog, NOW_MS)).toEqual(refused);
  });

  it('is refused to a call that a later one has overtaken', () => {
    const late = { ...request, uptimeMs: call.uptimeMs - 1 };
    const refused = { refused: 'a later call of this host came before it', isRevoked: false };
    expect(decideLease(late, { ...granted, armed: false }, host, watchdog, NOW_MS)).toEqual(refused);
    expect(decideLease({ ...late, boot: uuid(8, 2) }, granted, host, watchdog, NOW_MS)).toHaveProperty('lease');
    const { boot: _, uptimeMs: __, ...ofBefore } = granted;
    expect(decideLease(late, ofBefore, host, watchdog, NOW_MS)).toHaveProperty('lease');
  });

  it('is refused where the policy takes no watchdog for a proof', () => {
    expect(decideLease(request, undefined, host, undefined, NOW_MS)).toHaveProperty('refused');
    // Nor is the word taken that its watchdog is about to be disarmed: it stays armed.
    expect(decideLease({ ...request, armed: false }, granted, host, undefined, NOW_MS)).toHaveProperty('refused');
  });

  it('is refused as long as the incident is open whose proof rests on its end', () => {
    const before = { ...granted, revokedBy: uuid(1, 1) };
    const open = { ...host, incidentId: uuid(1, 1) };
    expect(decideLease(request, before, open, watchdog, NOW_MS)).toMatchObject({ isRevoked: true });
    expect(decideLease(request, before, host, watchdog, NOW_MS)).toEqual({ lease: granted });
    expect(decideLease(request, before, { ...host, incidentId: uuid(1, 2) }, watchdog, NOW_MS)).toHaveProperty('lease');
  });
});

describe('a host is taken as reset', () => {
  const safeMs = NOW_MS + seconds(5 + 120 + 30 + 4);
  it('after its named parts', () => {
    if (watchdog === undefined) throw new Error('the policy has one');
    expect(safeTime(granted, watchdog)).toEqual({
      atMs: safeMs,
      parts: '5 s call + 2 x 60 s watchdog + 30 s reset + 4 s clocks',
    });
  });

  it('no moment sooner', () => {
    expect(expiredLease(granted, {}, undefined, watchdog, safeMs)).toBe(granted);
    expect(expiredLease(granted, {}, undefined, watchdog, safeMs - 1)).toMatch(/it is taken as reset after 5 s call/);
  });

  it.each<[what: string, lease: WatchdogLease | undefined, upMs: number, because: RegExp]>([
    ['that never had a lease', undefined, 0, /no watchdog guards it/],
    ['whose watchdog was not armed', { ...granted, armed: false }, 0, /is not armed/],
    ['that was seen since', granted, safeMs, /seen up after its watchdog must have reset it/],
  ])('but not one %s', (_, lease, upMs, because) => {
    const claims = upMs === 0 ? {} : { '/m/a': aClaim('up', upMs) };
    expect(expiredLease(lease, claims, undefined, watchdog, safeMs + seconds(3600))).toMatch(because);
  });

  it('nor one that was seen since by somebody who says down again', () => {
    const claims = { '/m/a': aClaim('down', safeMs + seconds(20)) };
    expect(expiredLease(granted, claims, safeMs + seconds(10), watchdog, safeMs + seconds(60))).toMatch(
      /seen up after/,
    );
    expect(expiredLease(granted, claims, safeMs - seconds(10), watchdog, safeMs + seconds(60))).toBe(granted);
  });
});
