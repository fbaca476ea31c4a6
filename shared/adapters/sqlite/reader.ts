import { DatabaseSync } from 'node:sqlite';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { isSqliteError } from './errors.ts';
import { reads } from './reads.ts';

export interface SqliteReader extends StateReader {
  close(): void;
}

/**
 * Reads a state file that another process may be writing: SQLite's log lets both go on.
 * @throws PermanentError when there is no state file at `path`, or it is none of salvor's.
 */
export function openSqliteReader(path: string): SqliteReader {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    const read = reads(database);
    return {
      get: async (key) => read.get(key),
      query: async (...query) => read.query(...query),
      queryAudit: async (...query) => read.queryAudit(...query),
      due: async (...range) => read.due(...range),
      partitions: async function* (of) {
        yield* read.partitions(of);
      },
      close: () => database.close(),
    };
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause;
    throw new PermanentError(`cannot read the state file ${path}: ${cause.message}`, { cause });
  }
}
