import { describe, expect, it } from 'vitest';
import { isRunning, recordMigration, relevantMigrations } from '#shared/domain/seen.ts';
import { aMigration } from '#test/support/builders.ts';

describe('of an instance', () => {
  it('a migration is recorded without what the stream says', () => {
    expect(recordMigration(aMigration({ id: 7, status: 'failed' }))).toEqual({
      id: 7,
      sourceHost: 'compute-1',
      destinationHost: 'compute-2',
      status: 'failed',
    });
  });

  it('the three newest evacuations count, all that run, and those to where it is now, in the order of Nova', () => {
    const migrations = [
      aMigration({ id: 5 }),
      aMigration({ id: 1, status: 'accepted' }),
      aMigration({ id: 3, destinationHost: null }),
      aMigration({ id: 2, destinationHost: 'compute-9' }),
      aMigration({ id: 4 }),
      aMigration({ id: 0, destinationHost: null }),
    ];
    const ids = (nowOn: string | null) => relevantMigrations(migrations, nowOn).map(({ id }) => id);
    expect(ids(null)).toEqual([5, 1, 3, 4]);
    expect(ids('compute-9')).toEqual([5, 1, 3, 2, 4]);
  });

  it.each([
    ['done', false],
    ['completed', false],
    ['failed', false],
    ['error', false],
    ['cancelled', false],
    ['accepted', true],
    ['pre-migrating', true],
    ['running', true],
  ])('a migration that is %s is worked on: %s', (status, running) => {
    expect(isRunning(aMigration({ status }))).toBe(running);
  });
});
