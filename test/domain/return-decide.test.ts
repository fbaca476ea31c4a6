import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostState } from '#shared/domain/host.ts';
import { decideReturn, waitsBlind } from '#shared/domain/return/decide-return.ts';
import type { Returning, ReturnSight } from '#shared/domain/return/returning.ts';
import { NOW_MS, SERVICE_ID, seconds } from '#test/support/builders.ts';
import { anOffSight, aReturn, aReturningHost, aService, aSight, RETURN_ID, rulesOf } from '#test/support/returns.ts';

const decide = (
  returning: Returning,
  sight: ReturnSight,
  { host = {}, rules = rulesOf() }: { host?: Partial<HostState>; rules?: ReturnType<typeof rulesOf> } = {},
) => decideReturn(aReturningHost(returning, host), returning, sight, rules, 0.5);

const shutOf = (decision: ReturnType<typeof decideReturn>): readonly string[] =>
  decision.facts.flatMap((fact) =>
    fact.type === 'return-waits' ? fact.checks.filter(({ open }) => !open).map(({ check }) => check) : [fact.type],
  );

describe('a host that waits', () => {
  const waiting = aReturn('waiting');
  it.each([
    ['armed', aSight({ halted: 'salvor is disarmed by ann' })],
    ['protected', aSight({ segments: [] })],
    ['protected', aSight({ segments: ['az1', 'az2'] })],
    ['in-service', aSight({ service: aService({ status: 'disabled', disabledReason: 'bob works on it' }) })],
    ['evacuations-ended', aSight({ running: 1 })],
    ['cleaned', aSight({ uncleaned: 2 })],
    ['reports', aSight({ service: aService({ lastReportAtMs: null }) })],
    ['reports', aSight({ service: aService({ lastReportAtMs: NOW_MS - seconds(31) }) })],
  ])('goes on waiting for %s', (check, sight) => {
    expect(shutOf(decide(waiting, sight))).toEqual([check]);
  });

  it('is not seen as silent for as long as Nova’s newest word on any is as old', () => {
    const sight = aSight({ service: aService({ lastReportAtMs: NOW_MS - seconds(30) }) });
    expect(decide(waiting, sight).facts).toMatchObject([{ type: 'return-proving' }]);
  });

  it('is silent as long as Nova has heard nothing of it since its incident ended, however lately that was', () => {
    const lastIncident = { id: RETURN_ID, endedAtMs: NOW_MS - seconds(20), outcome: 'recovered' } as const;
    const rules = rulesOf({}, { evacuation: { settleSeconds: 1 } });
    const heardOf = (agoSeconds: number) =>
      decide(waiting, aSight({ service: aService({ lastReportAtMs: NOW_MS - seconds(agoSeconds) }) }), {
        host: { lastIncident },
        rules,
      });
    expect(shutOf(heardOf(20))).toEqual(['reports']);
    expect(shutOf(heardOf(19))).toEqual(['return-proving']);
  });

  it('waits until what was asked of Nova right before its incident ended would have shown', () => {
    const lastIncident = (agoSeconds: number) => ({
      lastIncident: { id: RETURN_ID, endedAtMs: NOW_MS - seconds(agoSeconds), outcome: 'recovered' } as const,
    });
    expect(shutOf(decide(waiting, aSight(), { host: lastIncident(119) }))).toEqual(['evacuations-ended']);
    expect(shutOf(decide(waiting, aSight(), { host: lastIncident(120) }))).toEqual(['return-proving']);
  });

  it('counts words that it is down, but not Nova’s own, which salvor has forced', () => {
    const word = { says: 'down', occurredAtMs: NOW_MS - seconds(60), receivedAtMs: NOW_MS - seconds(60) } as const;
    const down = (reporter: string) => ({ claims: { [reporter]: word } });
    expect(shutOf(decide(waiting, aSight(), { host: down('/monitor/a') }))).toEqual(['not-said-down']);
    expect(shutOf(decide(waiting, aSight(), { host: down('nova') }))).toEqual(['return-proving']);
  });

  it('is in quarantine until a person asks for it, or its time is over', () => {
    const held = (untilMs: number | null) => aReturn('waiting', { quarantine: { failures: 2, untilMs } });
    expect(shutOf(decide(held(null), aSight()))).toEqual(['not-quarantined']);
    expect(shutOf(decide(held(NOW_MS + 1), aSight()))).toEqual(['not-quarantined']);
    expect(shutOf(decide(held(NOW_MS), aSight()))).toEqual(['return-proving']);
  });

  it('tells the same checks once, and looks seldom once it has waited for long', () => {
    const again = aReturn('waiting', { shut: [{ check: 'cleaned', open: false, because: '1 evacuation' }] });
    expect(decide(again, aSight({ uncleaned: 2 })).facts).toMatchObject([
      {
        type: 'return-still-waits',
        shut: [{ check: 'cleaned', because: expect.stringMatching(/^2 evacuations/) }],
        nextLookAtMs: NOW_MS + seconds(10),
      },
    ]);
    const old = aReturn('waiting', { openedAtMs: NOW_MS - seconds(900) - 1 });
    expect(decide(old, aSight({ uncleaned: 2 })).facts).toMatchObject([{ nextLookAtMs: NOW_MS + seconds(60) }]);
    const fresh = { ...old, poweredOnAtMs: NOW_MS - seconds(30) };
    expect(decide(fresh, aSight({ uncleaned: 2 })).facts).toMatchObject([{ nextLookAtMs: NOW_MS + seconds(10) }]);
  });

  it('can’t be told anything of while Nova is away', () => {
    const [fact] = waitsBlind(waiting, 'no answer', NOW_MS).facts;
    expect(fact).toMatchObject({ type: 'return-waits', checks: [{ check: 'nova-answers', open: false }] });
    const home = aReturn('going-home');
    expect(waitsBlind(home, 'no answer', NOW_MS).facts).toMatchObject([{ type: 'return-goes-on' }]);
  });
});

