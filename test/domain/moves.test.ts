import { describe, expect, it } from 'vitest';
import { decideMoveAnswer, moveEnded } from '#shared/domain/move-ends.ts';
import {
  evolveMove,
  type Move,
  type MoveSight,
  migrationOfMove,
  moveAnswered,
  newestMigrationId,
  settleMove,
} from '#shared/domain/moves.ts';
import { aHost, aMigration, aPolicy, INSTANCE_ID, NOW_MS, seconds } from '#test/support/builders.ts';
import { aMaintenance, aMove, aReturn } from '#test/support/returns.ts';

const LIMITS = { settleSeconds: 120, moveTimeoutSeconds: 3600 };
const settle = (
  move: Partial<Move>,
  server: Partial<NonNullable<MoveSight['server']>> | null,
  status?: string,
  ageSeconds = 20,
) =>
  settleMove(
    aMove({ intendedAtMs: NOW_MS - seconds(ageSeconds), ...move }),
    {
      instanceId: INSTANCE_ID,
      server: server && { host: 'compute-1', taskState: null, ...server },
      migration: status === undefined ? null : { id: 8, status },
    },
    LIMITS,
    NOW_MS,
  );

describe('what has become of a live migration', () => {
  it.each([
    ['it is elsewhere', {}, { host: 'compute-3' }, undefined, { outcome: 'moved', host: 'compute-3' }],
    ['it was deleted', {}, null, undefined, { outcome: 'gone', host: null }],
    ['it is on no host', {}, { host: null }, undefined, { outcome: 'gone' }],
    ['its migration failed', {}, {}, 'error', { outcome: 'failed', because: 'its live migration ended as error' }],
    ['it ended where it was', {}, {}, 'completed', { outcome: 'failed' }],
  ] as const)('is told when %s', (_, move, server, status, become) => {
    expect(settle(move, server, status)).toMatchObject(become);
  });

  it.each([
    ['runs by its task', {}, { taskState: 'migrating' }, undefined, 'running'],
    ['runs by its record', {}, {}, 'running', 'running'],
    ['has another task', {}, { taskState: 'image_snapshot' }, undefined, 'waits'],
    [
      'has not ended while its task goes on elsewhere',
      {},
      { host: 'compute-2', taskState: 'migrating' },
      undefined,
      'running',
    ],
  ] as const)('is not told while it %s', (_, move, server, status, become) => {
    expect(settle(move, server, status)).toBe(become);
  });

  it.each([
    ['accepted', 9, 10],
    ['none', 119, 120],
    ['unknown', 119, 120],
  ] as const)('that has left no trace and whose answer is %s: not before its time', (answer, waits, fails) => {
    expect(settle({ answer }, {}, undefined, waits)).toBe('waits');
    expect(settle({ answer }, {}, undefined, fails)).toMatchObject({ outcome: 'failed' });
  });

  it('that was seen to run and left no trace has failed', () => {
    expect(settle({ answer: 'found' }, {}, undefined, 1)).toMatchObject({ outcome: 'failed' });
  });

  it('is left to Nova when it takes too long', () => {
    expect(settle({}, { taskState: 'migrating' }, undefined, 3600)).toBe('running');
    expect(settle({}, { taskState: 'migrating' }, undefined, 3601)).toMatchObject({ outcome: 'left' });
    expect(settle({}, {}, 'running', 3601)).toMatchObject({ outcome: 'left', because: 'it is running for 3600 s' });
  });
});

it('its migration is the newest after those that were there before', () => {
  const of = (...ids: readonly number[]) => ids.map((id) => aMigration({ id, status: `of ${id}` }));
  expect(migrationOfMove(aMove({ lastMigrationId: 7 }), of(3, 7))).toBeNull();
  expect(migrationOfMove(aMove({ lastMigrationId: 7 }), of(8, 9, 7))).toEqual({ id: 9, status: 'of 9' });
  expect(newestMigrationId(of(3, 9, 4))).toBe(9);
  expect(newestMigrationId([])).toBe(0);
});

describe('its end', () => {
  const limits = { maxAttempts: 3, retryBaseSeconds: 30, retryMaxSeconds: 300 };
  const failed = { outcome: 'failed', because: 'no valid host', host: 'compute-1' } as const;
  const end = (attempts: number, become: Parameters<typeof moveEnded>[2] = failed) =>
    moveEnded('m1', INSTANCE_ID, become, attempts, limits, NOW_MS, 1).retryAtMs;
  it('says when it may be tried again', () => {
    expect([1, 2, 3].map((attempts) => end(attempts))).toEqual([NOW_MS + seconds(30), NOW_MS + seconds(60), null]);
    expect(end(1, { ...failed, outcome: 'gone' })).toBeNull();
  });
});

describe('an answer', () => {
  const policy = aPolicy();
  const refused = moveAnswered('m1', INSTANCE_ID, {
    kind: 'refused',
    httpStatus: 409,
    message: 'Cannot',
    requestId: 'req-1',
    durationMs: 3,
  });
  const decide = (host: Parameters<typeof decideMoveAnswer>[0], answered = refused) =>
    decideMoveAnswer(host, answered, policy, NOW_MS, 1);
  const draining = (overrides: Parameters<typeof aMaintenance<'draining'>>[1] = {}) =>
    aHost({ maintenance: aMaintenance('draining', { moves: { [INSTANCE_ID]: aMove() }, ...overrides }) });

  it('says what it was', () => {
    expect(refused).toMatchObject({ answer: 'refused', detail: '409 Cannot', requestId: 'req-1' });
    expect(moveAnswered('m1', 'i', { kind: 'accepted', requestId: null, durationMs: 1 })).toMatchObject({
      detail: 'accepted',
    });
    expect(moveAnswered('m1', 'i', { kind: 'unknown', error: 'reset', durationMs: 1 })).toMatchObject({
      answer: 'unknown',
      detail: 'reset',
      requestId: null,
    });
  });

  it('that refuses ends it, to be tried again in a drain', () => {
    expect(decide(draining())).toMatchObject([
      { type: 'move-answered' },
      {
        type: 'move-ended',
        outcome: 'failed',
        because: 'Nova refused it: 409 Cannot',
        retryAtMs: NOW_MS + seconds(30),
      },
    ]);
    const often = { attempts: 2, because: '', retryAtMs: NOW_MS, failedAt: [] };
    expect(decide(draining({ tried: { [INSTANCE_ID]: often } }))).toMatchObject([{}, { retryAtMs: null }]);
  });

  it('that refuses is the last of one that goes home', () => {
    const home = aHost({ returning: aReturn('going-home', { id: 'm1', move: aMove() }) });
    expect(decide(home)).toMatchObject([{}, { type: 'move-ended', retryAtMs: null }]);
  });

  it('that comes when nobody waits for it any more is recorded alone', () => {
    for (const host of [aHost(), draining({ id: 'another' }), draining({ moves: {} })])
      expect(decide(host)).toEqual([refused]);
    const accepted = { ...refused, answer: 'accepted' as const };
    expect(decide(draining(), accepted)).toEqual([accepted]);
  });

  it('that is late takes nothing back from one that was found to run', () => {
    const found = aMove({ answer: 'found' });
    expect(evolveMove(found, { ...refused, answer: 'unknown' })).toEqual(found);
    expect(evolveMove(aMove(), refused)).toEqual(aMove());
    expect(evolveMove(null, refused)).toBeNull();
    expect(evolveMove(aMove({ answer: 'none' }), { ...refused, answer: 'accepted' })).toEqual(aMove());
  });
});
