import { describe, expect, it } from 'vitest';
import { migrationOf, needsListing, settle } from '#shared/domain/settle.ts';
import type { TaskProgress, TaskState } from '#shared/domain/task.ts';
import type { Migration } from '#shared/ports.ts';
import { aMigration, anAttempt, aSegment, aTask, NOW_MS, seconds } from '#test/support/builders.ts';
import { aSight, type SightStory as Story } from '#test/support/sight.ts';

const segment = aSegment({ evacuation: { settleSeconds: 120, maxAttempts: 3, retryBaseSeconds: 10 } });

const facts = (task: TaskState, story?: Story) => settle(task, aSight(story), segment, 0);
const types = (task: TaskState, story?: Story) => facts(task, story).map(({ type }) => type);
const away = { host: 'compute-2' };
const ago = (count: number): number => NOW_MS - seconds(count);

describe('an accepted evacuation', () => {
  const accepted = aTask('accepted');

  it.each(['accepted', 'pre-migrating', 'queued', 'anything new'])('is waited for while Nova says %s', (status) => {
    expect(facts(accepted, { migrations: [{ status }] })).toEqual([]);
  });

  it.each(['done', 'completed'])('is well once Nova says %s and the instance is on another host', (status) => {
    expect(facts(accepted, { migrations: [{ status }], server: away })).toMatchObject([
      { type: 'task-ended', outcome: 'recovered', because: `its evacuation is ${status}`, destination: 'compute-2' },
    ]);
  });

  it('is not well while Nova says done and the host has not changed', () => {
    expect(facts(accepted, { migrations: [{ status: 'done' }] })).toEqual([]);
  });

  it('is decided by nothing but a listing', () => {
    for (const status of ['done', 'failed'])
      expect(facts(accepted, { migrations: [{ status }], listed: false })).toEqual([]);
  });

  it.each(['failed', 'error', 'cancelled'])('that ends as %s is tried again, elsewhere and after a pause', (status) => {
    const story: Story = { migrations: [{ status }], server: { vmState: 'error', fault: 'No space left' } };
    expect(facts(accepted, story)).toEqual([
      {
        type: 'attempt-failed',
        attempt: 1,
        because: `its evacuation ended as ${status}: No space left`,
        destination: 'compute-2',
        retryAtMs: NOW_MS + seconds(5),
      },
    ]);
  });

  it('that failed is not over while a task of Nova still runs on the instance', () => {
    // Seen on a real Nova: an evacuation that is asked for in this moment is lost, and leaves REBUILD for good.
    const story: Story = {
      migrations: [{ status: 'failed' }],
      server: { vmState: 'error', taskState: 'rebuild_spawning' },
    };
    expect(facts(accepted, story)).toEqual([]);
  });

  describe('that found no valid host', () => {
    const fault = 'No valid host was found. There are not enough hosts available.';
    const story: Story = {
      migrations: [{ status: 'error', destinationHost: null }],
      server: { vmState: 'error', fault },
    };
    const noRoom = (over: Partial<TaskState>) => facts(aTask('accepted', {}, over), story);

    it('is asked for again after a pause that grows, and elsewhere', () => {
      const first = noRoom({});
      expect(first).toMatchObject([{ type: 'attempt-failed', noRoom: true, destination: 'compute-2' }]);
      expect(first).toMatchObject([{ because: expect.stringContaining(fault), retryAtMs: NOW_MS + seconds(5) }]);
      expect(noRoom({ roomless: 2 })).toMatchObject([{ retryAtMs: NOW_MS + seconds(20) }]);
    });

    it('does not use up the attempts', () => {
      const attempt = anAttempt({ number: 9 });
      const last = aTask('accepted', { attempt }, { attempts: 9, uncounted: 6, roomless: 6 });
      expect(facts(last, story)).toMatchObject([{ type: 'attempt-failed', attempt: 9, noRoom: true }]);
    });

    it('is an attempt like any other when the fault is of before', () => {
      const running: Story = { ...story, server: { vmState: 'active', fault: null } };
      const [failed] = facts(accepted, running);
      expect(failed).toMatchObject({ type: 'attempt-failed', destination: 'compute-2' });
      expect(failed).not.toHaveProperty('noRoom');
    });
  });

  it('that fails for the last time goes to a person', () => {
    const task = aTask('accepted', { attempt: anAttempt({ number: 3 }) }, { attempts: 3 });
    expect(facts(task, { migrations: [{ status: 'failed' }] })).toMatchObject([
      { type: 'attempt-failed', attempt: 3 },
      { type: 'task-ended', outcome: 'person', because: 'its evacuation ended as failed, after 3 attempts' },
    ]);
  });

  it('of an instance that was deleted meanwhile is over', () => {
    expect(facts(accepted, { migrations: [{ status: 'failed' }], server: null })).toMatchObject([
      { type: 'task-ended', outcome: 'gone', because: 'it was deleted' },
    ]);
  });

  it('of an instance that somebody brought away is over', () => {
    expect(facts(accepted, { migrations: [{ status: 'failed' }], server: { host: 'compute-8' } })).toMatchObject([
      {
        type: 'task-ended',
        outcome: 'gone',
        because: 'it is on compute-8 by now, and salvor did not bring it there',
        destination: 'compute-8',
      },
    ]);
  });

  it('is tried again after longer and longer pauses', () => {
    const pauses = [1, 2, 3].map((number) => {
      const task = aTask('accepted', { attempt: anAttempt({ number }) });
      const [failed] = facts(task, { migrations: [{ status: 'failed' }] });
      return failed?.type === 'attempt-failed' ? failed.retryAtMs - NOW_MS : undefined;
    });
    expect(pauses).toEqual([5, 10, 20].map(seconds));
  });

  it('of somebody else that failed is followed by the first attempt, after the first pause', () => {
    const task = aTask('accepted', { attempt: anAttempt({ number: 0 }) });
    const because = 'its evacuation ended as failed';
    expect(facts(task, { migrations: [{ status: 'failed' }] })).toMatchObject([
      { type: 'attempt-failed', because, retryAtMs: NOW_MS + seconds(5) },
    ]);
  });

  it('whose record has vanished is waited for: nothing says that it is over', () => {
    expect(facts(accepted, { migrations: [] })).toEqual([]);
  });
});