describe('a person who asks for it by name', () => {
  const asked = aReturn('waiting', { askedFor: { by: 'ann', reason: 'repaired', commandId: 'c1' } });
  it.each([
    ['in another segment', aSight({ segments: ['az2'] })],
    ['disabled by somebody else', aSight({ service: aService({ status: 'disabled', disabledReason: 'bob' }) })],
  ])('gets it back from where it is: %s', (_, sight) => {
    expect(shutOf(decide(asked, sight))).toEqual(['return-proving']);
  });
  it.each([
    ['evacuations-ended', aSight({ running: 1 })],
    ['armed', aSight({ halted: 'salvor is disarmed by bob' })],
    ['cleaned', aSight({ uncleaned: 1 })],
  ])('does not get past %s', (check, sight) => {
    expect(shutOf(decide(asked, sight))).toEqual([check]);
  });
});

describe('a host that is well', () => {
  it('must stay so for as long as the policy wants, then Nova is told', () => {
    const proving = (forSeconds: number) => aReturn('proving', { wellSinceMs: NOW_MS - seconds(forSeconds) });
    expect(decide(proving(299), aSight()).facts).toEqual([
      { type: 'return-goes-on', shut: [], nextLookAtMs: NOW_MS + seconds(1) },
    ]);
    expect(decide(proving(300), aSight())).toMatchObject({
      do: 'change',
      change: 'force-up',
      facts: [{ type: 'service-change-intended', of: RETURN_ID, serviceId: SERVICE_ID, dueAtMs: NOW_MS + seconds(30) }],
    });
  });

  it('begins that time anew after one bad answer', () => {
    const host = aReturningHost(aReturn('proving', { wellSinceMs: NOW_MS - seconds(299) }));
    const { facts } = decide(host.returning as Returning, aSight({ uncleaned: 1 }));
    const waiting = facts.reduce<HostState>(evolveHost, host);
    expect(waiting.returning).toMatchObject({ status: 'waiting' });
    expect(decide(waiting.returning as Returning, aSight()).facts).toMatchObject([
      { type: 'return-proving', atMs: NOW_MS },
    ]);
  });

  it('is not held for that time when it was only in maintenance', () => {
    const disabled = aService({ state: 'up', forcedDown: false, status: 'disabled', disabledReason: 'salvor: m' });
    const decision = decide(aReturn('waiting'), aSight({ service: disabled }), {
      host: { ours: { disabled: 'salvor: m' } },
    });
    expect(decision).toMatchObject({ do: 'change', change: 'enable' });
  });

  it('is forced up first, and enabled once Nova has it up', () => {
    const ours = { forcedDownAtMs: NOW_MS - seconds(900), disabled: 'salvor: m' };
    const both = aService({ status: 'disabled', disabledReason: 'salvor: m' });
    const giving = aReturn('giving-back');
    expect(decide(giving, aSight({ service: both }), { host: { ours } })).toMatchObject({ change: 'force-up' });
    const up = { ...both, forcedDown: false, state: 'up' } as const;
    expect(decide(giving, aSight({ service: up }), { host: { ours: { disabled: 'salvor: m' } } })).toMatchObject({
      change: 'enable',
    });
  });
});

