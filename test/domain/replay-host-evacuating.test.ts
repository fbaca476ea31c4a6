import { describe, expect, it } from 'vitest';
import type { HostBasis } from '#shared/domain/basis.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import type { ReplayedTasks } from '#shared/domain/replay/tasks.ts';
import { headsOf } from '#shared/domain/verify.ts';
import { aHostIn, aProof, aTask, NOW_MS, SERVICE_ID, seconds } from '#test/support/builders.ts';
import { at, chance, decideAgain } from '#test/support/decide-again.ts';
import { FACTS } from '#test/support/host-facts.ts';

const tasksOf = (...tasks: readonly ReturnType<typeof aTask>[]): ReplayedTasks => ({
  decisions: [],
  before: ({ seq }) => (seq === 5 ? tasks : []),
  atEnd: () => tasks,
});

describe('decided again, forcing the service down', () => {
  const forcingDown = (service?: { state: 'up' | 'down'; forcedDown: boolean } | null): HostBasis => ({
    by: 'forcing-down',
    ...chance,
    ...(service === undefined ? {} : { service }),
  });
  const answered = FACTS['force-down-answered'];
  const host = aHostIn('forcing-down');

  it.each<[string, HostState, HostBasis, readonly HostFact[], readonly object[]]>([
    ['is over in another status', aHostIn('planning'), forcingDown(), [answered], [answered]],
    ['is over in another status, and was not asked for', aHostIn('planning'), forcingDown(), [], []],
    [
      'fails for the reason on record while Nova does not answer',
      host,
      forcingDown(),
      [answered, { ...FACTS['force-down-failed'], because: '503' }],
      [answered, { type: 'force-down-failed', because: '503', retryAtMs: NOW_MS + 3750 }],
    ],
    [
      'is asked for while it is not so',
      host,
      forcingDown({ state: 'down', forcedDown: false }),
      [],
      [{ type: 'force-down-intended', serviceId: SERVICE_ID, dueAtMs: NOW_MS + seconds(30) }],
    ],
    [
      'is asked for when Nova knows no such service',
      host,
      forcingDown(null),
      [],
      [{ type: 'force-down-intended', serviceId: SERVICE_ID, dueAtMs: NOW_MS + seconds(30) }],
    ],
    [
      'is not asked for when it is so already',
      host,
      forcingDown({ state: 'down', forcedDown: true }),
      [],
      [{ type: 'forced-down', state: 'down, forced down', atMs: NOW_MS }],
    ],
    [
      'fails when Nova knows no such service afterwards',
      host,
      forcingDown(null),
      [answered],
      [answered, { type: 'force-down-failed', because: 'Nova knows no such service', retryAtMs: NOW_MS + 3750 }],
    ],
  ])('%s', (_, state, basis, facts, decided) => {
    expect(decideAgain(state, basis, { facts })).toEqual(decided);
  });
});

