import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { constants, DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '#shared/adapters/sqlite/database.ts';
import { openSqliteStore, type SqliteStore, sqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { ConflictError, LimitError, PermanentError, RetryableError } from '#shared/errors.ts';
import type { Page, QueryOptions, StateWrite } from '#shared/ports.ts';
import { defineStateStoreContract } from './state-store.ts';

let folder: string;
let path: string;
let opened: SqliteStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salvor-state-'));
  path = join(folder, 'state.db');
  opened = [];
});
afterEach(() => {
  for (const store of opened) store.close();
  rmSync(folder, { recursive: true });
});

function open(...args: Parameters<typeof openSqliteStore>): SqliteStore {
  const store = openSqliteStore(...args);
  opened.push(store);
  return store;
}

const put = (sort: string, body = {}, expiresAtMs?: number): Extract<StateWrite, { kind: 'put' }> => ({
  kind: 'put',
  partition: 'p',
  sort,
  expect: 'absent',
  body,
  ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
});
const append = (sort: string): StateWrite => ({ kind: 'append', partition: 'p', sort, body: {} });

async function allSorts(query: (options: QueryOptions) => Promise<Page>): Promise<string[]> {
  const page = await query({});
  const sorts = page.items.map(({ sort }) => sort);
  for (let after = page.next; after !== undefined; ) {
    const { items, next } = await query({ after });
    sorts.push(...items.map(({ sort }) => sort));
    after = next;
  }
  return sorts;
}

const underTest = (store: SqliteStore) => ({ store, close: () => store.close() });
defineStateStoreContract('SQLite in memory', () => underTest(openSqliteStore(':memory:')), { histories: 200 });
defineStateStoreContract('SQLite in a file', () => underTest(openSqliteStore(path)), { histories: 50 });

describe('a file has one salvor', () => {
  test('a second one is refused, in words, until the first has closed', async () => {
    const first = open(path);
    expect(() => openSqliteStore(path)).toThrow(PermanentError);
    expect(() => openSqliteStore(path)).toThrow(/another salvor runs on this state folder/);
    await first.transact([put('a')]);
    first.close();
    expect(await open(path).get({ partition: 'p', sort: 'a' })).toMatchObject({ version: 1 });
  });

  test('a second one by another name of the file is refused too', () => {
    open(path);
    symlinkSync(path, join(folder, 'other.db'));
    expect(() => openSqliteStore(join(folder, 'other.db'))).toThrow(/another salvor/);
  });

  test('another program may read it meanwhile', async () => {
    const store = open(path);
    await store.transact([put('a'), append('a')]);
    const reader = new DatabaseSync(path, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS records FROM audit').get()).toEqual({ records: 1 });
    reader.close();
  });

  test('a folder that does not exist is named', () => {
    expect(() => openSqliteStore(join(folder, 'no', 'state.db'))).toThrow(/cannot lock the state file .*no.state\.db/);
  });

  test('what a newer salvor wrote is left alone', () => {
    open(path).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openSqliteStore(path)).toThrow(/a newer salvor wrote .*schema 99/);
  });

  test('a file that is no database is refused, and its lock let go', () => {
    writeFileSync(path, 'no database '.repeat(1000));
    expect(() => openSqliteStore(path)).toThrow(PermanentError);
    rmSync(path);
    open(path);
  });
});

