import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteReader } from '#shared/adapters/sqlite/reader.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { UsageError } from '../exit.ts';

/** Where to read, from the options that every command has. */
export interface StatePlace {
  readonly stateDir: string;
  readonly stateTable?: string;
  readonly auditTable?: string;
}

/** Reads the state of a pipeline that may be running: of a deployed stack when its tables are named, else of a folder. */
export async function withState<T>(command: Command, read: (state: StateReader) => Promise<T>): Promise<T> {
  const { stateDir, stateTable, auditTable } = command.optsWithGlobals<StatePlace>();
  if (stateTable !== undefined || auditTable !== undefined) return read(await deployed(stateTable, auditTable));
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

async function deployed(stateTable: string | undefined, auditTable: string | undefined): Promise<StateReader> {
  if (stateTable === undefined || auditTable === undefined)
    throw new UsageError('both --state-table and --audit-table are needed: the outputs of the stack name them');
  const { dynamoStore } = await import('#shared/adapters/dynamodb/state-store.ts');
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return dynamoStore({ client: new DynamoDBClient({}), stateTable, auditTable });
}
