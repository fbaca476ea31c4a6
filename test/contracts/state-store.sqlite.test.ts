import { constants, type DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '#shared/adapters/sqlite/database.ts';
import { openSqliteStore, type SqliteStore, sqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { ConflictError, LimitError, PermanentError, RetryableError } from '#shared/errors.ts';
import { load } from '#shared/state/items.ts';
import { stateFolder } from './sqlite-folder.ts';
import { allSorts, append, put } from './state-store/support.ts';
import { defineStateStoreContract } from './state-store.ts';

const folder = stateFolder();

const underTest = (store: SqliteStore) => ({ store, close: () => store.close() });
defineStateStoreContract('SQLite in memory', () => underTest(openSqliteStore(':memory:')), { histories: 200 });
defineStateStoreContract('SQLite in a file', () => underTest(openSqliteStore(folder.file())), { histories: 50 });

describe('transactions in one group', () => {
  test('each fails for itself', async () => {
    const store = folder.open();
    const outcomes = await Promise.allSettled([
      store.transact([put('a', 'absent')]),
      store.transact([put('b', 'absent'), put('a', 'absent')]),
      store.transact([put('c', 'absent'), put('', 'absent')]),
      store.transact([put('e', 'absent')]),
    ]);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.constructor : 'done'))).toEqual([
      'done',
      ConflictError,
      LimitError,
      'done',
    ]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['a', 'e']);
  });

  test('nothing is read before it is committed', async () => {
    const store = folder.open();
    const written = store.transact([put('a', 'absent')]);
    expect(await store.get({ partition: 'p', sort: 'a' })).toBeUndefined();
    await written;
    expect(await store.get({ partition: 'p', sort: 'a' })).toBeDefined();
  });

  test('what waits when the store closes is committed', async () => {
    const store = folder.open();
    const written = Promise.all([store.transact([put('a', 'absent')]), store.transact([put('b', 'absent')])]);
    store.close();
    await written;
    const reopened = folder.open();
    expect(await allSorts((options) => reopened.query('p', options))).toEqual(['a', 'b']);
  });

  test('a closed store is out of reach', async () => {
    const store = folder.open();
    store.close();
    await expect(store.transact([put('a', 'absent')])).rejects.toThrow(RetryableError);
    await expect(store.get({ partition: 'p', sort: 'a' })).rejects.toThrow(RetryableError);
  });

  test('more than one group can hold are all committed', async () => {
    const store = folder.open();
    const names = Array.from({ length: 700 }, (_, index) => String(index).padStart(3, '0'));
    await Promise.all(names.map((name) => store.transact([put(name, 'absent')])));
    expect(await allSorts((options) => store.query('p', options))).toEqual(names);
  });

  test('a failure of the engine fails the whole group, and nothing of it stays open', async () => {
    const { database, close } = openDatabase(folder.file());
    const store = sqliteStore(database);
    await store.transact([put('a', 'absent')]);
    const deny: Parameters<DatabaseSync['setAuthorizer']>[0] = (action) =>
      action === constants.SQLITE_UPDATE ? constants.SQLITE_DENY : constants.SQLITE_OK;
    database.setAuthorizer(deny);
    const outcomes = await Promise.allSettled([
      store.transact([put('b', 'absent')]),
      store.transact([put('a', 1)]),
      store.transact([put('c', 'absent')]),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RetryableError) });
    database.setAuthorizer(null);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['a']);
    await store.transact([put('d', 'absent')]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['a', 'd']);
    close();
  });

  test('a full disk fails the whole group, and the store works again when there is room', async () => {
    const { database, close } = openDatabase(folder.file());
    const store = sqliteStore(database);
    await store.transact([put('before', 'absent')]);
    database.exec('PRAGMA max_page_count = 40');
    const filler = { filler: 'x'.repeat(100_000) };
    const outcomes = await Promise.allSettled([
      store.transact([put('small', 'absent')]),
      store.transact([put('large', 'absent'), put('larger', 'absent', filler), put('largest', 'absent', filler)]),
      store.transact([put('behind', 'absent')]),
      store.transact([put('before', 'absent')]),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RetryableError) });
    expect(await allSorts((options) => store.query('p', options))).toEqual(['before']);

    database.exec('PRAGMA max_page_count = 100000');
    await store.transact([put('small', 'absent'), put('large', 'absent', filler)]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['before', 'large', 'small']);
    close();
  });
});

describe('what has expired', () => {
  const DAY_MS = 86_400_000;

  test('is forgotten on demand, and nothing else', async () => {
    const store = folder.open({ now: () => 0 });
    await store.transact([
      put('now', 'absent', {}, { expiresAtMs: DAY_MS }),
      put('later', 'absent', {}, { expiresAtMs: DAY_MS + 1 }),
      put('never', 'absent'),
      append('now'),
    ]);
    expect(store.purgeExpired(DAY_MS)).toBe(1);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['later', 'never']);
    expect(await allSorts((options) => store.queryAudit('p', options))).toEqual(['now']);
  });

  test('is forgotten with a later write', async () => {
    let nowMs = 0;
    const store = folder.open({ now: () => nowMs });
    await store.transact([put('a', 'absent', {}, { expiresAtMs: DAY_MS })]);
    nowMs = DAY_MS;
    await store.transact([put('b', 'absent')]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['b']);
  });

  test('leaves the rest for the next time when there is much', async () => {
    const store = folder.open({ now: () => 0 });
    for (let batch = 0; batch < 6; batch += 1)
      await store.transact(
        Array.from({ length: 100 }, (_, index) => put(`${batch}-${index}`, 'absent', {}, { expiresAtMs: 1 })),
      );
    expect([store.purgeExpired(1), store.purgeExpired(1), store.purgeExpired(1)]).toEqual([500, 100, 0]);
  });
});

test('the audit log cannot be changed by a statement either', async () => {
  const { database, close } = openDatabase(folder.file());
  await sqliteStore(database).transact([append('a')]);
  expect(() => database.exec("UPDATE audit SET body = '{}'")).toThrow(/never changed/);
  expect(() => database.exec('DELETE FROM audit')).toThrow(/never deleted/);
  close();
});

test('commits are flushed to disk', () => {
  const { database, close } = openDatabase(folder.file());
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  close();
});

test('an item that somebody has made unreadable is no form of ours, and the others are as they were', async () => {
  const { database, close } = openDatabase(folder.file());
  const store = sqliteStore(database);
  await store.transact([put('a', 'absent'), put('b', 'absent')]);
  database.exec("UPDATE items SET body = 'not {JSON' WHERE sort = 'a'");
  const { items } = await store.query('p');
  expect(items.map(({ sort }) => sort)).toEqual(['a', 'b']);
  expect(items[0]?.body).toEqual({ unreadable: 'not {JSON' });
  await expect(load(store, { partition: 'p', sort: 'a' })).rejects.toThrow(PermanentError);
  close();
});

test('a record of the log that somebody has made unreadable is one that nothing fits, and the rest is as it was', async () => {
  const { database, close } = openDatabase(folder.file());
  const store = sqliteStore(database);
  await store.transact([append('a'), append('b')]);
  const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  database.exec("UPDATE audit SET body = 'not {JSON' WHERE sort = 'a'");
  const { items } = await store.queryAudit('p');
  expect(items.map(({ sort }) => sort)).toEqual(['a', 'b']);
  expect(items[0]?.body).toEqual({ unreadable: 'not {JSON' });
  close();
});