describe('a killed process', () => {
  /** Starts a writer, kills it after some acknowledgements, returns all that it acknowledged. */
  async function killedAfter(acknowledgements: number, run: string): Promise<string[]> {
    const writer = fileURLToPath(new URL('./sqlite-writer.ts', import.meta.url));
    const child = spawn(process.execPath, [writer, path, run], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const name of createInterface(child.stdout)) {
      acknowledged.push(name);
      if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    return acknowledged;
  }

  test('loses nothing that it acknowledged, leaves nothing half, and no lock', { timeout: 60_000 }, async () => {
    const acknowledged: string[] = [];
    for (const [run, count] of [1, 57, 400, 1500].entries()) {
      acknowledged.push(...(await killedAfter(count, `run${run}`)));
      const store = open(path);
      const items = await allSorts((options) => store.query('written', options));
      const audit = await allSorts((options) => store.queryAudit('written', options));
      expect(audit).toEqual(items);
      expect(acknowledged.filter((name) => !items.includes(name))).toEqual([]);
      store.close();
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(1 + 57 + 400 + 1500);
  });
});

describe('transactions in one group', () => {
  test('each fails for itself', async () => {
    const store = open(path);
    const outcomes = await Promise.allSettled([
      store.transact([put('a')]),
      store.transact([put('b'), put('a')]),
      store.transact([put('c'), { ...put('d'), sort: '' }]),
      store.transact([put('e')]),
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
    const store = open(path);
    const written = store.transact([put('a')]);
    expect(await store.get({ partition: 'p', sort: 'a' })).toBeUndefined();
    await written;
    expect(await store.get({ partition: 'p', sort: 'a' })).toBeDefined();
  });

  test('what waits when the store closes is committed', async () => {
    const store = open(path);
    const written = Promise.all([store.transact([put('a')]), store.transact([put('b')])]);
    store.close();
    await written;
    expect(await allSorts((options) => open(path).query('p', options))).toEqual(['a', 'b']);
  });

  test('a closed store is out of reach', async () => {
    const store = open(path);
    store.close();
    await expect(store.transact([put('a')])).rejects.toThrow(RetryableError);
    await expect(store.get({ partition: 'p', sort: 'a' })).rejects.toThrow(RetryableError);
  });

  test('more than one group can hold are all committed', async () => {
    const store = open(path);
    const names = Array.from({ length: 700 }, (_, index) => String(index).padStart(3, '0'));
    await Promise.all(names.map((name) => store.transact([put(name)])));
    expect(await allSorts((options) => store.query('p', options))).toEqual(names);
  });

  test('a failure of the engine fails the whole group, and nothing of it stays open', async () => {
    const { database, close } = openDatabase(path);
    const store = sqliteStore(database);
    await store.transact([put('a')]);
    const deny: Parameters<DatabaseSync['setAuthorizer']>[0] = (action) =>
      action === constants.SQLITE_UPDATE ? constants.SQLITE_DENY : constants.SQLITE_OK;
    database.setAuthorizer(deny);
    const outcomes = await Promise.allSettled([
      store.transact([put('b')]),
      store.transact([{ ...put('a'), expect: 1 }]),
      store.transact([put('c')]),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RetryableError) });
    database.setAuthorizer(null);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['a']);
    await store.transact([put('d')]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['a', 'd']);
    close();
  });

  test('a full disk fails the whole group, and the store works again when there is room', async () => {
    const { database, close } = openDatabase(path);
    const store = sqliteStore(database);
    await store.transact([put('before')]);
    database.exec('PRAGMA max_page_count = 40');
    const filler = { filler: 'x'.repeat(100_000) };
    const outcomes = await Promise.allSettled([
      store.transact([put('small')]),
      store.transact([put('large'), put('larger', filler), put('largest', filler)]),
      store.transact([put('behind')]),
      store.transact([put('before')]),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(RetryableError) });
    expect(await allSorts((options) => store.query('p', options))).toEqual(['before']);

    database.exec('PRAGMA max_page_count = 100000');
    await store.transact([put('small'), put('large', filler)]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['before', 'large', 'small']);
    close();
  });
});

describe('what has expired', () => {
  const DAY_MS = 86_400_000;

  test('is forgotten on demand, and nothing else', async () => {
    const store = open(path, { now: () => 0 });
    await store.transact([put('now', {}, DAY_MS), put('later', {}, DAY_MS + 1), put('never'), append('now')]);
    expect(store.purgeExpired(DAY_MS)).toBe(1);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['later', 'never']);
    expect(await allSorts((options) => store.queryAudit('p', options))).toEqual(['now']);
  });

  test('is forgotten with a later write', async () => {
    let nowMs = 0;
    const store = open(path, { now: () => nowMs });
    await store.transact([put('a', {}, DAY_MS)]);
    nowMs = DAY_MS;
    await store.transact([put('b')]);
    expect(await allSorts((options) => store.query('p', options))).toEqual(['b']);
  });

  test('leaves the rest for the next time when there is much', async () => {
    const store = open(path, { now: () => 0 });
    for (let batch = 0; batch < 6; batch += 1)
      await store.transact(Array.from({ length: 100 }, (_, index) => put(`${batch}-${index}`, {}, 1)));
    expect([store.purgeExpired(1), store.purgeExpired(1), store.purgeExpired(1)]).toEqual([500, 100, 0]);
  });
});

test('the audit log cannot be changed by a statement either', async () => {
  const { database, close } = openDatabase(path);
  await sqliteStore(database).transact([append('a')]);
  expect(() => database.exec("UPDATE audit SET body = '{}'")).toThrow(/never changed/);
  expect(() => database.exec('DELETE FROM audit')).toThrow(/never deleted/);
  close();
});

test('commits are flushed to disk', () => {
  const { database, close } = openDatabase(path);
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  close();
});