describe('decided again, the evacuations', () => {
  it('are planned from the tasks that there were then', () => {
    const tasks = tasksOf(aTask('waiting'), aTask('ended'));
    const counts = { instances: 2, toEvacuate: 1, leftAlone: 1 };
    expect(decideAgain(aHostIn('planning'), { by: 'plan', ...at }, { tasks })).toEqual([
      { type: 'planned', ...counts, ...at },
    ]);
    expect(decideAgain(aHostIn('planning'), { by: 'plan', ...at })).toMatchObject([{ instances: 0 }]);
  });

  it('could not be planned for the reason on record', () => {
    const facts = [{ ...FACTS['planning-failed'], because: '503' }];
    expect(decideAgain(aHostIn('planning'), { by: 'plan', ...at }, { facts })).toEqual([
      { type: 'planning-failed', because: '503', retryAtMs: NOW_MS + seconds(5) },
    ]);
  });

  it('go on or not by what Nova said of the service', () => {
    const old = aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(100) }) });
    const basis = { by: 'proof', ...at, service: { forcedDown: true }, waiting: 0 } as const;
    expect(decideAgain(old, basis)).toEqual([]);
    expect(decideAgain(old, { ...basis, waiting: 1 })).toMatchObject([
      { because: 'the proof is 100 s old: the power is read again' },
    ]);
    expect(decideAgain(old, { ...basis, service: null })).toMatchObject([
      { because: 'Nova no longer knows the compute service' },
    ]);
  });

  it.each([
    [aHostIn('evacuating'), 'recovered'],
    [aHostIn('handing-over'), 'recovered'],
    [aHostIn('handing-over', { dismissed: true }), 'dismissed'],
  ] as const)('end with the tasks as they ended', (host, outcome) => {
    const ended = aTask('ended');
    expect(decideAgain(host, { by: 'end', ...at }, { tasks: tasksOf(ended) })).toMatchObject([
      { type: 'incident-closed', outcome, counts: { recovered: 1 }, taskHeads: headsOf([ended]) },
    ]);
  });

  it('end without tasks where there were none', () => {
    expect(decideAgain(aHostIn('evacuating'), { by: 'end', ...at })).toMatchObject([
      { because: 'no instances were on the host', taskHeads: headsOf([]) },
    ]);
  });

  it.each([
    [true, seconds(2)],
    [false, seconds(10)],
  ])('that are in flight, %s, tell how soon a pause looks again', (inFlight, pauseMs) => {
    const facts = [{ ...FACTS.paused, because: 'disarmed by ann' }];
    expect(decideAgain(aHostIn('evacuating'), { by: 'halt', ...at, inFlight }, { facts })).toEqual([
      { type: 'paused', because: 'disarmed by ann', ...at, nextLookAtMs: NOW_MS + pauseMs },
    ]);
  });

  it('pause anew for the same reason: that they went on in between is not on record', () => {
    const because = 'disarmed by ann';
    const host = aHostIn('evacuating', { pausedBy: because });
    const facts = [{ ...FACTS.paused, because }];
    expect(decideAgain(host, { by: 'halt', ...at, inFlight: false }, { facts })).toMatchObject([
      { type: 'paused', because },
    ]);
  });

  it.each(['fencing', 'forcing-down', 'planning', 'evacuating'] as const)('are not begun in a pause: %s', (status) => {
    const facts = [{ ...FACTS.paused, because: 'disarmed by ann' }];
    expect(decideAgain(aHostIn(status), { by: 'halt', ...at, inFlight: false }, { facts })).toMatchObject([
      { type: 'paused', because: 'disarmed by ann' },
    ]);
  });

  it('are handed over when their time is over, and not before', () => {
    const since = (evacuatingSinceMs: number) =>
      decideAgain(aHostIn('evacuating', { evacuatingSinceMs }), { by: 'deadline', ...at });
    expect(since(NOW_MS - seconds(6 * 3600) + 1)).toEqual([]);
    expect(since(NOW_MS - seconds(6 * 3600))).toMatchObject([{ type: 'deadline-passed' }]);
  });
});

describe('decided again, the word of an operator', () => {
  const basis = (askedAtMs: number, hasTasks = false) => ({ by: 'operator', ...at, askedAtMs, hasTasks }) as const;
  const released = { ...FACTS.released, gates: ['reporters'] } as const;

  it('releases the gates that it named', () => {
    expect(decideAgain(aHostIn('held'), basis(NOW_MS), { facts: [released] })).toEqual([released]);
  });

  it.each([
    [false, ['dismissed', 'incident-closed']],
    [true, ['dismissed']],
  ])('dismisses the incident, with tasks: %s', (hasTasks, types) => {
    const decided = decideAgain(aHostIn('held'), basis(NOW_MS, hasTasks), { facts: [FACTS.dismissed] });
    expect(decided.map(({ type }) => type)).toEqual(types);
    expect(decided[0]).toMatchObject({ commandId: FACTS.dismissed.commandId, by: 'ann', reason: 'looked at it' });
  });

  it('is refused when it was too old', () => {
    expect(decideAgain(aHostIn('held'), basis(NOW_MS - seconds(901)), { facts: [released] })).toEqual([]);
  });
});
