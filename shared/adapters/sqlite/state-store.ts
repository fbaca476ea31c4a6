import type { DatabaseSync } from 'node:sqlite';
import type { StateStore } from '#shared/ports.ts';
import { checkLimits } from '#shared/state/limits.ts';
import { openDatabase } from './database.ts';
import { outOfOrder } from './errors.ts';
import { groupCommit } from './group-commit.ts';
import { reads } from './reads.ts';
import { writer } from './writes.ts';

const PURGE_EVERY_MS = 60_000;
const ITEMS_PER_PURGE = 500;

export interface SqliteStore extends StateStore {
  /**
   * Forgets up to 500 items whose `expiresAtMs` is at or before `nowMs`, the oldest first. Runs by itself about
   * once a minute while there are writes. The audit log is never purged.
   * @returns how many were forgotten.
   */
  purgeExpired(nowMs: number): number;
  /** Commits what still waits and lets go of the file; harmless to repeat. Every other call after it fails with RetryableError. */
  close(): void;
}

export interface SqliteStoreOptions {
  /** Unix ms; decides what has expired. */
  readonly now?: () => number;
}

/**
 * The state of one site in one file on a local disk, for one process.
 * @param path the file, in a folder that exists, or `:memory:`.
 * @throws PermanentError when another salvor has it open, when a newer salvor wrote it, when it cannot be opened.
 */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): SqliteStore {
  const { database, close } = openDatabase(path);
  const store = sqliteStore(database, options);
  return {
    ...store,
    close: () => {
      store.close();
      close();
    },
  };
}

/** The store on a database that is open and has the schema, and stays open; a program wants `openSqliteStore`. */
export function sqliteStore(database: DatabaseSync, { now = Date.now }: SqliteStoreOptions = {}): SqliteStore {
  const read = reads(database);
  const prepare = writer(database);
  const group = groupCommit(database);
  const expired = database.prepare(
    `DELETE FROM items WHERE rowid IN
       (SELECT rowid FROM items WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ${ITEMS_PER_PURGE})`,
  );
  let purgedAtMs = Number.NEGATIVE_INFINITY;

  const purgeExpired = (nowMs: number): number => Number(working(() => expired.run(nowMs)).changes);

  async function transact(...[writes]: Parameters<StateStore['transact']>): Promise<void> {
    checkLimits(writes);
    const nowMs = now();
    if (nowMs - purgedAtMs >= PURGE_EVERY_MS) {
      purgedAtMs = nowMs;
      purgeExpired(nowMs);
    }
    if (writes.length > 0) await group.submit(prepare(writes));
  }

  return {
    get: async (key) => working(() => read.get(key)),
    query: async (...query) => working(() => read.query(...query)),
    queryAudit: async (...query) => working(() => read.queryAudit(...query)),
    due: async (...range) => working(() => read.due(...range)),
    partitions: async function* (of) {
      yield* working(() => [...read.partitions(of)]);
    },
    transact,
    purgeExpired,
    close: group.flush,
  };
}

/** @throws RetryableError for whatever the engine throws. */
function working<Result>(operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    throw outOfOrder(error);
  }
}
