import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from '#shared/adapters/sqlite/state-store.ts';

export interface StateFolder {
  /** A file of the folder; `state.db` is the store's. */
  file(name?: string): string;
  /** Opens the store; it is closed after the test. */
  open(options?: SqliteStoreOptions): SqliteStore;
}

/** A new folder for each test of the file that calls this. */
export function stateFolder(): StateFolder {
  let folder: string;
  let opened: SqliteStore[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'salvor-state-'));
    opened = [];
  });
  afterEach(() => {
    for (const store of opened) store.close();
    rmSync(folder, { recursive: true });
  });
  const file = (name = 'state.db'): string => join(folder, name);
  return {
    file,
    open: (options) => {
      const store = openSqliteStore(file(), options);
      opened.push(store);
      return store;
    },
  };
}
