import { describe, expect, it } from 'vitest';
import type { AggregateRef, Asleep } from '#shared/domain/asleep.ts';
import {
  decideGiveBack,
  decideWake,
  mayBeWoken,
  type ReservedFact,
  type ReservedSeen,
  type ReservedUses,
  reservedAfter,
  reservedAnswered,
  toGiveBack,
} from '#shared/domain/reserved-hosts.ts';
import type { Answer } from '#shared/ports.ts';
import { aSegment, NOW_MS, seconds } from '#test/support/builders.ts';

const segment = aSegment({ destinations: { method: 'auto_priority', reservedHosts: { names: ['spare-1'] } } });
const spare: Asleep = {
  ...{ host: 'spare-1', inFlight: 0, freeMemoryMb: 64_000, reserved: true },
  ...{ serviceId: 'id-1', reason: 'reserved: rack 2' },
};
const wanting = { memoryMb: 2048, notAt: [] };
const accepted: Answer = { kind: 'accepted', requestId: 'req-1', durationMs: 3 };
const unknown: Answer = { kind: 'unknown', error: 'timed out', durationMs: 3 };
const refused: Answer = { kind: 'refused', httpStatus: 403, message: 'no', requestId: 'req-1', durationMs: 3 };

const intended = (act: 'enable' | 'disable', atMs = NOW_MS): ReservedFact => ({
  ...{ type: 'reserved-host-intended', act, host: 'spare-1', because: 'why', atMs },
  ...{ serviceId: 'id-1', reason: 'reserved: rack 2' },
});
const answered = (act: 'enable' | 'disable', answer: Answer) => reservedAnswered('spare-1', { act }, answer, NOW_MS);
const made = (...facts: readonly ReservedFact[]): ReservedUses => facts.reduce(reservedAfter, {});
const unheard = (act: 'enable' | 'disable', times: number): readonly ReservedFact[] =>
  Array.from({ length: times }, () => [intended(act), answered(act, unknown)]).flat();
const enabled = made(intended('enable'), answered('enable', accepted));

describe('a reserved host is enabled', () => {
  const basis = { instance: 'web-1', wanting, candidates: [], asleep: [spare] };

  it('for an instance that finds no other', () => {
    expect(decideWake(basis, segment, NOW_MS)).toEqual([
      {
        ...{ type: 'reserved-host-intended', act: 'enable', host: 'spare-1', atMs: NOW_MS },
        ...{ serviceId: 'id-1', reason: 'reserved: rack 2' },
        because: 'web-1 is to go there, by the method auto_priority',
      },
    ]);
  });

  it('for none that has a host', () => {
    const candidates = [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 4096 }];
    expect(decideWake({ ...basis, candidates }, segment, NOW_MS)).toEqual([]);
  });

  it.each<[string, ReservedUses, boolean]>([
    ['was not asked for yet', {}, true],
    ['may not have heard of it', made(intended('enable'), answered('enable', unknown)), true],
    ['was accepted, and is disabled again', enabled, true],
    ['has no answer yet', made(intended('enable')), false],
    ['was refused by Nova', made(intended('enable'), answered('enable', refused)), false],
    ['was left', reservedAfter(enabled, { type: 'reserved-host-left', host: 'spare-1', because: '', atMs: 0 }), false],
    ['was asked for often', made(...unheard('enable', 3)), false],
  ])('again when it %s: %#', (_, reserved, expected) => {
    expect(mayBeWoken({ reserved }, 'spare-1', NOW_MS)).toBe(expected);
  });

  it.each([0, 429])('again after a pause when Nova did not look at it (%i), however often', (httpStatus) => {
    const early: Answer = { ...refused, httpStatus };
    const times = Array.from({ length: 5 }, () => [intended('enable'), answered('enable', early)]).flat();
    const reserved = made(...times);
    expect(mayBeWoken({ reserved }, 'spare-1', NOW_MS + seconds(9))).toBe(false);
    expect(mayBeWoken({ reserved }, 'spare-1', NOW_MS + seconds(10))).toBe(true);
    expect(toGiveBack({ reserved })).toEqual([]);
  });

  it('not by an answer to what was asked before', () => {
    const late = made(...unheard('enable', 1), intended('disable'), answered('enable', accepted));
    expect(late).toMatchObject({ 'spare-1': { act: 'disable', answer: null } });
  });
});

