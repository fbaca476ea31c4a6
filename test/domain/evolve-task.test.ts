import { describe, expect, it } from 'vitest';
import { counted, evolveTask, isInFlight, type TaskFact, type TaskProgress } from '#shared/domain/task.ts';
import { anAttempt, aTask, NOW_MS } from '#test/support/builders.ts';

const checks = { seenAtMs: 0, forcedDown: true, vmState: 'active', taskState: null, inFlight: 1, inFlightLimit: 5 };
const answered: TaskFact & { type: 'evacuate-answered' } = {
  type: 'evacuate-answered',
  attempt: 1,
  answer: 'accepted',
  detail: '',
  httpStatus: 200,
  requestId: null,
  durationMs: 1,
  atMs: NOW_MS,
  retryAtMs: 0,
  blamesDestination: false,
};
const FACTS = {
  granted: { type: 'granted', attempt: anAttempt(), checks },
  'grant-expired': { type: 'grant-expired', because: 'late', atMs: NOW_MS },
  'evacuate-intended': {
    type: 'evacuate-intended',
    attempt: 1,
    way: 'as-it-was',
    destination: null,
    proofReadAtMs: 0,
    atMs: NOW_MS,
  },
  'found-running': { type: 'found-running', migrationId: 1, migrationStatus: 'accepted', atMs: NOW_MS },
  'lost-answer': { type: 'lost-answer', because: 'died', atMs: NOW_MS },
  'task-waits': { type: 'task-waits', for: 'tier', because: 'tier 1 must be up first', atMs: NOW_MS },
  'no-room': { type: 'no-room', because: 'no host has room', places: 0, retryAtMs: 9, atMs: NOW_MS },
  'attempt-failed': { type: 'attempt-failed', attempt: 1, because: 'failed', destination: 'compute-2', retryAtMs: 9 },
  'task-ended': { type: 'task-ended', outcome: 'gone', because: 'deleted', destination: null, atMs: NOW_MS },
} as const satisfies Partial<Record<TaskFact['type'], TaskFact>>;
type Moving = keyof typeof FACTS;

const STATUSES = ['waiting', 'granted', 'requested', 'accepted', 'unknown', 'ended'] as const;
/** What each fact makes of each status it may follow from; from all others it is a defect. */
const MOVES: Readonly<Record<Moving, Partial<Record<TaskProgress['status'], TaskProgress['status']>>>> = {
  granted: { waiting: 'granted' },
  'grant-expired': { granted: 'waiting' },
  'evacuate-intended': { granted: 'requested' },
  'found-running': { requested: 'accepted', unknown: 'accepted' },
  'lost-answer': { requested: 'unknown' },
  'task-waits': { waiting: 'waiting' },
  'no-room': { waiting: 'waiting' },
  'attempt-failed': { accepted: 'waiting', unknown: 'waiting' },
  'task-ended': { waiting: 'ended', granted: 'ended', requested: 'ended', accepted: 'ended', unknown: 'ended' },
};
const all = (Object.keys(FACTS) as Moving[]).flatMap((fact) =>
  STATUSES.map((from) => ({ fact, from, to: MOVES[fact][from] ?? 'a defect' })),
);

describe('a task', () => {
  it.each(all)('$from, $fact: $to', ({ fact, from, to }) => {
    const evolve = () => evolveTask(aTask(from), FACTS[fact]).progress.status;
    if (to === 'a defect') expect(evolve).toThrow(new RegExp(`^task of \\S+ (is|has) ${from}`));
    else expect(evolve()).toBe(to);
  });

  it.each(STATUSES)('%s: what was planned and what came of a reset are only recorded', (status) => {
    const task = aTask(status);
    const { vmState, taskState } = checks;
    const seen = { instanceId: task.instanceId, name: task.name, vmState, taskState, locked: false };
    expect(evolveTask(task, { type: 'task-planned', ...seen, decision: 'evacuate', because: '' })).toBe(task);
    expect(evolveTask(task, { type: 'reset-answered', answer: 'accepted', requestId: null, durationMs: 1 })).toBe(task);
  });

  it.each(STATUSES)('is in flight only from its grant to its end: %s', (status) => {
    expect(isInFlight(aTask(status))).toBe(status !== 'waiting' && status !== 'ended');
  });
});

