import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { OnHost } from '#shared/domain/operator.ts';
import { decideOnHost } from '#shared/domain/operator-host.ts';
import { aHost, aHostIn, iso, NOW_MS, seconds } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';
import { aMaintenance, aReturn, aReturningHost } from '#test/support/returns.ts';

const decide = (command: OnHost, host: HostState) => decideOnHost(command, host, 'az1', NOW_MS);
const OURS = { ours: { forcedDownAtMs: NOW_MS - seconds(900) } };
const STATUSES = [
  'suspected',
  'held',
  'fencing',
  'forcing-down',
  'planning',
  'evacuating',
  'handing-over',
  'stopped',
] as const;

it.each(['return', 'maintenance-on', 'maintenance-off'] as const)('a %s that comes late is refused', (type) => {
  const time = iso(NOW_MS - seconds(900) - 1);
  const refused = 'it was asked for 900 s ago, and counts for 900 s: ask again';
  expect(decide(aCommand(type, { time }), aHost(OURS))).toEqual({ refused });
});

describe('salvor return', () => {
  it('opens the way back of what salvor has forced down or disabled', () => {
    const command = aCommand('return');
    for (const ours of [OURS.ours, { disabled: 'salvor maintenance by ann: x' }])
      expect(decide(command, aHost({ ours }))).toMatchObject({
        facts: [
          {
            type: 'return-opened',
            returnId: command.id,
            segment: 'az1',
            persons: 0,
            quarantine: null,
            because: 'asked for by ann: network test',
            askedFor: { by: 'ann', reason: 'network test', commandId: command.id },
          },
        ],
      });
  });

  it('lets one go on that waits, out of quarantine', () => {
    const waiting = aReturn('waiting', { quarantine: { failures: 2, untilMs: null }, persons: 1 });
    const decision = decide(aCommand('return'), aReturningHost(waiting));
    const facts = 'facts' in decision ? decision.facts : [];
    expect(facts).toMatchObject([{ type: 'return-asked', by: 'ann' }]);
    const after = facts.reduce(evolveHost, aReturningHost(waiting));
    expect(after.returning).toMatchObject({ quarantine: null, askedFor: { by: 'ann' }, tick: 6, dueAtMs: NOW_MS });
  });

  it.each([
    ['what others have done', aHost(), /^salvor has neither forced it down nor disabled it/],
    ['a host in maintenance', aHost({ ...OURS, maintenance: aMaintenance('away') }), /^it is in maintenance/],
    ['an open incident', { ...aHostIn('evacuating'), ...OURS }, /^it has an open incident, which is evacuating$/],
  ])('does not undo %s', (_, host, refused) => {
    expect(decide(aCommand('return'), host)).toEqual({ refused: expect.stringMatching(refused) });
  });
});

describe('salvor maintenance on', () => {
  const on = (overrides: Partial<Extract<OnHost, { type: 'maintenance-on' }>> = {}) =>
    aCommand('maintenance-on', overrides);

  it('begins, for its time from when it was asked for', () => {
    expect(decide(on(), aHost())).toMatchObject({
      facts: [{ type: 'maintenance-opened', by: 'ann', reason: 'network test', drain: false, untilMs: null }],
      said: 'its service is disabled, until salvor maintenance off',
    });
    const timed = on({ drain: true, forSeconds: 3600, time: iso(NOW_MS - seconds(60)) });
    expect(decide(timed, aHost())).toMatchObject({
      facts: [{ drain: true, untilMs: NOW_MS + seconds(3540) }],
      said: 'its service is disabled, and its instances are live-migrated away, until 2026-11-21T12:59:00.000Z',
    });
  });

  it('ends a return that is open', () => {
    expect(decide(on(), aReturningHost(aReturn('powering-on', { asked: 'power-on' })))).toMatchObject({
      facts: [{ type: 'return-ended', outcome: 'maintenance', unsettled: 'power-on' }, { type: 'maintenance-opened' }],
    });
  });

  it('is refused twice', () => {
    const refused = 'it is in maintenance already, by ann: memory';
    expect(decide(on(), aHost({ maintenance: aMaintenance('away') }))).toEqual({ refused });
  });

  it.each(STATUSES)('of a host whose incident is %s', (status) => {
    const decision = decide(on(), aHostIn(status));
    if (status === 'suspected' || status === 'held') expect(decision).toHaveProperty('facts');
    else expect(decision).toEqual({ refused: `salvor is recovering it: its incident is ${status}` });
  });
});

describe('salvor maintenance off', () => {
  const off = aCommand('maintenance-off');
  it('has the host on its way back', () => {
    const host = aHost({ maintenance: aMaintenance('away'), ours: { disabled: 'x' } });
    const decision = decide(off, host);
    expect(decision).toMatchObject({ said: 'it is enabled again as soon as it is well' });
    const after = ('facts' in decision ? decision.facts : []).reduce(evolveHost, host);
    expect(after).toMatchObject({ maintenance: null, returning: { id: off.id, askedFor: { by: 'ann' } } });
  });

  it('says when there is nothing of salvor’s to undo', () => {
    expect(decide(off, aHost({ maintenance: aMaintenance('away') }))).toMatchObject({
      said: expect.stringMatching(/^salvor has not disabled it, and leaves it as it is/),
    });
  });

  it.each(STATUSES)('is refused while an incident is %s: its end would have the host fenced', (status) => {
    const host = { ...aHostIn(status), maintenance: aMaintenance('away') };
    expect(decide(off, host)).toEqual({ refused: expect.stringContaining(`(its incident is ${status})`) });
  });

  it('is refused without a maintenance', () => {
    expect(decide(off, aHost(OURS))).toEqual({ refused: 'it is not in maintenance' });
  });
});
