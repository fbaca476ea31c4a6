import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostFact, HostState, IncidentOutcome } from '#shared/domain/host.ts';
import { endsReturn, isAwaited, withReturn } from '#shared/domain/return/open-return.ts';
import { oursAfter } from '#shared/domain/return/ours.ts';
import {
  aHost,
  aHostIn,
  aPolicy,
  aProof,
  INCIDENT_ID,
  NOW_MS,
  type SegmentInput,
  seconds,
} from '#test/support/builders.ts';
import { FACTS } from '#test/support/host-facts.ts';
import { aMaintenance, aMove, aReturn, aReturningHost, RECOVERED, rulesOf } from '#test/support/returns.ts';

const closing = (outcome: IncidentOutcome = 'recovered', counts: Readonly<Record<string, number>> = {}): HostFact => ({
  ...FACTS['incident-closed'],
  outcome,
  counts,
});
const FORCED = { ours: { forcedDownAtMs: NOW_MS - seconds(300) } };
const opened = (
  host: Partial<HostState> = {},
  fact: HostFact = closing(),
  hostReturn: SegmentInput['hostReturn'] = {},
) => {
  const policy = aPolicy({}, { hostReturn: { mode: 'automatic', ...hostReturn } });
  const facts = withReturn({ ...aHostIn('evacuating'), ...FORCED, ...host }, [FACTS.followed, fact], policy);
  return facts.find((each) => each.type === 'return-opened');
};

describe('the end of an incident', () => {
  it('opens the way back of a host that salvor has forced down, before it is closed', () => {
    const policy = aPolicy({}, { hostReturn: { mode: 'automatic' } });
    const host = { ...aHostIn('evacuating'), ...FORCED };
    const facts = withReturn(host, [FACTS.followed, closing()], policy);
    expect(facts.map(({ type }) => type)).toEqual(['followed', 'return-opened', 'incident-closed']);
    const after = facts.reduce<HostState>(evolveHost, host);
    expect(after).toMatchObject({ incident: null, returning: { status: 'waiting', id: INCIDENT_ID, tick: 0 } });
  });

  it.each(['recovered', 'partly-recovered', 'stood-down'] as const)('as %s', (outcome) => {
    expect(opened({}, closing(outcome))).toMatchObject({ because: `its incident ended as ${outcome}` });
  });

  it.each(['dismissed', 'shadow'] as const)('but not as %s', (outcome) => {
    expect(opened({}, closing(outcome))).toBeUndefined();
  });

  it.each([
    ['that salvor did not force down', { ours: {} }, closing()],
    ['in maintenance', { maintenance: aMaintenance('away') }, closing()],
  ])('opens none of a host %s', (_, host, fact) => {
    expect(opened(host, fact)).toBeUndefined();
  });

  it('opens none where the policy leaves that to people, or only decides', () => {
    expect(opened({}, closing(), { mode: 'manual' })).toBeUndefined();
    const shadow = aPolicy({}, { mode: 'shadow', hostReturn: { mode: 'automatic' } });
    expect(withReturn({ ...aHostIn('evacuating'), ...FORCED }, [closing()], shadow)).toEqual([closing()]);
  });

  it('tells how many instances a person has in hand', () => {
    expect(opened({}, closing('partly-recovered', { person: 2, unfinished: 1, recovered: 9 }))?.persons).toBe(3);
  });

  it.each([
    [[1], null],
    [[2000, 1], null],
    [[900, 1], { failures: 2, untilMs: null }],
    [[900, 500, 1], { failures: 3, untilMs: null }],
  ])('of a host that has failed %j s ago has a quarantine: %j', (agos, quarantine) => {
    const failedAtMs = agos.map((ago) => NOW_MS - seconds(ago));
    const host = { ours: { ...FORCED.ours, failedAtMs } };
    expect(opened(host, closing(), { quarantine: { withinSeconds: 1000 } })).toMatchObject({ quarantine });
    const held = opened(host, closing(), { quarantine: { withinSeconds: 1000, holdSeconds: 60 } });
    expect(held?.quarantine?.untilMs ?? null).toBe(quarantine === null ? null : NOW_MS + seconds(60));
  });
});