describe('a request without an answer', () => {
  it('is left to its function while that may still have it', () => {
    const migrations = [{ status: 'accepted' }];
    expect(types(aTask('requested', { requestedAtMs: ago(19) }), { migrations })).toEqual([]);
    expect(types(aTask('requested', { requestedAtMs: ago(20) }), { migrations })).toEqual(['found-running']);
    expect(types(aTask('requested', { requestedAtMs: ago(74) }))).toEqual([]);
  });

  it('is unknown after longer than any request may take', () => {
    expect(types(aTask('requested', { requestedAtMs: ago(75) }))).toEqual(['lost-answer']);
  });

  it('is accepted once its migration shows', () => {
    expect(facts(aTask('requested', { requestedAtMs: ago(60) }), { migrations: [{ status: 'accepted' }] })).toEqual([
      { type: 'found-running', migrationId: 1, migrationStatus: 'accepted', atMs: NOW_MS },
    ]);
  });

  it('may have ended well before anybody saw its migration', () => {
    const story: Story = { migrations: [{ status: 'done' }], server: away };
    expect(types(aTask('requested', { requestedAtMs: ago(60) }), story)).toEqual(['found-running', 'task-ended']);
  });
});

describe('a request whose outcome is unknown', () => {
  const unknown = (sinceSeconds: number, progress: Partial<Extract<TaskProgress, { status: 'unknown' }>> = {}) =>
    aTask('unknown', { sinceMs: ago(sinceSeconds), ...progress });

  it('is never tried again before the settle time is over', () => {
    expect(facts(unknown(119))).toEqual([]);
  });

  it('is tried again when no migration has shown by then', () => {
    expect(facts(unknown(120))).toMatchObject([
      { type: 'attempt-failed', destination: null, because: 'no evacuation has shown 120 s after: no answer' },
    ]);
  });

  it('is over when the instance is gone by then', () => {
    expect(facts(unknown(120), { server: null })).toMatchObject([{ type: 'task-ended', outcome: 'gone' }]);
  });

  it.each(['accepted', 'pre-migrating'])('is accepted once its migration shows as %s', (status) => {
    expect(types(unknown(1), { migrations: [{ status }] })).toEqual(['found-running']);
  });

  it('has failed when its migration shows as failed', () => {
    expect(types(unknown(1), { migrations: [{ status: 'failed' }] })).toEqual(['found-running', 'attempt-failed']);
  });

  it('is not told by a migration from before its attempt', () => {
    const attempt = anAttempt({ lastMigrationId: 1 });
    expect(facts(unknown(1, { attempt }), { migrations: [{ status: 'done' }], server: away })).toEqual([]);
  });
});

describe('a grant', () => {
  it('whose message never came is taken back', () => {
    expect(types(aTask('granted', { attempt: anAttempt({ grantedAtMs: ago(30) }) }))).toEqual(['grant-expired']);
    expect(types(aTask('granted', { attempt: anAttempt({ grantedAtMs: ago(29) }) }))).toEqual([]);
  });
});

it.each(['waiting', 'ended'] as const)('a task that is %s is not settled', (status) => {
  expect(facts(aTask(status), { migrations: [{ status: 'failed' }] })).toEqual([]);
});

describe('the migration of an attempt', () => {
  it('is the newest that came after its grant', () => {
    const all = [5, 9, 7].map((id) => aMigration({ id }));
    expect(migrationOf(anAttempt({ lastMigrationId: 4 }), all)?.id).toBe(9);
    expect(migrationOf(anAttempt({ lastMigrationId: 9 }), all)).toBeUndefined();
    expect(migrationOf(anAttempt(), undefined)).toBeUndefined();
  });
});

describe('a listing of the host is asked for', () => {
  const needs = (task: TaskState, migrations: readonly Partial<Migration>[] = []) =>
    needsListing(task, aSight({ migrations }), 120);

  it.each<[boolean, string, TaskState, readonly Partial<Migration>[]]>([
    [true, 'a task may be granted', aTask('waiting'), []],
    [false, 'a task has to wait', aTask('waiting', { notBeforeMs: NOW_MS + 1 }), []],
    [false, 'a grant is on its way', aTask('granted'), []],
    [false, 'a grant is on its way, though somebody else has evacuated it', aTask('granted'), [{ status: 'done' }]],
    [true, 'an evacuation has no record any more', aTask('accepted'), []],
    [true, 'a migration has ended', aTask('accepted'), [{ status: 'failed' }]],
    [false, 'a migration runs', aTask('accepted'), [{ status: 'accepted' }]],
    [true, 'the migration of an open request has ended', aTask('requested'), [{ status: 'done' }]],
    [true, 'the settle time is over', aTask('unknown', { sinceMs: ago(120) }), []],
    [true, 'the migration of an unknown request has ended', aTask('unknown'), [{ status: 'done' }]],
    [false, 'an unknown request settles', aTask('unknown'), []],
    [false, 'all is over', aTask('ended'), [{ status: 'done' }]],
  ])('%s: %s', (expected, _, task, migrations) => {
    expect(needs(task, migrations)).toBe(expected);
  });
});