describe('a reserved host is looked after at the end of its incident', () => {
  it.each<[string, ReservedUses | undefined, boolean]>([
    ['it was enabled', enabled, true],
    ['it may have been', made(intended('enable'), answered('enable', unknown)), true],
    ['an answer is to come', made(intended('enable')), true],
    [
      'it may not be disabled again',
      reservedAfter(reservedAfter(enabled, intended('disable')), answered('disable', unknown)),
      true,
    ],
    [
      'it is disabled again',
      reservedAfter(reservedAfter(enabled, intended('disable')), answered('disable', accepted)),
      false,
    ],
    [
      'Nova refuses that',
      reservedAfter(reservedAfter(enabled, intended('disable')), answered('disable', refused)),
      false,
    ],
    ['Nova refused to enable it', made(intended('enable'), answered('enable', refused)), false],
    ['there was none', undefined, false],
  ])('when %s: %#', (_, reserved, expected) => {
    expect(toGiveBack(reserved === undefined ? {} : { reserved })).toEqual(expected ? ['spare-1'] : []);
  });

  it('and not asked for ever', () => {
    expect(toGiveBack({ reserved: made(...unheard('disable', 2)) })).toEqual(['spare-1']);
    expect(toGiveBack({ reserved: made(...unheard('disable', 3)) })).toEqual([]);
  });
});

describe('it is given back', () => {
  const empty: ReservedSeen = { status: 'enabled', instances: 0, inFlight: 0, halted: null };
  const use = enabled['spare-1'] ?? { ...spare, act: 'enable', askedAtMs: 0, answer: null, tries: 1 };
  const decided = (seen: Partial<ReservedSeen>, of = use, atMs = NOW_MS) =>
    decideGiveBack('spare-1', of, { ...empty, ...seen }, atMs);

  it('with the reason that it was disabled for before', () => {
    expect(decided({})).toMatchObject([
      { type: 'reserved-host-intended', act: 'disable', serviceId: 'id-1', reason: 'reserved: rack 2' },
    ]);
  });

  it.each<[Partial<ReservedSeen>, because: string]>([
    [{ instances: 2 }, 'it holds 2 instances by now'],
    [{ inFlight: 1 }, '1 evacuations of other hosts are on their way to it'],
    [{ status: 'disabled' }, 'it is disabled already'],
    [{ status: null }, 'Nova no longer knows it'],
    [{ halted: 'salvor is in observe mode' }, 'salvor is in observe mode'],
    [{ theirs: 'it has failed itself since' }, 'it has failed itself since'],
  ])('but is left, with a word, at %j', (seen, because) => {
    expect(decided(seen)).toEqual([{ type: 'reserved-host-left', host: 'spare-1', because, atMs: NOW_MS }]);
  });

  it('only once its answer is there, or will not come', () => {
    const open = { ...use, answer: null, askedAtMs: NOW_MS };
    expect(decided({}, open)).toEqual([]);
    expect(decided({}, open, NOW_MS + seconds(75))).toMatchObject([
      { type: 'reserved-host-answered', act: 'enable', answer: 'unknown', detail: 'no answer was recorded' },
    ]);
  });
});