describe('a host of which nothing is left to undo', () => {
  const back = aService({ forcedDown: false, state: 'up' });
  it('was given back by somebody else, unless salvor has just done it', () => {
    expect(decide(aReturn('proving'), aSight({ service: back })).facts).toMatchObject([
      { type: 'return-ended', outcome: 'overtaken' },
    ]);
    expect(decide(aReturn('giving-back'), aSight({ service: back })).facts).toMatchObject([
      { type: 'return-ended', outcome: 'returned', because: 'Nova sees it up' },
    ]);
  });

  it('is not back before Nova sees it up', () => {
    expect(decide(aReturn('giving-back'), aSight({ service: { ...back, state: 'down' } })).facts).toMatchObject([
      { type: 'return-goes-on', shut: [{ check: 'sees-it-up' }] },
    ]);
  });

  it('stays disabled by whoever has disabled it', () => {
    const disabled = { ...back, status: 'disabled', disabledReason: 'bob works on it' } as const;
    expect(decide(aReturn('giving-back'), aSight({ service: disabled })).facts).toMatchObject([
      { outcome: 'returned', because: 'Nova sees it up; it stays disabled (bob works on it)' },
    ]);
  });

  it('stays disabled for a process of it, which enables it when that runs', () => {
    const reason = 'salvor: process libvirtd down';
    const disabled = aService({ status: 'disabled', disabledReason: reason });
    const giving = aReturn('giving-back');
    expect(decide(giving, aSight({ service: disabled }))).toMatchObject({ change: 'force-up' });
    const up = { ...disabled, forcedDown: false, state: 'up' } as const;
    expect(decide(giving, aSight({ service: up })).facts).toMatchObject([
      { outcome: 'returned', because: `Nova sees it up; it stays disabled (${reason})` },
    ]);
  });

  it('stays disabled as a reserved host that was given back meanwhile, and is switched on by a person', () => {
    const rules = rulesOf(
      { powerOn: 'after-evacuations' },
      { destinations: { reservedHosts: { names: ['compute-9'] } } },
    );
    const asleep = aService({ status: 'disabled', disabledReason: 'reserved: rack 2' });
    const giving = aReturn('giving-back');
    expect(decide(giving, aSight({ service: asleep }), { rules })).toMatchObject({ change: 'force-up' });
    const up = { ...asleep, forcedDown: false, state: 'up' } as const;
    expect(decide(giving, aSight({ service: up }), { rules }).facts).toMatchObject([
      { outcome: 'returned', because: 'Nova sees it up; it stays disabled (reserved: rack 2)' },
    ]);
    // Without reserved hosts in the policy the word means nothing.
    expect(shutOf(decide(aReturn('waiting'), aSight({ service: asleep })))).toEqual(['in-service']);
    const off = anOffSight({ service: { ...asleep, lastReportAtMs: null } });
    expect(shutOf(decide(aReturn('waiting'), off, { rules }))).toEqual(['in-service']);
  });

  it('has its instances sent home where the policy wants it, unless it takes none', () => {
    const rules = rulesOf({ goHome: true });
    expect(decide(aReturn('giving-back'), aSight({ service: back }), { rules }).facts).toMatchObject([
      { type: 'going-home-began' },
    ]);
    const disabled = { ...back, status: 'disabled', disabledReason: 'bob' } as const;
    expect(decide(aReturn('giving-back'), aSight({ service: disabled }), { rules }).facts).toMatchObject([
      { type: 'return-ended' },
    ]);
    const other = aReturn('giving-back', { incidentId: 'an older one' });
    expect(decide(other, aSight({ service: back }), { rules }).facts).toMatchObject([{ type: 'return-ended' }]);
  });

  it.each([null, aService({ id: 'another' })])('is gone with its service: %j', (service) => {
    expect(decide(aReturn('waiting'), aSight({ service })).facts).toMatchObject([
      { type: 'return-ended', outcome: 'service-gone' },
    ]);
  });
});

describe('a request whose answer nobody has recorded', () => {
  it('is what Nova shows', () => {
    const asked = aReturn('giving-back', { asked: 'force-up' });
    expect(decide(asked, aSight({ service: aService({ forcedDown: false, state: 'up' }) })).facts).toMatchObject([
      { type: 'service-changed', change: 'force-up' },
    ]);
    expect(decide(asked, aSight()).facts).toMatchObject([
      { type: 'service-change-failed', because: 'Nova says down, enabled, forced_down true' },
    ]);
  });

  it('is not an enable of what somebody has disabled since', () => {
    const asked = aReturn('giving-back', { asked: 'enable' });
    const disabled = aService({ forcedDown: false, state: 'up', status: 'disabled', disabledReason: 'bob' });
    expect(decide(asked, aSight({ service: disabled })).facts).toMatchObject([{ type: 'service-change-failed' }]);
  });

  it.each(['on', 'off', 'unknown'] as const)('and was a power-on: its power is %s', (power) => {
    const asked = aReturn('powering-on', { asked: 'power-on' });
    const sight = aSight({ power: { power, systemUuid: null, detail: 'read' } });
    expect(decide(asked, sight).facts).toMatchObject([
      { type: 'power-on-found', power, detail: 'read' },
      { type: 'return-goes-on', nextLookAtMs: NOW_MS + seconds(10) },
    ]);
  });
});
