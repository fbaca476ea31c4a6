import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUEUES, queueOf } from '#events/catalog.ts';
import { backoffMs } from '#shared/domain/backoff.ts';
import { commandsOf } from '#shared/domain/commands.ts';
import { aHost, aHostIn, HOST_KEY, INCIDENT_ID, NOW_MS, seconds } from '#test/support/builders.ts';
import { aMaintenance, aReturn, RETURN_ID } from '#test/support/returns.ts';

const delayOf = (dueAtMs: number): number | undefined =>
  commandsOf(aHostIn('suspected', { dueAtMs }), NOW_MS)[0]?.delaySeconds;

describe('the command of a state', () => {
  it.each([
    ['suspected', 'confirm-host-down'],
    ['held', 'confirm-host-down'],
    ['fencing', 'fence-host'],
    ['forcing-down', 'fence-host'],
    ['planning', 'plan-evacuation'],
    ['evacuating', 'follow-evacuations'],
    ['handing-over', 'follow-evacuations'],
  ] as const)('of %s is %s, with the tick that it is for', (status, type) => {
    const [command, ...others] = commandsOf(aHostIn(status, { tick: 7 }), NOW_MS);
    expect(others).toEqual([]);
    expect(command?.message).toEqual({ type, version: 1, hostKey: HOST_KEY, incidentId: INCIDENT_ID, tick: 7 });
    expect(command && queueOf(command.message)).toBe(type);
    expect(QUEUES[type].schema.safeParse(command?.message).success).toBe(true);
  });

  it('is none without an open incident, or with a stopped one', () => {
    expect(commandsOf(aHost(), NOW_MS)).toEqual([]);
    expect(commandsOf(aHostIn('stopped'), NOW_MS)).toEqual([]);
  });

  it('of a host on its way back is return-host, and of one in maintenance maintain-host, when something is due', () => {
    const returning = aReturn('proving', { dueAtMs: NOW_MS + seconds(10) });
    expect(commandsOf(aHost({ returning }), NOW_MS)).toEqual([
      {
        message: { type: 'return-host', version: 1, hostKey: HOST_KEY, returnId: RETURN_ID, tick: 5 },
        delaySeconds: 10,
      },
    ]);
    const maintenance = aMaintenance('draining');
    const [command] = commandsOf(aHost({ maintenance }), NOW_MS);
    expect(command?.message).toEqual({
      type: 'maintain-host',
      version: 1,
      hostKey: HOST_KEY,
      maintenanceId: 'm1',
      tick: 2,
    });
    expect(commandsOf(aHost({ maintenance: aMaintenance('away') }), NOW_MS)).toEqual([]);
    expect(commandsOf({ ...aHostIn('held'), maintenance }, NOW_MS)).toHaveLength(2);
  });

  it('is the same when it is asked for again', () => {
    const host = aHostIn('evacuating');
    expect(commandsOf(host, NOW_MS)).toEqual(commandsOf(structuredClone(host), NOW_MS));
  });

  it.each([
    [NOW_MS - seconds(86_400), 0],
    [NOW_MS, 0],
    [NOW_MS + 1, 1],
    [NOW_MS + seconds(180), 180],
    [NOW_MS + seconds(900), 900],
    [NOW_MS + seconds(86_400), 900],
  ])('due at %d is delayed by %d s', (dueAtMs, delaySeconds) => {
    expect(delayOf(dueAtMs)).toBe(delaySeconds);
  });

  it('has a delay that SQS takes, whenever it is due: whole seconds, 0 to 900', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (dueAtMs) => {
        const delay = delayOf(dueAtMs);
        expect(delay).toSatisfy(Number.isInteger);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(900);
      }),
    );
  });
});

describe('a pause after a failure', () => {
  const pause = { retryBaseSeconds: 5, retryMaxSeconds: 300 };

  it('doubles up to the maximum', () => {
    expect([0, 1, 2, 5, 6, 7, 1e6].map((failures) => backoffMs(failures, pause, 0.999_999_99) / 1000)).toEqual([
      5, 10, 20, 160, 300, 300, 300,
    ]);
  });

  it('is by chance in the upper half, so that what failed together comes apart', () => {
    expect(backoffMs(1, pause, 0)).toBe(5000);
    expect(backoffMs(1, pause, 0.5)).toBe(7500);
  });

  it('is whole ms, and never longer than the maximum', () => {
    const failures = fc.nat();
    const base = fc.double({ min: 0, max: 3600, noNaN: true });
    fc.assert(
      fc.property(
        failures,
        base,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (count, retryBaseSeconds, random) => {
          const ms = backoffMs(count, { retryBaseSeconds, retryMaxSeconds: 300 }, random);
          expect(ms).toSatisfy(Number.isInteger);
          expect(ms).toBeLessThanOrEqual(300_000);
          expect(ms).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
