import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteReader } from '#shared/adapters/sqlite/reader.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';

/** Reads the state of a pipeline that may be running. */
export async function withState<T>(stateDir: string, read: (state: StateReader) => Promise<T>): Promise<T> {
  const path = join(stateDir, STATE_FILE);
  if (!existsSync(path))
    throw new PermanentError(`there is no state in ${stateDir}: give the folder of "salvor up" with --state-dir`);
  const reader = openSqliteReader(path);
  try {
    return await read(reader);
  } finally {
    reader.close();
  }
}