describe('what is salvor’s', () => {
  const host = { ...aHostIn('forcing-down'), claims: {} };
  const oursBehind = (from: HostState, ...facts: readonly HostFact[]) =>
    facts.reduce((ours, fact) => oursAfter({ ...from, ...(ours === undefined ? {} : { ours }) }, fact), from.ours);

  it('begins with the intent, which may have worked, and keeps its beginning', () => {
    const intended = { ...FACTS['force-down-intended'] };
    const once = oursBehind(host, intended);
    expect(once).toEqual({ forcedDownAtMs: host.incident?.openedAtMs });
    expect(oursBehind({ ...host, ours: { forcedDownAtMs: 5 } } as HostState, intended)).toEqual({ forcedDownAtMs: 5 });
  });

  it('are power-offs that may run on: of several the longest, which whoever gives it back does not end', () => {
    const off = { ...FACTS['power-off-intended'] };
    const slow = { ...off, mayRunUntilMs: 900 };
    const shorter = { ...off, level: 1, mayRunUntilMs: 800 };
    expect(oursBehind(host, slow, shorter, off)).toEqual({ switchedOff: [0, 1], offMayRunUntilMs: 900 });
    expect(oursBehind(host, off)).not.toHaveProperty('offMayRunUntilMs');
    const from = aReturningHost(aReturn('giving-back'), { ours: { forcedDownAtMs: 5, offMayRunUntilMs: 900 } });
    const changed = { type: 'service-changed', of: 'r', change: 'force-up', state: '', atMs: NOW_MS } as const;
    expect(oursBehind(from, changed)).toEqual({ offMayRunUntilMs: 900 });
  });

  it('ends when Nova has it up, or was told so, or somebody else has done it', () => {
    const ours = { forcedDownAtMs: 5, seenUpAtMs: 6, disabled: 'm' };
    const from = aReturningHost(aReturn('giving-back'), { ours });
    const changed = { type: 'service-changed', of: 'r', state: '', atMs: NOW_MS } as const;
    expect(oursBehind(from, { ...changed, change: 'force-up' })).toEqual({ disabled: 'm' });
    expect(oursBehind(from, { ...changed, change: 'enable' })).toEqual({ forcedDownAtMs: 5, seenUpAtMs: 6 });
    expect(oursBehind(from, { ...changed, change: 'disable' })).toEqual(ours);
    const ended = { type: 'return-ended', returnId: 'r', because: '', unsettled: null, atMs: NOW_MS } as const;
    expect(oursBehind(from, { ...ended, outcome: 'overtaken' })).toEqual({});
    expect(oursBehind(from, { ...ended, outcome: 'reported-down' })).toEqual(ours);
    const { evidence } = FACTS.held;
    const up = { id: 's', status: 'enabled', disabledReason: null, state: 'up', forcedDown: false } as const;
    const seen = { ...FACTS.held, evidence: evidence && { ...evidence, service: up } } as HostFact;
    expect(oursBehind(from, seen)).toEqual({ disabled: 'm' });
  });

  it('counts a failure once it is proven, and one that is nagged about not again', () => {
    const openedAtMs = host.incident?.openedAtMs ?? 0;
    const proof: HostFact = { type: 'proof-made', proof: aProof(), atMs: NOW_MS };
    expect(oursBehind(host, proof, proof)).toEqual({ failedAtMs: [openedAtMs] });
    const nagged = { ...host, lastIncident: RECOVERED, ours: { forcedDownAtMs: 5, failedAtMs: [5] } };
    expect(oursBehind(nagged, proof)?.failedAtMs).toEqual([5]);
    const seenUp = { ...nagged, ours: { ...nagged.ours, seenUpAtMs: RECOVERED.endedAtMs + 1 } };
    expect(oursBehind(seenUp, proof)?.failedAtMs).toEqual([5, openedAtMs]);
    const givenBack = { ...nagged, ours: { failedAtMs: [5] } };
    expect(oursBehind(givenBack, proof)?.failedAtMs).toEqual([5, openedAtMs]);
  });
});

describe('a word that it is down', () => {
  const { segment } = rulesOf({ bootSeconds: 900 });
  const awaited = (host: HostState, seenUpAtMs = 0, nowMs = NOW_MS) =>
    segment !== null && isAwaited(host, segment, seenUpAtMs, nowMs);
  const waiting = aReturningHost(aReturn('waiting'));

  it('is awaited for a while after its recovery, unless it was seen up since', () => {
    const last = RECOVERED.endedAtMs + seconds(720) - 1;
    expect(awaited(waiting, 0, last)).toBe(true);
    expect(awaited(waiting, 0, last + 1)).toBe(false);
    expect(awaited(waiting, RECOVERED.endedAtMs + 1)).toBe(false);
    expect(awaited({ ...waiting, ours: { forcedDownAtMs: 1, seenUpAtMs: RECOVERED.endedAtMs + 1 } })).toBe(false);
  });

  it('is awaited while it boots', () => {
    const poweredOnAtMs = NOW_MS - seconds(899);
    const booting = aReturningHost(aReturn('waiting', { poweredOnAtMs }));
    expect(awaited(booting)).toBe(true);
    expect(awaited(booting, 0, NOW_MS + seconds(1))).toBe(false);
    expect(awaited(booting, poweredOnAtMs + 1)).toBe(false);
  });

  it('is news of a host that is not on its way back from a recovery', () => {
    expect(awaited(aHost({ lastIncident: RECOVERED }))).toBe(false);
    expect(awaited(aReturningHost(aReturn('waiting'), { lastIncident: null }))).toBe(false);
    const dismissed = { ...RECOVERED, outcome: 'dismissed' } as const;
    expect(awaited(aReturningHost(aReturn('waiting'), { lastIncident: dismissed }))).toBe(false);
  });
});

describe('the end of a return', () => {
  it('says what nobody knows the outcome of', () => {
    const end = (returning: HostState['returning']) =>
      endsReturn({ ...(returning === undefined ? {} : { returning }) }, 'reported-down', 'down', NOW_MS);
    expect(end(null)).toEqual([]);
    expect(end(undefined)).toEqual([]);
    expect(end(aReturn('waiting'))).toMatchObject([{ outcome: 'reported-down', unsettled: null }]);
    expect(end(aReturn('powering-on', { asked: 'power-on' }))).toMatchObject([{ unsettled: 'power-on' }]);
    expect(end(aReturn('going-home', { move: aMove() }))).toMatchObject([{ unsettled: 'live-migrate' }]);
    expect(end(aReturn('going-home'))).toMatchObject([{ unsettled: null }]);
  });
});
