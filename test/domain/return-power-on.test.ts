import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { powerOnAnswered } from '#shared/domain/return/after-change.ts';
import { decideReturn } from '#shared/domain/return/decide-return.ts';
import { asksForPower, objectionToPowerOn } from '#shared/domain/return/power-on.ts';
import type { Returning, ReturnSight } from '#shared/domain/return/returning.ts';
import { aHostIn, aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';
import {
  anOffSight,
  aReturn,
  aReturningHost,
  aService,
  aSight,
  OFF,
  RECOVERED,
  RETURN_ID,
  rulesOf,
} from '#test/support/returns.ts';

const RULES = rulesOf({ powerOn: 'after-evacuations' });
const decide = (returning: Returning, sight: ReturnSight, host: Partial<HostState> = {}, rules = RULES) =>
  decideReturn(aReturningHost(returning, host), returning, sight, rules, 0.5);
const asked = { askedFor: { by: 'ann', reason: 'repaired', commandId: 'c1' } };

/** Each reason for which it stays off, what is read then, and whether who asks by name gets past it. */
const REASONS: readonly (readonly [check: string, returning: Partial<Returning>, sight: Partial<ReturnSight>])[] = [
  ['armed', {}, { halted: 'salvor is disarmed by ann' }],
  ['protected', {}, { segments: [] }],
  ['in-service', {}, { service: aService({ status: 'disabled', disabledReason: 'bob', lastReportAtMs: null }) }],
  ['not-quarantined', { quarantine: { failures: 2, untilMs: null } }, {}],
  ['evacuations-ended', {}, { running: 1 }],
  ['not-awaited-elsewhere', {}, { towards: 1 }],
  ['no-person', { persons: 1 }, {}],
  ['own-device', {}, { deviceFault: 'its device is bound to compute-2' }],
  ['starts', { powerOns: 3 }, {}],
  ['starts', { powerOns: 1, poweredOnAtMs: NOW_MS - seconds(59) }, {}],
];
const WAIVED = ['not-quarantined', 'no-person'];

describe('a host that is off', () => {
  it('is switched on, with everything that was asked for on record', () => {
    expect(decide(aReturn('waiting'), anOffSight())).toMatchObject({
      do: 'power-on',
      facts: [
        {
          type: 'power-on-intended',
          attempt: 1,
          device: 'PowerState Off',
          dueAtMs: NOW_MS + seconds(30),
          checks: expect.arrayContaining([expect.objectContaining({ check: 'own-device', open: true })]),
        },
      ],
    });
  });

  it.each(REASONS)('stays off for %s', (check, returning, sight) => {
    const decision = decide(aReturn('waiting', returning as object), anOffSight(sight));
    expect(decision.do).toBe('commit');
    const [fact] = decision.facts;
    expect(fact?.type === 'return-waits' ? fact.checks.filter(({ open }) => !open) : fact).toMatchObject([{ check }]);
  });

  it.each(REASONS)('and is asked for by name: %s', (check, returning, sight) => {
    const decision = decide(aReturn('waiting', { ...asked, ...(returning as object) }), anOffSight(sight));
    expect(decision.do).toBe(WAIVED.includes(check) ? 'power-on' : 'commit');
  });

  it('is tried again a minute later, three times in all', () => {
    const tried = aReturn('waiting', { powerOns: 2, poweredOnAtMs: NOW_MS - seconds(60) });
    expect(decide(tried, anOffSight())).toMatchObject({ do: 'power-on', facts: [{ attempt: 3 }] });
  });

  it.each([
    ['the policy says never', rulesOf(), anOffSight()],
    ['its nova-compute is heard of', RULES, anOffSight({ service: aService() })],
    ['its power can’t be read', RULES, anOffSight({ power: { ...OFF, power: 'unknown' } })],
    ['its power was not read', RULES, anOffSight({ power: null })],
    ['it is on', RULES, anOffSight({ power: { ...OFF, power: 'on' } })],
    ['no segment holds it', { ...RULES, segment: null }, anOffSight()],
  ])('is not switched on while %s', (_, rules, sight) => {
    expect(decide(aReturn('waiting'), sight, {}, rules).do).not.toBe('power-on');
  });

  it('that somebody has given back already is not switched on', () => {
    const sight = anOffSight({ service: aService({ forcedDown: false, lastReportAtMs: null }) });
    expect(decide(aReturn('waiting'), sight).facts).toMatchObject([{ outcome: 'overtaken' }]);
  });
});

describe('its power is read', () => {
  const asks = (returning: Returning, sight: ReturnSight, rules = RULES) =>
    asksForPower(aReturningHost(returning), returning, sight, rules);
  const silent = anOffSight({ power: null });
  it('only where it may be switched on', () => {
    expect(asks(aReturn('waiting'), silent)).toBe(true);
    expect(asks(aReturn('powering-on'), silent)).toBe(true);
    expect(asks(aReturn('waiting'), silent, rulesOf())).toBe(false);
    expect(asks(aReturn('waiting'), aSight())).toBe(false);
    expect(asks(aReturn('proving'), silent)).toBe(false);
    expect(asks(aReturn('waiting'), { ...silent, running: 1 })).toBe(false);
  });
  it('also of one that is heard of again, until it was read as on', () => {
    const sent = { powerOns: 1, poweredOnAtMs: NOW_MS - seconds(5) };
    for (const status of ['waiting', 'powering-on'] as const) {
      expect(asks(aReturn(status, sent), aSight())).toBe(true);
      expect(asks(aReturn(status, { ...sent, provenOn: true }), aSight())).toBe(false);
    }
    expect(asks(aReturn('powering-on', sent), aSight({ running: 1 }))).toBe(false);
    expect(asks(aReturn('proving', sent), aSight())).toBe(false);
  });
  it('and wherever a power-on has no outcome on record', () => {
    expect(asks(aReturn('powering-on', { asked: 'power-on' }), { ...silent, running: 1 }, rulesOf())).toBe(true);
  });
});

describe('a power-on', () => {
  const ON = { ...OFF, power: 'on', detail: 'PowerState On' } as const;
  const sent = aReturn('powering-on', { powerOns: 2, poweredOnAtMs: NOW_MS - seconds(5) });
  const proven = { type: 'power-on-proven', returnId: RETURN_ID, attempt: 2, systemUuid: OFF.systemUuid };
  const evolved = (returning: Returning, ...facts: HostFact[]): Returning | null | undefined =>
    facts.reduce(evolveHost, aReturningHost(returning)).returning;

  it('is proven by a reading of on, once, whatever else the look decides', () => {
    const { facts } = decide(sent, anOffSight({ power: ON }));
    expect(facts).toMatchObject([{ ...proven, detail: 'PowerState On', atMs: NOW_MS }, { type: 'return-waits' }]);
    const on = evolved(sent, ...facts);
    expect(on).toMatchObject({ status: 'waiting', provenOn: true });
    expect(on && decide(on, anOffSight({ power: ON })).facts).toMatchObject([{ type: 'return-still-waits' }]);
    expect(decide(sent, aSight({ power: ON })).facts).toMatchObject([proven, { type: 'return-proving' }]);
  });

  it.each([
    ['its power reads off', sent, anOffSight()],
    ['its power is unknown', sent, anOffSight({ power: { ...ON, power: 'unknown' } })],
    ['its power was not read', sent, aSight()],
    ['its device is another’s', sent, anOffSight({ power: ON, deviceFault: 'its device is bound to compute-2' })],
    ['none was sent', aReturn('powering-on', { powerOns: 1 }), anOffSight({ power: ON })],
  ])('is not while %s', (_, returning, sight) => {
    expect(decide(returning, sight).facts.map(({ type }) => type)).not.toContain('power-on-proven');
  });

  it('whose answer nobody heard is proven by what is found, and the next one anew', () => {
    const lost = aReturn('powering-on', { powerOns: 1, asked: 'power-on' });
    const { facts } = decide(lost, anOffSight({ power: ON }));
    expect(facts).toMatchObject([{ type: 'power-on-found', power: 'on' }, { type: 'return-goes-on' }]);
    expect(evolved(lost, ...facts)).toMatchObject({ asked: null, provenOn: true });
    const found = decide(lost, anOffSight()).facts;
    expect(evolved(lost, ...found)).not.toHaveProperty('provenOn');
    const again = decide(aReturn('waiting', { powerOns: 1, provenOn: true }), anOffSight()).facts;
    expect(evolved(aReturn('waiting', { powerOns: 1, provenOn: true }), ...again)).toMatchObject({ powerOns: 2 });
    expect(evolved(aReturn('waiting', { powerOns: 1, provenOn: true }), ...again)).not.toHaveProperty('provenOn');
  });
});

describe('the last objection to a power-on', () => {
  const intended = aReturn('powering-on', { powerOns: 1, asked: 'power-on' });
  const host = aReturningHost(intended);
  const objection = (
    now: HostState | undefined = host,
    again: ReturnSight | undefined = anOffSight(),
    { afterSeconds = 5, of = intended }: { afterSeconds?: number; of?: Returning } = {},
  ) => objectionToPowerOn(of, now, again, RULES, NOW_MS - seconds(afterSeconds), NOW_MS);

  it('is none while everything is as it was', () => {
    expect(objection()).toBeUndefined();
    expect(objection(host, anOffSight(), { afterSeconds: 30 })).toBeUndefined();
  });

  it('is that its power was read too long ago', () => {
    expect(objection(host, anOffSight(), { afterSeconds: 31 })).toBe(
      'its power was read 31 s ago, which counts for 30 s',
    );
  });

  it('is an incident, another step, or a Nova that is away', () => {
    const opened = { ...host, incident: aHostIn('suspected').incident };
    expect(objection(opened)).toBe('an incident of the host was opened meanwhile');
    expect(objectionToPowerOn(intended, undefined, anOffSight(), RULES, NOW_MS, NOW_MS)).toMatch(/^an incident/);
    const stepped = { ...host, returning: { ...intended, tick: intended.tick + 1 } };
    expect(objection(stepped)).toBe('another step was taken meanwhile');
    expect(objection({ ...host, returning: null })).toBe('another step was taken meanwhile');
    expect(objectionToPowerOn(intended, host, undefined, RULES, NOW_MS, NOW_MS)).toBe('Nova does not answer');
    expect(objection(host, anOffSight({ service: null }))).toBe('Nova has no such compute service any more');
  });

  it.each(REASONS.filter(([check]) => check !== 'starts'))('is %s by then', (_, returning, sight) => {
    const of = { ...intended, ...(returning as object) } as Returning;
    expect(objection({ ...host, returning: of }, anOffSight(sight), { of })).toBeDefined();
  });
});

describe('a host behind a slow fence agent', () => {
  const agent = { driver: 'agent', agent: 'fence_ilo_ssh', worker: 'rack-a', credentials: 'bmc' } as const;
  const device = { ...agent, parameters: { ip: 'ilo-1' }, timeoutSeconds: 45 };
  const policy = aPolicy(
    { fenceDevices: { 'compute-1': device } },
    { hostReturn: { mode: 'automatic', powerOn: 'after-evacuations' }, fencing: { proofMaxAgeSeconds: 180 } },
  );
  const rules = { policy, segment: policy.segments[0] ?? null };
  const off = (untilMs: number): Partial<HostState> => ({
    ours: { forcedDownAtMs: NOW_MS - seconds(900), switchedOff: [0], offMayRunUntilMs: untilMs },
  });
  const shut = (decision: ReturnType<typeof decideReturn>) =>
    decision.facts.flatMap((fact) => (fact.type === 'return-waits' ? fact.checks.filter(({ open }) => !open) : []));

  it.each([
    ['switched on', 'waiting', anOffSight()],
    ['given back', 'giving-back', aSight()],
  ] as const)('is not %s while a power-off of it may run, whoever asks', (_, status, sight) => {
    for (const byName of [{}, asked]) {
      const returning = aReturn(status, byName);
      const waits = decide(returning, sight, off(NOW_MS + 1), rules);
      expect(waits.do).toBe('commit');
      expect(shut(waits)).toEqual([
        {
          check: 'power-off-ended',
          open: false,
          because: `a slow power-off of it may run until ${new Date(NOW_MS + 1).toISOString()}`,
        },
      ]);
      expect(decide(returning, sight, off(NOW_MS), rules).do).not.toBe('commit');
    }
  });

  it('does not prove well meanwhile, nor is its power read', () => {
    const returning = aReturn('proving');
    expect(decide(returning, aSight(), off(NOW_MS + 1), rules).facts).toMatchObject([{ type: 'return-waits' }]);
    const waiting = aReturn('waiting');
    const reads = (untilMs: number) =>
      asksForPower(aReturningHost(waiting, off(untilMs)), waiting, anOffSight({ power: null }), rules);
    expect(reads(NOW_MS + 1)).toBe(false);
    expect(reads(NOW_MS)).toBe(true);
  });

  it('is switched on by an answer that was kept for as long as one takes and a look that is seldom', () => {
    const kept = (agoSeconds: number) => anOffSight({ power: { ...OFF, askedAtMs: NOW_MS - seconds(agoSeconds) } });
    expect(decide(aReturn('waiting'), kept(150), {}, rules).do).toBe('power-on');
    const late = decide(aReturn('waiting'), kept(151), {}, rules);
    expect(shut(late)).toMatchObject([
      {
        check: 'switchable',
        because: 'its power was asked for 151 s ago, which counts for 150 s: it is asked for anew',
      },
    ]);
    const intended = aReturn('powering-on', { powerOns: 1, asked: 'power-on' });
    const objection = (agoSeconds: number) =>
      objectionToPowerOn(intended, aReturningHost(intended), kept(agoSeconds), rules, NOW_MS - seconds(5), NOW_MS);
    expect(objection(150)).toBeUndefined();
    expect(objection(151)).toMatch(/^its power was asked for 151 s ago/);
  });
});

describe('the answer to a power-on', () => {
  const answer = (kind: 'accepted' | 'refused' | 'unknown', failures = 0) => {
    const host = aReturningHost(aReturn('powering-on', { asked: 'power-on', failures }));
    return powerOnAnswered(host, RETURN_ID, 1, { kind, detail: 'x', durationMs: 9 }, RULES, NOW_MS, 1);
  };
  it('is read back soon, or tried again after a pause that grows', () => {
    expect(answer('accepted')).toMatchObject({ answer: 'accepted', nextLookAtMs: NOW_MS + seconds(5) });
    expect(answer('refused')).toMatchObject({ answer: 'refused', nextLookAtMs: NOW_MS + seconds(5) });
    expect(answer('unknown', 3)).toMatchObject({ nextLookAtMs: NOW_MS + seconds(40) });
  });
  it('that comes late counts no failures of another return', () => {
    const host = aReturningHost(aReturn('powering-on', { id: 'another', failures: 3 }), { lastIncident: RECOVERED });
    const late = powerOnAnswered(host, RETURN_ID, 1, { kind: 'refused', detail: '', durationMs: 1 }, RULES, NOW_MS, 1);
    expect(late.type === 'power-on-answered' && late.nextLookAtMs).toBe(NOW_MS + seconds(5));
  });
});