describe('attempts', () => {
  it.each([
    [0, 0],
    [429, 0],
    [409, 1],
  ])('after a refusal with status %i count %i', (httpStatus, attempts) => {
    const refused = evolveTask(aTask('requested'), { ...answered, answer: 'refused', httpStatus });
    expect(refused).toMatchObject({ attempts, progress: { status: 'waiting' } });
  });

  it('count when they are granted, and not when nothing was asked of Nova', () => {
    const granted = evolveTask(aTask('waiting', {}, { attempts: 2 }), {
      ...FACTS.granted,
      attempt: anAttempt({ number: 3 }),
    });
    expect(granted.attempts).toBe(3);
    expect(evolveTask(granted, FACTS['grant-expired']).attempts).toBe(2);
  });

  it('that failed are not sent to the same destination again', () => {
    expect(evolveTask(aTask('accepted'), FACTS['attempt-failed']).failedAt).toEqual(['compute-2']);
    const twice = evolveTask(aTask('accepted', {}, { failedAt: ['compute-2'] }), FACTS['attempt-failed']);
    expect(twice.failedAt).toEqual(['compute-2']);
    const nowhere = evolveTask(aTask('accepted'), { ...FACTS['attempt-failed'], destination: null });
    expect(nowhere.failedAt).toEqual([]);
  });
});

describe('no room', () => {
  const nowhere = FACTS['no-room'];
  const refusal = { ...FACTS['attempt-failed'], noRoom: true } as const;

  it('is why it waits, in plain sight', () => {
    const { progress } = evolveTask(aTask('waiting'), nowhere);
    expect(progress).toEqual({
      status: 'waiting',
      for: 'room',
      because: 'no host has room',
      notBeforeMs: 9,
      places: 0,
    });
    expect(evolveTask(aTask('accepted'), refusal).progress).toMatchObject({ status: 'waiting', for: 'room' });
  });

  it('that Nova finds does not count as an attempt, nor as a failure of the host', () => {
    const refused = evolveTask(aTask('accepted', {}, { attempts: 3 }), refusal);
    expect(refused).toMatchObject({ attempts: 3, uncounted: 1, roomless: 1, refusedBy: ['compute-2'], failedAt: [] });
    expect(counted(refused)).toBe(2);
    expect(evolveTask({ ...refused, progress: aTask('accepted').progress }, refusal)).toMatchObject({
      ...{ uncounted: 2, roomless: 2, refusedBy: ['compute-2'] },
    });
  });

  it('keeps how much there was when it was asked for, to tell when there is more', () => {
    const attempt = anAttempt({ places: 4 });
    expect(evolveTask(aTask('accepted', { attempt }), refusal).progress).toMatchObject({ for: 'room', places: 4 });
  });

  it('anywhere lets all hosts be asked for anew once its pause is over, and not before', () => {
    const refusedBy = ['compute-2', 'compute-3'];
    const roomless = evolveTask(aTask('waiting', {}, { refusedBy, roomless: 2 }), nowhere);
    expect(roomless).toMatchObject({ refusedBy, refusedAll: true, roomless: 3, attempts: 0 });
    const byScheduler = { ...refusal, destination: null };
    const refused = evolveTask(aTask('accepted', {}, { refusedBy, failedAt: ['compute-4'] }), byScheduler);
    expect(refused).toMatchObject({ refusedBy, refusedAll: true, failedAt: ['compute-4'] });
    const grantedAt = (grantedAtMs: number) =>
      evolveTask(roomless, { ...FACTS.granted, attempt: anAttempt({ grantedAtMs }) });
    expect(grantedAt(8)).toMatchObject({ refusedBy, refusedAll: true });
    expect(grantedAt(9)).toMatchObject({ refusedBy: [] });
    expect(grantedAt(9)).not.toHaveProperty('refusedAll');
    expect(evolveTask(roomless, { ...nowhere, atMs: 9 })).toMatchObject({ refusedBy: [], refusedAll: true });
  });
});

describe('an answer', () => {
  it.each([
    ['accepted', 'accepted'],
    ['unknown', 'unknown'],
    ['refused', 'waiting'],
  ] as const)('of %s to the request makes it %s', (answer, status) => {
    expect(evolveTask(aTask('requested'), { ...answered, answer }).progress.status).toBe(status);
  });

  it.each(['waiting', 'granted', 'accepted', 'unknown', 'ended'] as const)(
    'that comes when it is %s is only recorded',
    (status) => {
      const task = aTask(status);
      for (const answer of ['accepted', 'unknown', 'refused'] as const)
        expect(evolveTask(task, { ...answered, answer })).toEqual(task);
    },
  );

  it('to an earlier attempt, which was given up, is only recorded: another request is under way', () => {
    const task = aTask('requested', { attempt: anAttempt({ number: 2 }) });
    expect(evolveTask(task, { ...answered, answer: 'refused' })).toEqual(task);
  });
});