describe('a reserved host that must be in aggregates', () => {
  const [ssd, gpu] = [
    { id: 1, name: 'ssd' },
    { id: 2, name: 'gpu' },
  ] as const;
  const asked = (act: 'join' | 'part', aggregate: typeof ssd | typeof gpu): ReservedFact => ({
    ...{ type: 'reserved-host-intended', act, aggregate, host: 'spare-1', because: 'why', atMs: NOW_MS },
    ...{ serviceId: 'id-1', reason: 'reserved: rack 2' },
  });
  const told = (act: 'join' | 'part', aggregate: typeof ssd | typeof gpu, answer: Answer) =>
    reservedAnswered('spare-1', { act, aggregate }, answer, NOW_MS);
  const woken = (missing: readonly AggregateRef[]) =>
    decideWake({ instance: 'web-1', wanting, candidates: [], asleep: [{ ...spare, missing }] }, segment, NOW_MS);
  const seen: ReservedSeen = { status: 'disabled', instances: 0, inFlight: 0, halted: null };
  const next = (reserved: ReservedUses, over: Partial<ReservedSeen> = {}) => {
    const use = reserved['spare-1'];
    if (use === undefined) throw new Error('nothing was asked for');
    return decideGiveBack('spare-1', use, { ...seen, ...over }, NOW_MS);
  };
  const joinedBoth = [
    ...[asked('join', ssd), told('join', ssd, accepted)],
    ...[asked('join', gpu), told('join', gpu, unknown)],
  ];

  it('joins them one by one, and is enabled then', () => {
    expect(woken([ssd, gpu])).toMatchObject([{ act: 'join', aggregate: ssd }]);
    expect(woken([])).toMatchObject([{ act: 'enable' }]);
    expect(mayBeWoken({ reserved: made(...joinedBoth) }, 'spare-1', NOW_MS)).toBe(true);
  });

  it('leaves those that it joined, or may have joined, when it is given back', () => {
    const enabled = [...joinedBoth, intended('enable'), answered('enable', accepted)];
    expect(next(made(...enabled), { status: 'enabled' })).toMatchObject([{ act: 'disable' }]);
    const disabled = [...enabled, intended('disable'), answered('disable', accepted)];
    expect(next(made(...disabled))).toMatchObject([{ act: 'part', aggregate: ssd }]);
    const one = [...disabled, asked('part', ssd), told('part', ssd, accepted)];
    expect(next(made(...one))).toMatchObject([{ act: 'part', aggregate: gpu }]);
    expect(toGiveBack({ reserved: made(...one) })).toEqual(['spare-1']);
    const gone: Answer = { ...refused, httpStatus: 404 };
    expect(toGiveBack({ reserved: made(...one, asked('part', gpu), told('part', gpu, gone)) })).toEqual([]);
  });

  it('leaves them too when it was not even enabled', () => {
    const reserved = made(
      asked('join', ssd),
      told('join', ssd, accepted),
      intended('enable'),
      answered('enable', refused),
    );
    expect(toGiveBack({ reserved })).toEqual(['spare-1']);
    expect(next(reserved)).toMatchObject([{ act: 'part', aggregate: ssd }]);
  });

  it('is in none that it was not let into, and is passed over', () => {
    const reserved = made(asked('join', ssd), told('join', ssd, { ...refused, httpStatus: 409 }));
    expect(toGiveBack({ reserved })).toEqual([]);
    expect(mayBeWoken({ reserved }, 'spare-1', NOW_MS)).toBe(false);
  });

  it('is not asked to leave one for ever', () => {
    const unheard = Array.from({ length: 3 }, () => [asked('part', ssd), told('part', ssd, unknown)]).flat();
    const joined = [asked('join', ssd), told('join', ssd, accepted)];
    expect(toGiveBack({ reserved: made(...joined, ...unheard.slice(0, 4)) })).toEqual(['spare-1']);
    expect(toGiveBack({ reserved: made(...joined, ...unheard) })).toEqual([]);
  });

  it('stays in them when Nova does not disable it, with a word', () => {
    const reserved = made(...joinedBoth, intended('disable'), answered('disable', refused));
    const because = 'Nova does not disable it';
    expect(next(reserved, { status: 'enabled' })).toEqual([
      { type: 'reserved-host-left', host: 'spare-1', because, atMs: NOW_MS },
    ]);
    const left: ReservedFact = { type: 'reserved-host-left', host: 'spare-1', because, atMs: NOW_MS };
    expect(toGiveBack({ reserved: reservedAfter(reserved, left) })).toEqual([]);
  });
});

it('an answer for a host that the incident knows nothing of changes nothing', () => {
  expect(reservedAfter({}, answered('enable', accepted))).toEqual({});
});
